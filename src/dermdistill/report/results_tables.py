"""Tables of figures: one row per group of models, the teacher first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dermdistill.evaluation.estimates import GroupEvaluation, OperatingPointSeedMeans, SeedMean
from dermdistill.judgement.judgement import ClaimedComparison, Group, SweepPoint
from dermdistill.judgement.names import network_name
from dermdistill.report import numbers, paper
from dermdistill.report.paper import SweptSetting
from dermdistill.report.read import ReportedRun, summary_of
from dermdistill.report.table import (
    BLANK,
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
_RULES = {
    "youden": "At the Youden threshold, chosen on the validation images",
    "argmax": "Where the most probable class is called (argmax), as the paper does",
}


def main_table(groups: Sequence[Group]) -> Table:
    """AUC, size and cost."""
    return _by_group(
        "main",
        "AUC on the test images, size and cost",
        ("AUC", "sensitivity at 90 % specificity", "seeds", "parameters", "MACs", "weights", "training"),
        groups,
        lambda group: (
            mean_figure(group.mean.auc),
            mean_figure(group.mean.sensitivity_at_specificity["0.90"]),
            TableCell(str(group.mean.seeds)),
            TableCell(numbers.count(summary_of(group).parameters)),
            TableCell(numbers.macs(summary_of(group).macs)),
            TableCell(numbers.size(summary_of(group).weights_bytes)),
            TableCell(numbers.duration(group.training_seconds or 0), below=training_remark(group)),
        ),
    )


def _by_group(
    name: str,
    caption: str,
    columns: Sequence[str],
    groups: Sequence[Group],
    cells: Callable[[Group], Sequence[TableCell]],
    spans: Sequence[tuple[str, int]] = (),
) -> Table:
    rows = tuple(TableRow(text(group.label), tuple(cells(group))) for group in groups)
    return Table(name, caption, ("model", *columns), rows, (("", 1), *spans) if spans else ())


def class_table(groups: Sequence[Group], point: str) -> Table:
    """Accuracy, precision, recall and F1 at one operating point; at argmax the paper's DSNet below."""
    table = _by_group(
        f"classes-{point}",
        _RULES[point],
        ("accuracy", *("precision", "recall", "F1") * 2),
        groups,
        lambda group: _at_point(group, point, _class_figures, 7),
        (("", 1), ("Melanoma", 3), ("Other", 3)),
    )
    if point != "argmax":
        return table
    printed = (paper.DSNET_ACCURACY, *paper.DSNET_MELANOMA, *paper.DSNET_OTHER)
    papers = TableRow(
        text("DSNet in the paper", "on other images"), tuple(map(_printed, printed)), quiet=True
    )
    return replace(table, rows=(*table.rows, papers))


def _printed(value: float) -> TableCell:
    return TableCell(f"{value:g}")


def _at_point(
    group: Group, point: str, of: Callable[[OperatingPointSeedMeans], Sequence[TableCell]], width: int
) -> Sequence[TableCell]:
    scores = group.mean.operating_points.get(point)
    return (NOT_CHOSEN,) * width if scores is None else of(scores)


def _class_figures(scores: OperatingPointSeedMeans) -> Sequence[TableCell]:
    melanoma, other = scores.melanoma, scores.other
    of_melanoma = (melanoma.precision, melanoma.recall, melanoma.f1)
    return _means(scores.accuracy, *of_melanoma, other.precision, other.recall, other.f1)


def _means(*figures: SeedMean) -> tuple[TableCell, ...]:
    return tuple(map(mean_figure, figures))


def sources_table(groups: Sequence[Group]) -> Table:
    """The figures of each source's test images; no rows where all are of one source."""
    sources = groups[0].mean.by_source

    def of_source(mean: GroupEvaluation) -> tuple[TableCell, ...]:
        return _means(mean.auc, mean.sensitivity_at_specificity["0.90"], mean.ece)

    return _by_group(
        "sources",
        "The test images of each source",
        ("AUC", "sensitivity at 90 % specificity", "ECE") * len(sources),
        groups if sources else (),
        lambda group: [cell for name in sources for cell in of_source(group.mean.by_source[name])],
        [(f"{name}: {numbers.count(one.n_images)} images", 3) for name, one in sources.items()],
    )


