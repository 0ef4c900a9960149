"""The paper's figures beside this run's; the report says why they cannot be compared."""

from collections.abc import Sequence

from dermdistill.benchmark.results import PAPER_IMAGES
from dermdistill.judgement.judgement import CommandTime, Group
from dermdistill.judgement.names import objective_name
from dermdistill.judgement.speed import RUNTIMES, measured
from dermdistill.report import numbers, published
from dermdistill.report.compared_tables import network_rows
from dermdistill.report.read import ReportedRun, summary_of
from dermdistill.report.results_tables import training_remark
from dermdistill.report.table import (
    BLANK,
    CLASS_COLUMNS,
    CLASS_SPANS,
    Table,
    TableCell,
    TableRow,
    missing,
    plain_figure,
    section,
    text,
)
from dermdistill.runs import ModelSummary

_PREDICTION = f"prediction of {PAPER_IMAGES:,} images"
_NOT_MEASURED = missing("not measured: benchmark.json has no whole command with it")


def paper_table(groups: Sequence[Group]) -> Table:
    """The paper's Table 2 and DSNet's scores of each class, then this run at argmax, which the paper uses."""
    return Table(
        name="paper",
        caption="arXiv:2210.08086 and this run, both at argmax; blank where not given",
        spans=(("", 5), *CLASS_SPANS[1:]),
        columns=("model", "parameters", "training", _PREDICTION, "accuracy", *CLASS_COLUMNS),
        rows=(
            section("The paper"),
            *(_published_row(student) for student in published.TABLE_2),
            section("This run"),
            *(_our_row(group) for group in groups),
        ),
    )


def _published_row(student: published.PublishedStudent) -> TableRow:
    scores = (published.DSNET_MELANOMA, published.DSNET_OTHER) if student.architecture == "DSNet" else ()
    classes = [TableCell(f"{value:.2f}") for of_class in scores for value in of_class] or [BLANK] * 6
    remarks = [student.remark] if student.remark else []
    return TableRow(text(student.architecture, *remarks), (*_published_cells(student), *classes))


def _published_cells(student: published.PublishedStudent) -> tuple[TableCell, ...]:
    return (
        TableCell(student.parameters),
        TableCell(f"{student.training_seconds:,.0f} s"),
        TableCell(f"{student.prediction_seconds:.2f} s"),
        TableCell(numbers.fraction(student.accuracy)),
    )


def _our_row(group: Group) -> TableRow:
    scores = group.mean.operating_points["argmax"]
    classes = (
        *(scores.melanoma.precision, scores.melanoma.recall, scores.melanoma.f1),
        *(scores.other.precision, scores.other.recall, scores.other.f1),
    )
    return TableRow(
        text(group.label),
        (
            TableCell(numbers.count(summary_of(group).parameters)),
            TableCell(f"{group.training_seconds:,.0f} s", below=training_remark(group)),
            BLANK,
            *map(plain_figure, (scores.accuracy, *classes)),
        ),
    )


def table_2(run: ReportedRun) -> Table:
    """Of a comparison: every network beside the paper's Table 2, then those that the paper alone has."""
    objectives = run.networks.objectives
    rows = [_row(run, name, groups) for name, groups in network_rows(run)]
    ours = {network.name for network in run.networks.networks}
    empty = (BLANK,) * (2 + len(objectives))
    rows += [
        TableRow(text(student.architecture), (*_with_remark(student), *empty), quiet=True)
        for student in published.TABLE_2
        if student.architecture not in ours
    ]
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
        rows=tuple(rows),
    )


def _with_remark(student: published.PublishedStudent) -> tuple[TableCell, ...]:
    *cells, _ = _published_cells(student)
    return (*cells, TableCell(numbers.fraction(student.accuracy), reason=student.remark))


def _row(run: ReportedRun, name: str, groups: Sequence[Group | None]) -> TableRow:
    summary = next(summary_of(group) for group in groups if group is not None)
    printed = next((student for student in published.TABLE_2 if student.architecture == name), None)
    of_paper = (BLANK,) * 4 if printed is None else _with_remark(printed)
    parameters = TableCell(
        numbers.count(summary.parameters),
        below=(f"{numbers.macs(summary.macs)} MACs", f"weights: {summary.first_weights or 'unknown'}"),
    )
    return TableRow(text(name), (*of_paper, parameters, _prediction(run, summary), *map(_accuracy, groups)))


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
    times = {(time.model, time.runtime): time for time in run.networks.command_times}
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
