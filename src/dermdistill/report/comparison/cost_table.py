"""What every network costs, as the benchmark measured it."""

from collections.abc import Sequence

from dermdistill.benchmark.measurements import PAPER_IMAGES, Benchmark, DiskTime, Measured, Timing
from dermdistill.benchmark.whole_command import time_for, why_unknown
from dermdistill.report import numbers
from dermdistill.report.comparison import speed
from dermdistill.report.comparison.verdict import BASELINE
from dermdistill.report.groups import network_name
from dermdistill.report.tables import Cell, Row, Table, section, text

PAPERS_STUDENT = "dsnet"


def cost_table(benchmark: Benchmark) -> Table:
    """A row a network, input size and runtime; times are of one image unless a batch is named."""
    batches = sorted({timing.batch for model in benchmark.measured for timing in model.timings})
    references = (BASELINE, PAPERS_STUDENT)
    rows: list[Row] = []
    for runtime in speed.RUNTIMES:
        of_runtime = [model for model in benchmark.measured if model.runtime == runtime]
        if of_runtime:
            rows.append(section(runtime))
            rows += [_row(benchmark, model, batches, references) for model in of_runtime]
    return Table(
        name="cost",
        caption=f"Size, memory and speed; {numbers.several(benchmark.threads, 'thread')}, "
        f"{numbers.several(benchmark.rounds, 'round')}, on {benchmark.device}",
        spans=(
            ("", 4),
            ("One image at a time", 3),
            ("Images a second, by batch", len(batches)),
            ("Time as a multiple, same input size", len(references)),
        ),
        columns=(
            *("network", "parameters", "MACs", "file"),
            *("median", "95 %", "peak memory"),
            *(str(batch) for batch in batches),
            *(f"of {network_name(name)}" for name in references),
        ),
        rows=tuple(rows),
    )


def disk_table(benchmark: Benchmark) -> Table:
    """Whole commands, from image files to a finished table."""
    models = {(model.model, model.runtime): model for model in benchmark.measured}
    return Table(
        name="disk",
        caption="Whole commands, from image files to a finished table",
        columns=(
            *("network", "runtime", "turns", "images", "time", "of one image"),
            *("images a second, start included", f"time for {PAPER_IMAGES:,}"),
        ),
        rows=tuple(
            Row(
                _heading(benchmark, models[disk.model, disk.runtime]),
                (
                    text(disk.runtime),
                    Cell(str(max(len(disk.rises), 1))),
                    Cell(numbers.count(disk.images)),
                    Cell(f"{disk.seconds:.1f} s"),
                    Cell(f"{disk.start_seconds:.1f} s"),
                    Cell(f"{disk.images_per_second:.1f}"),
                    _of_paper_images(disk),
                ),
            )
            for disk in benchmark.from_disk
        ),
    )


def _of_paper_images(disk: DiskTime) -> Cell:
    found = time_for(PAPER_IMAGES, disk)
    if found is None:
        return Cell(numbers.UNDEFINED, reason=f"not extrapolated: {why_unknown(disk)}")
    if found.how is None:
        return Cell(f"{found.seconds:.1f} s")
    return Cell(f"{found.seconds:.1f} s", f"[{found.low:.1f}, {found.high:.1f}]", (found.how,))


def controls_sentence(benchmark: Benchmark) -> str:
    """A model against itself."""
    if not benchmark.controls:
        return "No model was measured against itself."
    parts = [
        f"{numbers.with_spread(control.ratio)} in {control.runtime} at batch {control.batch}"
        for control in benchmark.controls
    ]
    return (
        f"Control of the run, {benchmark.controls[0].ratio.to} measured against itself, which should be 1: "
        f"{numbers.listed(parts)}."
    )


def _row(benchmark: Benchmark, model: Measured, batches: Sequence[int], references: Sequence[str]) -> Row:
    one = speed.timing(model, 1)
    by_batch = [speed.timing(model, batch) for batch in batches]
    return Row(
        _heading(benchmark, model),
        (
            Cell(numbers.count(model.parameters)),
            Cell(numbers.macs(model.macs)),
            Cell(f"{model.file_bytes / 1000:,.0f} kB"),
            *_of_one(one),
            *(
                Cell("" if timing is None else numbers.three_digits(timing.images_per_second))
                for timing in by_batch
            ),
            *(_multiple(benchmark, model, name) for name in references),
        ),
    )


def _heading(benchmark: Benchmark, model: Measured) -> Cell:
    reference = ", reference" if model.model in benchmark.references else ""
    return text(network_name(model.architecture), f"{model.input_size} px{reference}")


def _of_one(one: Timing | None) -> tuple[Cell, Cell, Cell]:
    if one is None:
        return Cell(""), Cell(""), Cell("")
    return (
        Cell(f"{numbers.three_digits(one.p50_ms)} ms"),
        _late(one),
        Cell(f"{one.peak_mb:,.0f} MB"),
    )


def _late(one: Timing) -> Cell:
    if one.p95_ms is None:
        return Cell(numbers.UNDEFINED, reason=f"only {numbers.several(one.calls, 'call')} timed")
    return Cell(f"{numbers.three_digits(one.p95_ms)} ms")


def _multiple(benchmark: Benchmark, model: Measured, reference: str) -> Cell:
    """The time of one image as a multiple of the reference's at the same input size and runtime."""
    theirs = speed.measured(benchmark, reference, model.input_size, model.runtime)
    if theirs is not None and theirs.model == model.model:
        return Cell("1")
    ratio = speed.ratio(model, theirs, 1)
    if ratio is None:
        reason = f"{network_name(reference)} was not measured at {model.input_size} px in {model.runtime}"
        return Cell(numbers.UNDEFINED, reason=reason)
    return Cell(numbers.ratio(ratio.value, ratio.value), numbers.spread(ratio))