def subgroups_table(groups: Sequence[Group]) -> Table:
    """AUC, sensitivity and specificity by age, sex, site and skin type; no rows where the data lack them."""
    rows: list[TableRow] = []
    last = ""
    for subgroups in zip(*(group.subgroups for group in groups), strict=True):
        first = subgroups[0]
        rows += [section(first.by.capitalize())] if first.by != last else []
        last = first.by
        counts = [TableCell(numbers.count(n)) for n in (first.n_images, first.n_melanoma)]
        figures = [cell for one in subgroups for cell in _means(one.auc, one.sensitivity, one.specificity)]
        rows.append(TableRow(text(first.value), (*counts, *figures)))
    return Table(
        "subgroups",
        "The test images by patient and site; sensitivity and specificity at the threshold for 0.90 "
        "sensitivity on validation",
        (*("", "images", "melanomas"), *("AUC", "sensitivity", "specificity") * len(groups)),
        tuple(rows),
        (("", 3), *((group.label, 3) for group in groups)),
    )


def comparisons_table(
    run: ReportedRun,
    comparisons: Sequence[ClaimedComparison],
    name: str = "comparisons",
    what: str = "Difference in AUC",
) -> Table:
    """Differences in AUC, paired on the same images, and what may be claimed."""
    groups = run.judgement.groups
    rows = []
    for each in comparisons:
        pairs = [
            f"{numbers.UNDEFINED if delta is None else numbers.signed(delta)} ({numbers.p_value(p)})"
            for delta, p in zip(each.pair_deltas, each.p_values, strict=True)
        ]
        cells = (
            figure(each.delta_auc, with_sign=True),
            TableCell(f"{each.seeds[0]} and {each.seeds[1]}"),
            TableCell("\n".join(pairs)),
            text(claim_words(each, groups)),
        )
        rows.append(TableRow(text(groups[each.a].label, f"minus {groups[each.b].label}"), cells))
    columns = ("A minus B", "difference", "seeds", "each pair of seeds (DeLong p)", "what can be claimed")
    return Table(name, f"{what} on the same test images", columns, tuple(rows))


def paired_tables(run: ReportedRun) -> tuple[Table, ...]:
    """Of a comparison: against the labels-only control; against the teacher; and the sweeps against both."""
    main, teacher = set(run.networks.main_groups), run.networks.teacher
    comparisons = run.judgement.comparisons
    of_main = [each for each in comparisons if {each.a, each.b} <= main]
    of_sweeps = [each for each in comparisons if not {each.a, each.b} <= main]
    parts = (
        ("against-labels", "the same network with labels only", [c for c in of_main if c.b != teacher]),
        ("against-teacher", "the teacher", [c for c in of_main if c.b == teacher]),
    )
    difference = "difference in AUC"
    return (
        *(comparisons_table(run, each, name, f"Against {what}: {difference}") for name, what, each in parts),
        comparisons_table(run, of_sweeps, "of-sweeps", f"Other temperatures and batch sizes: {difference}"),
    )


def operating_points_table(groups: Sequence[Group]) -> Table:
    """What each way to choose a threshold gave on validation, and gives on the test images."""
    rows = []
    for point, words in _POINTS.items():
        rows.append(section(words))
        rows += [
            TableRow(text(group.label), tuple(_at_point(group, point, _operating_point, 6)))
            for group in groups
        ]
    return Table(
        "operating-points",
        "Thresholds, chosen on the validation images, and what they do on the test images",
        (
            *("model", "threshold", "sensitivity", "specificity"),
            *("sensitivity", "specificity", "balanced accuracy"),
        ),
        tuple(rows),
        (("", 2), ("Validation", 2), ("Test", 3)),
    )


