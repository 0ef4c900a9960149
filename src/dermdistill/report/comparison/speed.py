"""What a benchmark says of one network beside another."""

from dermdistill.benchmark import ratios
from dermdistill.benchmark.measurements import Benchmark, DiskTime, Measured, Ratio, Runtime, Timing

RUNTIMES: tuple[Runtime, Runtime] = ("ONNX Runtime", "PyTorch")


def measured(benchmark: Benchmark | None, architecture: str, size: int, runtime: Runtime) -> Measured | None:
    """The first model of this network and input size; speed does not depend on the weights."""
    found = () if benchmark is None else benchmark.measured
    wanted = (architecture, size, runtime)
    return next((m for m in found if (m.architecture, m.input_size, m.runtime) == wanted), None)


def timing(model: Measured, batch: int) -> Timing | None:
    """Its times at one batch size."""
    return next((timing for timing in model.timings if timing.batch == batch), None)


def ratio(mine: Measured | None, theirs: Measured | None, batch: int) -> Ratio | None:
    """The time of a model as a multiple of another's, by rounds; None unless both were measured."""
    if mine is None or theirs is None:
        return None
    of_mine, of_theirs = timing(mine, batch), timing(theirs, batch)
    if of_mine is None or of_theirs is None:
        return None
    return ratios.time_ratio(_rounds(of_mine), _rounds(of_theirs), theirs.model)


def control(benchmark: Benchmark, runtime: Runtime, batch: int) -> Ratio | None:
    """A model against itself: what the run takes for a difference where there is none."""
    wanted = (runtime, batch)
    return next((c.ratio for c in benchmark.controls if (c.runtime, c.batch) == wanted), None)


def from_disk(benchmark: Benchmark, model: Measured) -> DiskTime | None:
    """The whole command with this model in this runtime."""
    wanted = (model.model, model.runtime)
    return next((disk for disk in benchmark.from_disk if (disk.model, disk.runtime) == wanted), None)


def _rounds(of: Timing) -> list[list[float]]:
    return [[milliseconds] for milliseconds in of.round_ms]
