"""The paper's Table 2 and this run's figures, side by side: a row a network."""

from collections.abc import Sequence

from dermdistill.benchmark.measurements import PAPER_IMAGES, Benchmark, DiskTime, Runtime
from dermdistill.benchmark.whole_command import time_for, why_unknown
from dermdistill.report import numbers, published
from dermdistill.report.comparison import speed
from dermdistill.report.comparison.arrangement import Arrangement
from dermdistill.report.comparison.tables import NOT_TRAINED, network_rows
from dermdistill.report.groups import Group, objective_name
from dermdistill.report.tables import Cell, Row, Table, text
from dermdistill.runs import ModelSummary

_PREDICTION = f"prediction of {PAPER_IMAGES:,} images"
_NOT_MEASURED = Cell(numbers.UNDEFINED, reason="not measured: benchmark.json has no whole command with it")


def table_2(arrangement: Arrangement, benchmark: Benchmark | None) -> Table:
    """Every network of the run, then those that the paper alone has."""
    rows = [_row(name, groups, benchmark) for name, groups in network_rows(arrangement)]
    ours = {network.name for network in arrangement.networks}
    absent = [student for student in published.TABLE_2 if student.architecture not in ours]
    empty = (NOT_TRAINED,) * (2 + len(arrangement.objectives))
    rows += [
        Row(text(student.architecture), (*_published(student), *empty), quiet=True) for student in absent
    ]
    return Table(
        name="table-2",
        caption="Table 2 of arXiv:2210.08086 beside this run, accuracy at argmax; blank where there is none",
        spans=(
            ("", 1),
            ("The paper", 4),
            ("This run", 2),
            ("This run, accuracy", len(arrangement.objectives)),
        ),
        columns=(
            "network",
            *("parameters", "training", _PREDICTION, "accuracy"),
            *("parameters", _PREDICTION),
            *(objective_name(name) for name in arrangement.objectives),
        ),
        rows=tuple(rows),
    )


def _row(name: str, groups: Sequence[Group | None], benchmark: Benchmark | None) -> Row:
    summary = next(group.summary for group in groups if group is not None)
    printed = next((student for student in published.TABLE_2 if student.architecture == name), None)
    of_paper = (NOT_TRAINED,) * 4 if printed is None else _published(printed)
    ours = (
        Cell(
            numbers.count(summary.parameters),
            below=(f"{numbers.macs(summary.macs)} MACs", f"weights: {summary.first_weights or 'unknown'}"),
        ),
        _prediction(summary, benchmark),
    )
    return Row(text(name), (*of_paper, *ours, *map(_accuracy, groups)))


def _published(student: published.PublishedStudent) -> tuple[Cell, ...]:
    return (
        Cell(student.parameters),
        Cell(f"{student.training_seconds:,.0f} s"),
        Cell(f"{student.prediction_seconds:.2f} s"),
        Cell(numbers.fraction(student.accuracy), reason=student.remark),
    )


def _accuracy(group: Group | None) -> Cell:
    """Accuracy, and below it what else differs from objective to objective."""
    if group is None:
        return NOT_TRAINED
    accuracy = group.mean.operating_points["argmax"].accuracy
    below = (
        f"AUC {numbers.fraction(group.mean.auc.value)}",
        numbers.interval(group.mean.auc) or "no interval",
        ", ".join((f"training {numbers.duration(group.training_seconds)}", *group.training_remark)),
        numbers.several(group.mean.seeds, "seed"),
    )
    return Cell(numbers.fraction(accuracy.value), below=below)


def _prediction(summary: ModelSummary, benchmark: Benchmark | None) -> Cell:
    """A line a runtime that was timed; a dash where none was."""
    if benchmark is None:
        return _NOT_MEASURED
    lines: list[str] = []
    reason = None
    for runtime in speed.RUNTIMES:
        model = speed.measured(benchmark, summary.architecture, summary.input_size, runtime)
        disk = None if model is None else speed.from_disk(benchmark, model)
        if disk is not None:
            lines += _command_time(disk, runtime)
            reason = reason or _why_not(disk)
    if not lines:
        return _NOT_MEASURED
    first, *others = lines
    return Cell(first, below=tuple(others), reason=reason)


def _command_time(disk: DiskTime, runtime: Runtime) -> tuple[str, str]:
    """The time and where it comes from; where there is none, what was measured instead."""
    found = time_for(PAPER_IMAGES, disk)
    if found is None:
        return numbers.UNDEFINED, f"in {runtime}: {disk.seconds:.1f} s for {numbers.count(disk.images)}"
    return f"{found.seconds:.1f} s", ", ".join(filter(None, (f"in {runtime}", found.how)))


def _why_not(disk: DiskTime) -> str | None:
    """Why there is no time for the paper's number of images."""
    if time_for(PAPER_IMAGES, disk) is not None:
        return None
    return f"not measured on {PAPER_IMAGES:,} images, and not extrapolated: {why_unknown(disk)}"
