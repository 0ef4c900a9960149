"""Tables of a comparison of networks: one row per network, or per network and objective."""

from collections.abc import Mapping, Sequence
from functools import partial

from dermdistill.evaluation.estimates import ClassSeedMeans
from dermdistill.judgement.judgement import Group, SweepPoint
from dermdistill.judgement.names import LABELS_ONLY, objective_name
from dermdistill.report import numbers
from dermdistill.report.published import Setting
from dermdistill.report.read import ReportedRun
from dermdistill.report.results_tables import comparisons_table, sensitivity_at_90
from dermdistill.report.table import (
    BLANK,
    CLASS_COLUMNS,
    CLASS_SPANS,
    NOT_CHOSEN,
    Table,
    TableCell,
    TableRow,
    figure,
    mean_figure,
    text,
)


def network_rows(run: ReportedRun) -> list[tuple[str, list[Group | None]]]:
    """The teacher, then every network: its name, and its group by each objective in turn.

    The teacher, which learned from the labels, stands under labels only, or first where that is not trained.
    """
    compared, groups = run.networks, run.judgement.groups
    rows: list[tuple[str, list[Group | None]]] = []
    if compared.teacher is not None:
        teacher = groups[compared.teacher]
        column = LABELS_ONLY if LABELS_ONLY in compared.objectives else compared.objectives[0]
        rows.append((teacher.label, [teacher if name == column else None for name in compared.objectives]))
    for network in compared.networks:
        names = [network.groups.get(objective) for objective in compared.objectives]
        rows.append((network.name, [None if name is None else groups[name] for name in names]))
    return rows


def networks_table(run: ReportedRun) -> Table:
    """AUC and sensitivity at 90 % specificity of every network and objective."""
    objectives = run.networks.objectives
    return Table(
        name="main",
        caption="AUC and sensitivity on the test images",
        spans=(("", 1), *((objective_name(name), 2) for name in objectives)),
        columns=("network", *("AUC", "sensitivity at 90 % specificity") * len(objectives)),
        rows=tuple(
            TableRow(text(name), tuple(cell for group in groups for cell in _discrimination(group)))
            for name, groups in network_rows(run)
        ),
    )


def class_table(groups: Sequence[Group], point: str, caption: str) -> Table:
    """Precision, recall and F1 of both classes at one operating point."""
    return Table(
        name=f"classes-{point}",
        caption=caption,
        spans=CLASS_SPANS,
        columns=("model", *CLASS_COLUMNS),
        rows=tuple(TableRow(text(group.label), _class_cells(group, point)) for group in groups),
    )


def paired_tables(run: ReportedRun) -> tuple[Table, Table, Table]:
    """Against the labels-only control; against the teacher; and the sweeps against both."""
    compared = run.networks
    main = set(compared.main_groups)
    of_main = [each for each in run.judgement.comparisons if {each.a, each.b} <= main]
    of_sweeps = [each for each in run.judgement.comparisons if each not in of_main]
    against_teacher = [each for each in of_main if compared.teacher in (each.a, each.b)]
    against_labels = [each for each in of_main if each not in against_teacher]
    same_images = "difference in AUC on the same test images"
    make = partial(comparisons_table, groups=run.judgement.groups)
    return (
        make(
            against_labels,
            name="against-labels",
            caption=f"Against the same network with labels only: {same_images}",
        ),
        make(against_teacher, name="against-teacher", caption=f"Against the teacher: {same_images}"),
        make(of_sweeps, name="of-sweeps", caption=f"Other temperatures and batch sizes: {same_images}"),
    )


def sweep_table(run: ReportedRun, setting: Setting) -> Table:
    """A row for each value, the paper's accuracy beside it; the paper's own values too, trained or not."""
    sweep = setting.sweep(run.networks)
    points = {point.value: point for point in sweep.points}
    return Table(
        name=setting.name.replace(" ", "-"),
        caption=f"{setting.name.capitalize()} of the distilled student",
        columns=(setting.name, "the paper's accuracy", "AUC", f"minus {setting.named(sweep.base)}"),
        rows=tuple(
            TableRow(
                text(f"{value:g}", *(["the recipe's own"] if value == sweep.base else [])),
                (
                    _papers_accuracy(setting, value),
                    *_swept(points.get(value), run.judgement.groups),
                ),
                quiet=value not in points,
            )
            for value in sorted({*points, *map(float, setting.accuracies)})
        ),
    )


def _swept(point: SweepPoint | None, groups: Mapping[str, Group]) -> tuple[TableCell, TableCell]:
    if point is None:
        return BLANK, BLANK
    auc = mean_figure(groups[point.group].mean.auc)
    if point.minus_base is None:
        return auc, BLANK
    pairs = ", ".join(
        numbers.UNDEFINED if delta is None else numbers.signed(delta)
        for delta in point.minus_base.pair_deltas
    )
    return auc, figure(point.minus_base.delta_auc, f"pairs {pairs}", with_sign=True)


def _papers_accuracy(setting: Setting, value: float) -> TableCell:
    accuracy = setting.accuracies.get(round(value)) if value == round(value) else None
    return BLANK if accuracy is None else TableCell(numbers.fraction(accuracy))


def _discrimination(group: Group | None) -> tuple[TableCell, ...]:
    if group is None:
        return BLANK, BLANK
    return mean_figure(group.mean.auc), sensitivity_at_90(group)


def _class_cells(group: Group, point: str) -> tuple[TableCell, ...]:
    scores = group.mean.operating_points.get(point)
    if scores is None:
        return (NOT_CHOSEN,) * 6
    return (*_of_class(scores.melanoma), *_of_class(scores.other))


def _of_class(scores: ClassSeedMeans) -> tuple[TableCell, ...]:
    return tuple(map(mean_figure, (scores.precision, scores.recall, scores.f1)))
