"""The figures of a run as tables, the teacher first."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from dermdistill.evaluation.results import Comparison, OperatingPointSeedMeans, SeedMean
from dermdistill.report import numbers
from dermdistill.report.claims import claim, why_nothing
from dermdistill.report.groups import Group, network_name
from dermdistill.report.tables import Cell, Row, Table, figure, mean_figure, section, text
from dermdistill.runs import ModelSummary

_POINTS = {
    "youden": "Youden: greatest sensitivity + specificity on validation",
    "specificity_0.90": "Specificity of at least 0.90 on validation",
    "sensitivity_0.90": "Sensitivity of at least 0.90 on validation",
    "sensitivity_0.95": "Sensitivity of at least 0.95 on validation",
}
_NOT_CHOSEN = Cell(numbers.UNDEFINED, reason="no threshold chosen: the validation images are of one class")
_NOT_TRAINED = Cell(numbers.UNDEFINED, reason="not trained itself: the mean of its members' logits")


def main_table(groups: Sequence[Group]) -> Table:
    """Size and cost, discrimination, and what the Youden threshold does; a column a group."""
    return Table(
        name="main",
        caption="Size, cost and figures on the test images",
        columns=("", *(group.label for group in groups)),
        rows=(
            section("Size and cost"),
            _row("parameters", groups, lambda group: Cell(numbers.count(group.summary.parameters))),
            _row("MACs of one image", groups, lambda group: Cell(numbers.macs(group.summary.macs))),
            _row("weights file", groups, lambda group: Cell(numbers.size(group.summary.weights_bytes))),
            _row("seeds", groups, lambda group: Cell(str(group.mean.seeds))),
            _row("training", groups, _training),
            section("Whatever the threshold"),
            _row("AUC", groups, lambda group: mean_figure(group.mean.auc)),
            _row("sensitivity at 90 % specificity", groups, _sensitivity_at_90),
            section("At the Youden threshold, chosen on the validation images"),
            *_decision_rows(groups, "youden"),
        ),
    )


def argmax_table(groups: Sequence[Group]) -> Table:
    """The decision figures again where the most probable class is called, as the paper does."""
    return Table(
        name="argmax",
        caption="The same test images where the most probable class is called (argmax)",
        columns=("", *(group.label for group in groups)),
        rows=tuple(_decision_rows(groups, "argmax")),
    )


def comparisons_table(comparisons: Sequence[Comparison], groups: Mapping[str, Group]) -> Table:
    """Differences in AUC, paired on the same images, and what may be claimed."""
    return Table(
        name="comparisons",
        caption="Difference in AUC on the same test images",
        columns=("A minus B", "difference", "seeds", "each pair of seeds (DeLong p)", "what can be claimed"),
        rows=tuple(_comparison_row(comparison, groups) for comparison in comparisons),
    )


def sources_table(groups: Sequence[Group]) -> Table:
    """The figures of each source's test images; no rows where all are of one source."""
    sources = groups[0].mean.by_source
    return Table(
        name="sources",
        caption="The test images of each source",
        spans=(
            ("", 1),
            *((f"{name}: {numbers.count(one.n_images)} images", 3) for name, one in sources.items()),
        ),
        columns=("model", *("AUC", "sensitivity at 90 % specificity", "ECE") * len(sources)),
        rows=tuple(
            Row(text(group.label), tuple(cell for name in sources for cell in _of_source(group, name)))
            for group in groups
            if sources
        ),
    )


def _of_source(group: Group, name: str) -> tuple[Cell, ...]:
    mean = group.mean.by_source[name]
    figures = (mean.auc, mean.sensitivity_at_specificity["0.90"], mean.ece)
    return tuple(map(mean_figure, figures))


def operating_points_table(groups: Sequence[Group]) -> Table:
    """What each way to choose a threshold gave on validation, and gives on the test images."""
    rows = []
    for point, words in _POINTS.items():
        rows.append(section(words))
        rows += [Row(text(group.label), _operating_point(group, point)) for group in groups]
    return Table(
        name="operating-points",
        caption="Thresholds, chosen on the validation images, and what they do on the test images",
        spans=(("", 2), ("Validation", 2), ("Test", 3)),
        columns=(
            *("model", "threshold", "sensitivity", "specificity"),
            *("sensitivity", "specificity", "balanced accuracy"),
        ),
        rows=tuple(rows),
    )


def calibration_table(groups: Sequence[Group]) -> Table:
    """Whether the probabilities mean what they say; below, what always saying the prevalence would score."""
    share = groups[0].mean.n_melanoma / groups[0].mean.n_images
    return Table(
        name="calibration",
        caption="Calibration and precision-recall on the test images",
        columns=("model", "Brier score", "ECE", "AUPRC"),
        rows=(
            *(
                Row(
                    text(group.label),
                    tuple(map(mean_figure, (group.mean.brier, group.mean.ece, group.mean.auprc))),
                )
                for group in groups
            ),
            Row(
                text(f"a constant {numbers.fraction(share)}", "the share of melanoma"),
                (
                    Cell(numbers.fraction(share * (1 - share))),
                    Cell(numbers.fraction(0)),
                    Cell(numbers.fraction(share)),
                ),
                quiet=True,
            ),
        ),
    )


