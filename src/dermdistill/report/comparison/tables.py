"""The figures of a comparison: a row a network, or a row a network and objective."""

from collections.abc import Sequence
from dataclasses import replace

from dermdistill.evaluation.results import ClassSeedMeans, Comparison
from dermdistill.report import numbers
from dermdistill.report.comparison.arrangement import Arrangement
from dermdistill.report.groups import LABELS_ONLY, Group, objective_name
from dermdistill.report.results_tables import comparisons_table
from dermdistill.report.tables import Cell, Row, Table, mean_figure, text

NOT_CHOSEN = Cell(numbers.UNDEFINED, reason="no threshold chosen: the validation images are of one class")
NOT_TRAINED = Cell("")


def network_rows(arrangement: Arrangement) -> list[tuple[str, list[Group | None]]]:
    """The teacher, then every network: its name, and its group by each objective in turn.

    The teacher, which learned from the labels, stands under labels only, or first where that is not trained.
    """
    rows: list[tuple[str, list[Group | None]]] = []
    if arrangement.teacher is not None:
        column = LABELS_ONLY if LABELS_ONLY in arrangement.objectives else arrangement.objectives[0]
        of_teacher = [arrangement.teacher if name == column else None for name in arrangement.objectives]
        rows.append((arrangement.teacher.label, of_teacher))
    for network in arrangement.networks:
        rows.append((network.name, [network.groups.get(name) for name in arrangement.objectives]))
    return rows


def main_table(arrangement: Arrangement) -> Table:
    """AUC and sensitivity at 90 % specificity of every network and objective."""
    return Table(
        name="main",
        caption="Figures on the test images",
        spans=(("", 1), *((objective_name(name), 2) for name in arrangement.objectives)),
        columns=("network", *("AUC", "sensitivity at 90 % specificity") * len(arrangement.objectives)),
        rows=tuple(
            Row(text(name), tuple(cell for group in groups for cell in _discrimination(group)))
            for name, groups in network_rows(arrangement)
        ),
    )


def class_table(arrangement: Arrangement, point: str, caption: str) -> Table:
    """Precision, recall and F1 of both classes at one operating point."""
    return Table(
        name=f"classes-{point}",
        caption=caption,
        spans=(("", 1), ("Melanoma", 3), ("Other", 3)),
        columns=("model", *("precision", "recall", "F1") * 2),
        rows=tuple(Row(text(group.label), _class_cells(group, point)) for group in arrangement.main_groups),
    )


def paired_tables(
    arrangement: Arrangement, comparisons: Sequence[Comparison], groups: Sequence[Group]
) -> tuple[Table, Table, Table]:
    """Against the labels-only control; against the teacher; and the sweeps against both."""
    by_name = {group.name: group for group in groups}
    main = {group.name for group in arrangement.main_groups}
    teacher = None if arrangement.teacher is None else arrangement.teacher.name
    of_main = [each for each in comparisons if {each.a, each.b} <= main]
    against_teacher = [each for each in of_main if teacher in (each.a, each.b)]
    parts = (
        (
            "against-labels",
            "Against the same network with labels only",
            [c for c in of_main if c not in against_teacher],
        ),
        ("against-teacher", "Against the teacher", against_teacher),
        ("of-sweeps", "Other temperatures and batch sizes", [c for c in comparisons if c not in of_main]),
    )
    against_labels, with_teacher, of_sweeps = (
        replace(
            comparisons_table(some, by_name),
            name=name,
            caption=f"{caption}: difference in AUC on the same test images",
        )
        for name, caption, some in parts
    )
    return against_labels, with_teacher, of_sweeps


def _discrimination(group: Group | None) -> tuple[Cell, ...]:
    if group is None:
        return NOT_TRAINED, NOT_TRAINED
    return mean_figure(group.mean.auc), mean_figure(group.mean.sensitivity_at_specificity["0.90"])


def _class_cells(group: Group, point: str) -> tuple[Cell, ...]:
    scores = group.mean.operating_points.get(point)
    if scores is None:
        return (NOT_CHOSEN,) * 6
    return (*_of_class(scores.melanoma), *_of_class(scores.other))


def _of_class(scores: ClassSeedMeans) -> tuple[Cell, ...]:
    return tuple(map(mean_figure, (scores.precision, scores.recall, scores.f1)))
