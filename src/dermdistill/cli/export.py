"""What ``dermdistill export`` does and prints."""

import json
from collections.abc import Sequence
from pathlib import Path

from dermdistill.cli.results import figure, with_interval
from dermdistill.columns import align
from dermdistill.digits import rounded
from dermdistill.evaluation.estimates import Estimate
from dermdistill.export.parity import Parity, PointParity
from dermdistill.pipeline.export import export
from dermdistill.runs import RunFolder

_POINTS = ("operating point", "threshold", "sensitivity", "specificity", "decisions changed")


def export_and_print(
    run: Path,
    *,
    model: str | None,
    data: Sequence[str],
    int8: bool,
    tolerance: float,
    other_pictures: Sequence[Path],
    out: Path | None,
    as_json: bool,
) -> None:
    """Write the files and print how they compare; arguments and errors as ``pipeline.export.export``."""
    written = export(
        RunFolder(run),
        model=model,
        data=data,
        int8=int8,
        int8_tolerance=tolerance,
        other_pictures=other_pictures,
        out=out,
    )
    if as_json:
        content = {str(each.path): each.parity.model_dump(mode="json") for each in written}
        print(json.dumps(rounded(content), indent=2))
    else:
        print("\n\n".join(parity_text(str(each.path), each.parity) for each in written))


def parity_text(path: str, parity: Parity) -> str:
    """A file beside what it was made from, on the test images of its run, for a person to read."""
    facts = [
        ("size", f"{parity.bytes:,} bytes"),
        (
            "largest change of P(melanoma)",
            f"{parity.largest_difference:.2g} (tolerance {parity.tolerance:g})",
        ),
        ("largest change of any class", f"{parity.largest_of_any_class:.2g}"),
        ("change by its own resize", f"{parity.resize_difference:.2g}"),
        ("AUC [95 % interval]", with_interval(parity.auc_after)),
        ("change of AUC", _signed_with_interval(parity.delta_auc)),
        ("ECE", figure(parity.ece_after)),
    ]
    longest = max(len(name) for name, _ in facts)
    lines = [f"  {name:<{longest}}  {value}" for name, value in facts]
    head = f"{path}\n{parity.after} compared with {parity.before}, on {parity.images} test images"
    return "\n".join([head, *lines]) + "\n\n" + align([_POINTS, *map(_point, parity.points)])


def _point(point: PointParity) -> tuple[str, ...]:
    return (
        point.name,
        "-" if point.threshold_after is None else f"{point.threshold_after:.4f}",
        f"{figure(point.sensitivity_before)} -> {figure(point.sensitivity_after)}",
        f"{figure(point.specificity_before)} -> {figure(point.specificity_after)}",
        str(point.changed),
    )


def _signed_with_interval(estimate: Estimate) -> str:
    if estimate.value is None:
        return "-"
    # A difference of nothing must not read -0.0000.
    shown = f"{round(estimate.value, 4) + 0.0:.4f}"
    if estimate.low is None or estimate.high is None:
        return shown
    return f"{shown} [{round(estimate.low, 4) + 0.0:.4f}, {round(estimate.high, 4) + 0.0:.4f}]"
