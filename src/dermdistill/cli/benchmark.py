"""What ``dermdistill benchmark`` does and how its figures look in the terminal."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dermdistill.benchmark.measure import Options, measure_models
from dermdistill.benchmark.measurements import PAPER_IMAGES, Benchmark, DiskTime, Measured, Ratio, Timing
from dermdistill.benchmark.whole_command import time_for, why_unknown
from dermdistill.columns import align
from dermdistill.digits import rounded
from dermdistill.errors import printable
from dermdistill.json_files import is_json_of
from dermdistill.messages import inform, note
from dermdistill.outputs import Output, open_output
from dermdistill.pipeline.environment import choose_device, describe_environment

_SIZES = ("model", "runtime", "parameters", "MMACs", "file kB", "peak MB, 1 image")
_DISK = ("model", "runtime", "images", "seconds", "of one image", "images/s", f"seconds for {PAPER_IMAGES:,}")


def measure_and_print(
    models: Sequence[str], options: Options, *, out: Path | None, overwrite: bool, as_json: bool
) -> None:
    """Measure, print, and write the JSON file if one is wanted.

    Raises:
        UserError: a model that cannot be measured, no such device, or a file that cannot be written.
    """
    device = choose_device(options.device)
    output = None if out is None else _output(out, models, overwrite=overwrite)
    measured = measure_models(models, replace(options, device=str(device)), describe_environment(device))
    if output is not None:
        output.write(f"{measured.model_dump_json(indent=2)}\n".encode())
        inform(f"wrote {printable(str(out))}")
    print(
        json.dumps(rounded(measured.model_dump(mode="json")), indent=2)
        if as_json
        else benchmark_text(measured)
    )
    if not as_json:
        for remark in measured.notes:
            note(remark)


def _output(out: Path, models: Sequence[str], *, overwrite: bool) -> Output:
    return open_output(
        out,
        "--output",
        expected="a file of `dermdistill benchmark --output`",
        is_ours=lambda path: is_json_of(path, Benchmark),
        reads=models,
        overwrite=overwrite,
    )


def benchmark_text(result: Benchmark) -> str:
    """All tables, for a person to read."""
    batches = [timing.batch for timing in result.measured[0].timings]
    parts = [_machine(result), align([_SIZES, *map(_sizes, result.measured)], keys=2)]
    parts += [_of_batch(result, batch) for batch in batches]
    parts.append(_controls(result))
    if result.from_disk:
        parts.append(_from_disk(result))
    return "\n\n".join(parts)


def _machine(result: Benchmark) -> str:
    lines = (("processor", "cores", "gpu", "load"), ("dermdistill", "python", "torch", "onnxruntime"))
    known = result.environment
    described = (", ".join(f"{key} {known[key]}" for key in keys if key in known) for keys in lines)
    settings = f"threads {result.threads}, rounds {result.rounds}, seed {result.seed}"
    return "\n".join([*filter(None, described), settings])


def _sizes(measured: Measured) -> tuple[str, ...]:
    return (
        measured.model,
        measured.runtime,
        f"{measured.parameters:,}",
        f"{measured.macs / 1e6:,.1f}",
        f"{measured.file_bytes / 1e3:,.0f}",
        f"{measured.timings[0].peak_mb:.0f}" if measured.timings[0].batch == 1 else "-",
    )


def _of_batch(result: Benchmark, batch: int) -> str:
    head = ("model", "runtime", "p50 ms", "p95 ms", "images/s", "peak MB", *map(_times, result.references))
    rows = [
        (measured.model, measured.runtime, *_timing(measured.model, timing, result.references))
        for measured in result.measured
        for timing in measured.timings
        if timing.batch == batch
    ]
    return f"batch {batch}; time as a multiple, median of the rounds [5 %, 95 %]\n" + align(
        [head, *rows], keys=2
    )


def _times(reference: str) -> str:
    return f"x {reference}"


def _timing(model: str, timing: Timing, references: Sequence[str]) -> tuple[str, ...]:
    ratios = {ratio.to: ratio for ratio in timing.ratios}
    return (
        f"{timing.p50_ms:.2f}",
        "-" if timing.p95_ms is None else f"{timing.p95_ms:.2f}",
        f"{timing.images_per_second:.1f}",
        f"{timing.peak_mb:.0f}",
        *("1" if name == model else _ratio(ratios[name]) if name in ratios else "-" for name in references),
    )


def _ratio(ratio: Ratio) -> str:
    if ratio.low is None or ratio.high is None:
        return f"{ratio.value:.3f}"
    return f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"


def _controls(result: Benchmark) -> str:
    rows = [(c.ratio.to, c.runtime, str(c.batch), _ratio(c.ratio)) for c in result.controls]
    head = ("control: a model against itself", "runtime", "batch", "should be 1")
    return align([head, *rows], keys=2)


def _from_disk(result: Benchmark) -> str:
    rows = [
        (
            disk.model,
            disk.runtime,
            f"{disk.images:,}",
            f"{disk.seconds:.1f}",
            f"{disk.start_seconds:.1f}",
            f"{disk.images_per_second:.1f}",
            _of_paper_images(disk),
        )
        for disk in result.from_disk
    ]
    turns = max(len(result.from_disk[0].rises), 1)
    return (
        "whole commands, from start to finished table; "
        f"{'measured once' if turns == 1 else f'median of {turns} turns'}\n" + align([_DISK, *rows], keys=2)
    )


def _of_paper_images(disk: DiskTime) -> str:
    found = time_for(PAPER_IMAGES, disk)
    if found is None:
        return f"- ({why_unknown(disk)})"
    if found.how is None:
        return f"{found.seconds:.1f}"
    return f"{found.seconds:.1f} [{found.low:.1f}, {found.high:.1f}], {found.how}"