def _training(group: Group) -> Cell:
    return Cell(numbers.duration(group.training_seconds), below=group.training_remark)


def models_table(groups: Sequence[Group]) -> Table:
    """Every single model."""
    return Table(
        name="models",
        caption="Every model that was trained",
        columns=("model", "network", "objective", "seed", "epochs", "kept epoch", "training", "test AUC"),
        rows=tuple(
            Row(
                text(model.summary.name),
                (
                    text(network_name(model.summary.architecture)),
                    text(model.summary.objective),
                    Cell(str(model.summary.seed)),
                    Cell(str(model.summary.epochs)),
                    _kept_epoch(model.summary),
                    Cell(numbers.duration(model.summary.training_seconds)),
                    figure(model.evaluation.auc),
                ),
            )
            for group in groups
            for model in group.models
        ),
    )


def _kept_epoch(summary: ModelSummary) -> Cell:
    if summary.is_composed:
        return _NOT_TRAINED
    epochs = ", ".join(map(str, summary.kept_epochs))
    return Cell(epochs if len(summary.kept_epochs) == 1 else f"mean of {epochs}")


def _row(name: str, groups: Sequence[Group], cell: Callable[[Group], Cell]) -> Row:
    return Row(text(name), tuple(cell(group) for group in groups))


def _sensitivity_at_90(group: Group) -> Cell:
    return mean_figure(group.mean.sensitivity_at_specificity["0.90"])


def _decision_rows(groups: Sequence[Group], point: str) -> list[Row]:
    figures: list[tuple[str, Callable[[OperatingPointSeedMeans], SeedMean]]] = [
        ("accuracy", lambda scores: scores.accuracy),
        ("precision, melanoma", lambda scores: scores.melanoma.precision),
        ("recall, melanoma (sensitivity)", lambda scores: scores.melanoma.recall),
        ("F1, melanoma", lambda scores: scores.melanoma.f1),
        ("precision, other", lambda scores: scores.other.precision),
        ("recall, other (specificity)", lambda scores: scores.other.recall),
        ("F1, other", lambda scores: scores.other.f1),
    ]
    return [_row(name, groups, partial(_at_point, point, figure)) for name, figure in figures]


def _at_point(point: str, figure: Callable[[OperatingPointSeedMeans], SeedMean], group: Group) -> Cell:
    scores = group.mean.operating_points.get(point)
    return _NOT_CHOSEN if scores is None else mean_figure(figure(scores))


def _operating_point(group: Group, name: str) -> tuple[Cell, ...]:
    scores = group.mean.operating_points.get(name)
    if scores is None:
        return (_NOT_CHOSEN,) * 6
    points = [model.evaluation.operating_points[name].point for model in group.models]
    return (
        _threshold([point.threshold for point in points]),
        _on_validation([point.sensitivity for point in points]),
        _on_validation([point.specificity for point in points]),
        mean_figure(scores.sensitivity),
        mean_figure(scores.specificity),
        mean_figure(scores.balanced_accuracy),
    )


def _threshold(thresholds: Sequence[float | None]) -> Cell:
    known = [threshold for threshold in thresholds if threshold is not None]
    if min(known) == max(known):
        return Cell(numbers.threshold(known[0]))
    return Cell(
        numbers.threshold(sum(known) / len(known)),
        below=(f"seeds {numbers.span(known, numbers.threshold)}",),
    )


def _on_validation(rates: Sequence[float | None]) -> Cell:
    known = [rate for rate in rates if rate is not None]
    return Cell(numbers.fraction(sum(known) / len(known)))


def _comparison_row(comparison: Comparison, groups: Mapping[str, Group]) -> Row:
    a, b = (_label(name, groups) for name in (comparison.a, comparison.b))
    pairs = [
        f"{numbers.UNDEFINED if delta is None else numbers.signed(delta)} ({numbers.p_value(p)})"
        for delta, p in zip(comparison.pair_deltas, comparison.p_values, strict=True)
    ]
    return Row(
        text(a, f"minus {b}"),
        (
            figure(comparison.delta_auc, with_sign=True),
            Cell(f"{comparison.seeds[0]} and {comparison.seeds[1]}"),
            Cell("\n".join(pairs)),
            text(_claim_words(comparison, groups)),
        ),
    )


def _claim_words(comparison: Comparison, groups: Mapping[str, Group]) -> str:
    found = claim(comparison, groups)
    if found in ("a is higher", "b is higher"):
        higher = comparison.a if found == "a is higher" else comparison.b
        return f"{_label(higher, groups)} has the higher AUC"
    return f"nothing: {why_nothing(found)}"


def _label(name: str, groups: Mapping[str, Group]) -> str:
    return groups[name].label if name in groups else name