def _operating_point(scores: OperatingPointSeedMeans) -> Sequence[TableCell]:
    known = [threshold for threshold in scores.thresholds if threshold is not None]
    threshold = TableCell(numbers.threshold(known[0]))
    if min(known) < max(known):
        span = f"seeds {numbers.span(known, numbers.threshold)}"
        threshold = TableCell(numbers.threshold(sum(known) / len(known)), below=(span,))
    return (
        threshold,
        TableCell(numbers.fraction(scores.chosen_sensitivity)),
        TableCell(numbers.fraction(scores.chosen_specificity)),
        *_means(scores.sensitivity, scores.specificity, scores.balanced_accuracy),
    )


def calibration_table(groups: Sequence[Group]) -> Table:
    """Calibration and precision-recall; below, what always saying the share of melanoma would score."""
    table = _by_group(
        "calibration",
        "Calibration and precision-recall on the test images",
        ("Brier score", "ECE", "AUPRC"),
        groups,
        lambda group: _means(group.mean.brier, group.mean.ece, group.mean.auprc),
    )
    share = groups[0].mean.n_melanoma / groups[0].mean.n_images
    constant = tuple(TableCell(numbers.fraction(value)) for value in (share * (1 - share), 0, share))
    heading = text(f"a constant {numbers.fraction(share)}", "the share of melanoma")
    return replace(table, rows=(*table.rows, TableRow(heading, constant, quiet=True)))


def confusion_table(groups: Sequence[Group], point: str) -> Table:
    """Counts of test images by truth and call, means over the seeds; no rows where the point is missing."""

    def counts(scores: OperatingPointSeedMeans) -> list[TableCell]:
        return [
            TableCell(numbers.mean_count(count), below=(numbers.percent(count, sum(row)),))
            for row in scores.confusion
            for count in row
        ]

    return _by_group(
        f"confusion-{point}",
        "Confusion matrix at the Youden threshold: test images, and their share of the truth",
        ("called other", "called melanoma") * 2,
        [group for group in groups if point in group.mean.operating_points],
        lambda group: counts(group.mean.operating_points[point]),
        (("is other", 2), ("is melanoma", 2)),
    )


def models_table(run: ReportedRun) -> Table:
    """Every single model."""
    rows = []
    for group in run.groups:
        for name in group.models:
            summary = run.summaries[name]
            cells = (
                text(network_name(summary.architecture)),
                text(summary.objective),
                TableCell(str(summary.seed)),
                TableCell(str(summary.epochs)),
                _kept_epoch(summary),
                TableCell(numbers.duration(summary.training_seconds)),
                figure(run.judgement.models[name].auc),
            )
            rows.append(TableRow(text(summary.name), cells))
    columns = ("model", "network", "objective", "seed", "epochs", "kept epoch", "training", "test AUC")
    return Table("models", "Every model that was trained", columns, tuple(rows))


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


def sweep_table(run: ReportedRun, setting: SweptSetting) -> Table:
    """A row for each value, the paper's accuracy beside it; the paper's own values too, trained or not."""
    sweep = setting.sweep(run.networks)
    points = {point.value: point for point in sweep.points}
    papers = {float(value): numbers.fraction(accuracy) for value, accuracy in setting.accuracies.items()}
    rows = tuple(
        TableRow(
            text(f"{value:g}", *(["the recipe's own"] if value == sweep.base else [])),
            (TableCell(papers.get(value, "")), *_swept(points.get(value), run.judgement.groups)),
            quiet=value not in points,
        )
        for value in sorted({*points, *papers})
    )
    columns = (setting.name, "the paper's accuracy", "AUC", f"minus {setting.named(sweep.base)}")
    caption = f"{setting.name.capitalize()} of the distilled student"
    return Table(setting.name.replace(" ", "-"), caption, columns, rows)


def _swept(point: SweepPoint | None, groups: Mapping[str, Group]) -> tuple[TableCell, TableCell]:
    if point is None:
        return BLANK, BLANK
    auc = mean_figure(groups[point.group].mean.auc)
    if point.minus_base is None:
        return auc, BLANK
    deltas = point.minus_base.pair_deltas
    pairs = ", ".join(numbers.UNDEFINED if delta is None else numbers.signed(delta) for delta in deltas)
    return auc, figure(point.minus_base.delta_auc, f"pairs {pairs}", with_sign=True)
