"""The paper's Table 2 beside this run; the report says why the two cannot be compared."""

from collections.abc import Sequence

from dermdistill.benchmark.measurements import PAPER_IMAGES
from dermdistill.judgement.judgement import CommandTime, Group
from dermdistill.judgement.names import LABELS_ONLY, network_name, objective_name, objectives_in_order
from dermdistill.judgement.speed import RUNTIMES, measured
from dermdistill.report import numbers, paper
from dermdistill.report.read import ReportedRun, summary_of
from dermdistill.report.results_tables import training_remark
from dermdistill.report.table import BLANK, Table, TableCell, TableRow, missing, text
from dermdistill.runs import ModelSummary

_PREDICTION = f"prediction of {PAPER_IMAGES:,} images"
_NOT_MEASURED = missing("not measured: benchmark.json has no whole command with it")


def table_2(run: ReportedRun) -> Table:
    """The teacher and every network, then the networks that the paper alone has."""
    objectives = objectives_in_order(run.files.recipe.student.objectives)
    printed = {student.architecture: student for student in paper.TABLE_2}
    rows = _networks(run, objectives)
    not_ours = (BLANK,) * (2 + len(objectives))
    return Table(
        name="table-2",
        caption="Table 2 of arXiv:2210.08086 beside this run, accuracy at argmax; blank where there is none",
        spans=(("", 1), ("The paper", 4), ("This run", 2), ("This run, accuracy", len(objectives))),
        columns=(
            "network",
            *("parameters", "training", _PREDICTION, "accuracy"),
            *("parameters", _PREDICTION),
            *(objective_name(name) for name in objectives),
        ),
        rows=(
            *(
                _row(run, name, printed.get(name), [groups.get(each) for each in objectives])
                for name, groups in rows.items()
            ),
            *(
                TableRow(text(name), (*_published(student), *not_ours), quiet=True)
                for name, student in printed.items()
                if name not in rows
            ),
        ),
    )


def _networks(run: ReportedRun, objectives: Sequence[str]) -> dict[str, dict[str, Group]]:
    """By name, the groups of each network by objective.

    The teacher, which learned from the labels, stands under labels only, or first where that is not trained.
    """
    rows: dict[str, dict[str, Group]] = {}
    for group in run.main_groups:
        summary = summary_of(group)
        if not group.is_teacher:
            rows.setdefault(network_name(summary.architecture), {}).setdefault(summary.objective, group)
        elif group.name == "teacher":
            rows[group.label] = {LABELS_ONLY if LABELS_ONLY in objectives else objectives[0]: group}
    return rows


def _row(
    run: ReportedRun, name: str, printed: paper.PublishedStudent | None, groups: Sequence[Group | None]
) -> TableRow:
    summary = next(summary_of(group) for group in groups if group is not None)
    parameters = TableCell(
        numbers.count(summary.parameters),
        below=(f"{numbers.macs(summary.macs)} MACs", f"weights: {summary.first_weights or 'unknown'}"),
    )
    ours = (parameters, _prediction(run, summary), *map(_accuracy, groups))
    return TableRow(text(name), (*((BLANK,) * 4 if printed is None else _published(printed)), *ours))


def _published(student: paper.PublishedStudent) -> tuple[TableCell, ...]:
    return (
        TableCell(student.parameters),
        TableCell(f"{student.training_seconds:,.0f} s"),
        TableCell(f"{student.prediction_seconds:.2f} s"),
        TableCell(numbers.fraction(student.accuracy), reason=student.remark),
    )


def _accuracy(group: Group | None) -> TableCell:
    """Accuracy, and below it what else differs from objective to objective."""
    if group is None:
        return BLANK
    accuracy = group.mean.operating_points["argmax"].accuracy
    below = (
        f"AUC {numbers.fraction(group.mean.auc.value)}",
        numbers.interval(group.mean.auc) or "no interval",
        ", ".join((f"training {numbers.duration(group.training_seconds or 0)}", *training_remark(group))),
        numbers.several(group.mean.seeds, "seed"),
    )
    return TableCell(numbers.fraction(accuracy.value), below=below)


def _prediction(run: ReportedRun, summary: ModelSummary) -> TableCell:
    """A line for each runtime that was timed; a dash where none was."""
    times = {(time.model, time.runtime): time for time in run.command_times}
    lines: list[str] = []
    reason = None
    for runtime in RUNTIMES:
        model = measured(run.files.benchmark, summary.architecture, summary.input_size, runtime)
        time = None if model is None else times.get((model.model, runtime))
        if time is not None:
            lines += _command_time(time)
            reason = reason or _why_not(time)
    if not lines:
        return _NOT_MEASURED
    first, *others = lines
    return TableCell(first, below=tuple(others), reason=reason)


def _command_time(time: CommandTime) -> tuple[str, str]:
    """The time and where it comes from; where there is none, what was measured instead."""
    if time.seconds is None:
        measured = f"{time.measured_seconds:.1f} s for {numbers.count(time.images)}"
        return numbers.UNDEFINED, f"in {time.runtime}: {measured}"
    return f"{time.seconds:.1f} s", ", ".join(filter(None, (f"in {time.runtime}", time.how)))


def _why_not(time: CommandTime) -> str | None:
    """Why there is no time for the paper's number of images."""
    if time.why is None:
        return None
    return f"not measured on {PAPER_IMAGES:,} images, and not extrapolated: {time.why}"
