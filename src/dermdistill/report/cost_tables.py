"""What every network costs, as the benchmark measured it."""

from collections.abc import Mapping, Sequence

from dermdistill.benchmark.measurements import PAPER_IMAGES, Benchmark, Measured, Ratio, Timing
from dermdistill.judgement.judgement import CommandTime, NetworkComparison
from dermdistill.judgement.names import network_name
from dermdistill.judgement.networks import BASELINE, PAPERS_STUDENT
from dermdistill.judgement.speed import RUNTIMES, measured, timing
from dermdistill.report import numbers
from dermdistill.report.table import BLANK, Table, TableCell, TableRow, missing, section, text

_REFERENCES = (BASELINE, PAPERS_STUDENT)


def cost_table(benchmark: Benchmark, networks: NetworkComparison) -> Table:
    """A row for each network, input size and runtime; times are of one image unless a batch is named."""
    batches = sorted({timing.batch for model in benchmark.measured for timing in model.timings})
    multiples = {(each.model, each.runtime): each.of for each in networks.multiples}
    rows: list[TableRow] = []
    for runtime in RUNTIMES:
        of_runtime = [model for model in benchmark.measured if model.runtime == runtime]
        if of_runtime:
            rows.append(section(runtime))
            rows += [_row(benchmark, model, batches, multiples[model.model, runtime]) for model in of_runtime]
    return Table(
        name="cost",
        caption=f"Size, memory and speed; {numbers.several(benchmark.threads, 'thread')}, "
        f"{numbers.several(benchmark.rounds, 'round')}, on {benchmark.device}",
        spans=(
            ("", 4),
            ("One image at a time", 3),
            ("Images a second, by batch", len(batches)),
            ("Time as a multiple, same input size", len(_REFERENCES)),
        ),
        columns=(
            *("network", "parameters", "MACs", "file"),
            *("median", "95 %", "peak memory"),
            *(str(batch) for batch in batches),
            *(f"of {network_name(name)}" for name in _REFERENCES),
        ),
        rows=tuple(rows),
    )


def disk_table(benchmark: Benchmark, networks: NetworkComparison) -> Table:
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
            TableRow(
                _heading(benchmark, models[disk.model, disk.runtime]),
                (
                    text(disk.runtime),
                    TableCell(str(max(len(disk.rises), 1))),
                    TableCell(numbers.count(disk.images)),
                    TableCell(f"{disk.seconds:.1f} s"),
                    TableCell(f"{disk.start_seconds:.1f} s"),
                    TableCell(f"{disk.images_per_second:.1f}"),
                    _of_paper_images(time),
                ),
            )
            for disk, time in zip(benchmark.from_disk, networks.command_times, strict=True)
        ),
    )


def _of_paper_images(time: CommandTime) -> TableCell:
    if time.seconds is None:
        return missing(f"not extrapolated: {time.why}")
    if time.how is None:
        return TableCell(f"{time.seconds:.1f} s")
    return TableCell(f"{time.seconds:.1f} s", f"[{time.low:.1f}, {time.high:.1f}]", (time.how,))


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


def _row(
    benchmark: Benchmark, model: Measured, batches: Sequence[int], multiples: Mapping[str, Ratio]
) -> TableRow:
    by_batch = [timing(model, batch) for batch in batches]
    return TableRow(
        _heading(benchmark, model),
        (
            TableCell(numbers.count(model.parameters)),
            TableCell(numbers.macs(model.macs)),
            TableCell(f"{model.file_bytes / 1000:,.0f} kB"),
            *_of_one(timing(model, 1)),
            *(
                BLANK if timed is None else TableCell(numbers.three_digits(timed.images_per_second))
                for timed in by_batch
            ),
            *(_multiple(benchmark, model, name, multiples.get(name)) for name in _REFERENCES),
        ),
    )


def _heading(benchmark: Benchmark, model: Measured) -> TableCell:
    reference = ", reference" if model.model in benchmark.references else ""
    return text(network_name(model.architecture), f"{model.input_size} px{reference}")


def _of_one(one: Timing | None) -> tuple[TableCell, TableCell, TableCell]:
    if one is None:
        return BLANK, BLANK, BLANK
    return (
        TableCell(f"{numbers.three_digits(one.p50_ms)} ms"),
        _late(one),
        TableCell(f"{one.peak_mb:,.0f} MB"),
    )


def _late(one: Timing) -> TableCell:
    if one.p95_ms is None:
        return missing(f"only {numbers.several(one.calls, 'call')} timed")
    return TableCell(f"{numbers.three_digits(one.p95_ms)} ms")


def _multiple(benchmark: Benchmark, model: Measured, reference: str, ratio: Ratio | None) -> TableCell:
    """The time of one image as a multiple of the reference's at the same input size and runtime."""
    theirs = measured(benchmark, reference, model.input_size, model.runtime)
    if theirs is not None and theirs.model == model.model:
        return TableCell("1")
    if ratio is None:
        return missing(
            f"{network_name(reference)} was not measured at {model.input_size} px in {model.runtime}"
        )
    return TableCell(numbers.ratio(ratio.value, ratio.value), numbers.spread(ratio))
