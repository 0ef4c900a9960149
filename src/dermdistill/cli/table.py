"""Results as plain text for the terminal, and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence

from dermdistill.evaluation.results import Estimate, Evaluation

_COLUMNS = ("model", "images", "melanoma", "AUC [95 % interval]", "sens. at 90 % spec.", "Brier", "ECE")


def results_table(results: Mapping[str, Evaluation]) -> str:
    """One row a model, columns aligned."""
    rows = [
        (
            name,
            str(result.n_images),
            str(result.n_melanoma),
            _with_interval(result.auc),
            _with_interval(result.sensitivity_at_specificity["0.90"]),
            _figure(result.brier.value),
            _figure(result.ece.value),
        )
        for name, result in results.items()
    ]
    return align([_COLUMNS, *rows])


def results_json(results: Mapping[str, Evaluation]) -> str:
    """Every figure of every model."""
    return json.dumps({name: result.model_dump(mode="json") for name, result in results.items()}, indent=2)


def align(rows: Sequence[Sequence[str]]) -> str:
    """Rows of equal length as text: first column left, the others right; the first row is the header."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _with_interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return _figure(estimate.value)
    return f"{_figure(estimate.value)} [{estimate.low:.3f}, {estimate.high:.3f}]"
