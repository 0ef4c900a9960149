"""Tables of a run's figures, the teacher first."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from dermdistill.evaluation.estimates import OperatingPointSeedMeans, SeedMean
from dermdistill.judgement.judgement import ClaimedComparison, Group
from dermdistill.judgement.names import network_name
from dermdistill.report import numbers
from dermdistill.report.read import ReportedRun, summary_of
from dermdistill.report.table import (
    NOT_CHOSEN,
    Table,
    TableCell,
    TableRow,
    figure,
    mean_figure,
    missing,
    section,
    text,
)
from dermdistill.report.verdicts import claim_words
from dermdistill.runs import ModelSummary

_POINTS = {
    "youden": "Youden: greatest sensitivity + specificity on validation",
    "specificity_0.90": "Specificity of at least 0.90 on validation",
    "sensitivity_0.90": "Sensitivity of at least 0.90 on validation",
    "sensitivity_0.95": "Sensitivity of at least 0.95 on validation",
}


def run_table(groups: Sequence[Group]) -> Table:
    """Size and cost, discrimination, and what the Youden threshold does; a column for each group."""
    return Table(
        name="main",
        caption="Size, cost and figures on the test images",
        columns=("", *(group.label for group in groups)),
        rows=(
            section("Size and cost"),
            _row("parameters", groups, lambda group: TableCell(numbers.count(summary_of(group).parameters))),
            _row("MACs of one image", groups, lambda group: TableCell(numbers.macs(summary_of(group).macs))),
            _row(
                "weights file", groups, lambda group: TableCell(numbers.size(summary_of(group).weights_bytes))
            ),
            _row("seeds", groups, lambda group: TableCell(str(group.mean.seeds))),
            _row("training", groups, _training),
            section("At all thresholds"),
            _row("AUC", groups, lambda group: mean_figure(group.mean.auc)),
            _row("sensitivity at 90 % specificity", groups, sensitivity_at_90),
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


def comparisons_table(
    comparisons: Sequence[ClaimedComparison],
    groups: Mapping[str, Group],
    name: str = "comparisons",
    caption: str = "Difference in AUC on the same test images",
) -> Table:
    """Differences in AUC, paired on the same images, and what may be claimed."""
    return Table(
        name=name,
        caption=caption,
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
            TableRow(text(group.label), tuple(cell for name in sources for cell in _of_source(group, name)))
            for group in groups
            if sources
        ),
    )


def _of_source(group: Group, name: str) -> tuple[TableCell, ...]:
    mean = group.mean.by_source[name]
    return tuple(map(mean_figure, (mean.auc, mean.sensitivity_at_specificity["0.90"], mean.ece)))


def subgroups_table(groups: Sequence[Group]) -> Table:
    """AUC, sensitivity and specificity by age, sex, site and skin type; no rows where the data lack them."""
    rows: list[TableRow] = []
    for subgroups in zip(*(group.subgroups for group in groups), strict=True):
        first = subgroups[0]
        if not any(row.heading.text == first.by.capitalize() for row in rows if not row.cells):
            rows.append(section(first.by.capitalize()))
        figures = [
            mean_figure(each) for one in subgroups for each in (one.auc, one.sensitivity, one.specificity)
        ]
        counts = [TableCell(numbers.count(n)) for n in (first.n_images, first.n_melanoma)]
        rows.append(TableRow(text(first.value), (*counts, *figures)))
    return Table(
        name="subgroups",
        caption="The test images by patient and site; sensitivity and specificity at the threshold for 0.90 "
        "sensitivity on validation",
        spans=(("", 3), *((group.label, 3) for group in groups)),
        columns=(*("", "images", "melanomas"), *("AUC", "sensitivity", "specificity") * len(groups)),
        rows=tuple(rows),
    )


def operating_points_table(groups: Sequence[Group]) -> Table:
    """What each way to choose a threshold gave on validation, and gives on the test images."""
    rows = []
    for point, words in _POINTS.items():
        rows.append(section(words))
        rows += [TableRow(text(group.label), _operating_point(group, point)) for group in groups]
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
    """Calibration and precision-recall; below, what always saying the prevalence would score."""
    share = groups[0].mean.n_melanoma / groups[0].mean.n_images
    constant = (share * (1 - share), 0.0, share)
    return Table(
        name="calibration",
        caption="Calibration and precision-recall on the test images",
        columns=("model", "Brier score", "ECE", "AUPRC"),
        rows=(
            *(
                TableRow(
                    text(group.label),
                    tuple(map(mean_figure, (group.mean.brier, group.mean.ece, group.mean.auprc))),
                )
                for group in groups
            ),
            TableRow(
                text(f"a constant {numbers.fraction(share)}", "the share of melanoma"),
                tuple(TableCell(numbers.fraction(value)) for value in constant),
                quiet=True,
            ),
        ),
    )


def confusion_table(groups: Sequence[Group], point: str) -> Table:
    """Counts of test images by truth and call, means over the seeds; no rows where the point is missing."""
    rows = []
    for group in groups:
        scores = group.mean.operating_points.get(point)
        if scores is not None:
            rows.append(
                TableRow(text(group.label), tuple(cell for row in scores.confusion for cell in _counts(row)))
            )
    return Table(
        name=f"confusion-{point}",
        caption="Confusion matrix at the Youden threshold: test images, and their share of the truth",
        spans=(("", 1), ("is other", 2), ("is melanoma", 2)),
        columns=("model", *("called other", "called melanoma") * 2),
        rows=tuple(rows),
    )


def _counts(row: tuple[float, float]) -> list[TableCell]:
    return [TableCell(numbers.mean_count(count), below=(numbers.percent(count, sum(row)),)) for count in row]


def models_table(run: ReportedRun) -> Table:
    """Every single model."""
    return Table(
        name="models",
        caption="Every model that was trained",
        columns=("model", "network", "objective", "seed", "epochs", "kept epoch", "training", "test AUC"),
        rows=tuple(
            TableRow(
                text(summary.name),
                (
                    text(network_name(summary.architecture)),
                    text(summary.objective),
                    TableCell(str(summary.seed)),
                    TableCell(str(summary.epochs)),
                    _kept_epoch(summary),
                    TableCell(numbers.duration(summary.training_seconds)),
                    figure(run.judgement.models[name].auc),
                ),
            )
            for group in run.groups
            for name in group.models
            for summary in (run.summaries[name],)
        ),
    )


def _kept_epoch(summary: ModelSummary) -> TableCell:
    if summary.is_composed:
        return missing("not trained itself: the mean of its members' logits")
    epochs = ", ".join(map(str, summary.kept_epochs))
    return TableCell(epochs if len(summary.kept_epochs) == 1 else f"mean of {epochs}")


def training_remark(group: Group) -> tuple[str, ...]:
    """What the training time of a group is, where it is not that of one training."""
    if summary_of(group).is_composed:
        return ("sum of its members",)
    return (f"mean of {len(group.models)}",) if len(group.models) > 1 else ()


def _training(group: Group) -> TableCell:
    return TableCell(numbers.duration(group.training_seconds or 0), below=training_remark(group))


def _row(name: str, groups: Sequence[Group], cell: Callable[[Group], TableCell]) -> TableRow:
    return TableRow(text(name), tuple(cell(group) for group in groups))


def sensitivity_at_90(group: Group) -> TableCell:
    """The mean over the seeds."""
    return mean_figure(group.mean.sensitivity_at_specificity["0.90"])


def _decision_rows(groups: Sequence[Group], point: str) -> list[TableRow]:
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


def _at_point(point: str, of: Callable[[OperatingPointSeedMeans], SeedMean], group: Group) -> TableCell:
    scores = group.mean.operating_points.get(point)
    return NOT_CHOSEN if scores is None else mean_figure(of(scores))


def _operating_point(group: Group, name: str) -> tuple[TableCell, ...]:
    scores = group.mean.operating_points.get(name)
    if scores is None:
        return (NOT_CHOSEN,) * 6
    return (
        _threshold(scores),
        TableCell(numbers.fraction(scores.chosen_sensitivity)),
        TableCell(numbers.fraction(scores.chosen_specificity)),
        mean_figure(scores.sensitivity),
        mean_figure(scores.specificity),
        mean_figure(scores.balanced_accuracy),
    )


def _threshold(scores: OperatingPointSeedMeans) -> TableCell:
    known = [threshold for threshold in scores.thresholds if threshold is not None]
    mean = numbers.threshold(sum(known) / len(known))
    if min(known) == max(known):
        return TableCell(numbers.threshold(known[0]))
    return TableCell(mean, below=(f"seeds {numbers.span(known, numbers.threshold)}",))


def _comparison_row(comparison: ClaimedComparison, groups: Mapping[str, Group]) -> TableRow:
    a, b = groups[comparison.a].label, groups[comparison.b].label
    pairs = [
        f"{numbers.UNDEFINED if delta is None else numbers.signed(delta)} ({numbers.p_value(p)})"
        for delta, p in zip(comparison.pair_deltas, comparison.p_values, strict=True)
    ]
    return TableRow(
        text(a, f"minus {b}"),
        (
            figure(comparison.delta_auc, with_sign=True),
            TableCell(f"{comparison.seeds[0]} and {comparison.seeds[1]}"),
            TableCell("\n".join(pairs)),
            text(claim_words(comparison, groups)),
        ),
    )
