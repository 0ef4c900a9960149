"""What a benchmark says of one network beside another."""

from collections.abc import Sequence
from dataclasses import asdict

from dermdistill.benchmark import ratios
from dermdistill.benchmark.measurements import PAPER_IMAGES, Benchmark, Measured, Ratio, Runtime, Timing
from dermdistill.benchmark.whole_command import time_for, why_unknown
from dermdistill.judgement.judgement import CommandTime, Faster, FasterAnswer, Multiples, Race, RaceResult

RUNTIMES: tuple[Runtime, Runtime] = ("ONNX Runtime", "PyTorch")
PAPER_SIZE = 224


def measured(benchmark: Benchmark | None, architecture: str, size: int, runtime: Runtime) -> Measured | None:
    """The first model of this network and input size; speed does not depend on the weights."""
    found = () if benchmark is None else benchmark.measured
    wanted = (architecture, size, runtime)
    return next((m for m in found if (m.architecture, m.input_size, m.runtime) == wanted), None)


def timing(model: Measured, batch: int) -> Timing | None:
    """Its times at one batch size."""
    return next((timing for timing in model.timings if timing.batch == batch), None)


def judge_speed(benchmark: Benchmark | None, student: str, baseline: str, size: int) -> Faster:
    """One image at a time, at the run's input size and at the paper's, in every runtime."""
    if benchmark is None:
        return Faster(answer="not measured", races=())
    races = tuple(
        _race(benchmark, student, baseline, each, runtime)
        for each in dict.fromkeys((size, PAPER_SIZE))
        for runtime in RUNTIMES
    )
    return Faster(answer=_answer(races), races=races)


def _race(benchmark: Benchmark, student: str, baseline: str, size: int, runtime: Runtime) -> Race:
    ratio = _ratio(*(measured(benchmark, name, size, runtime) for name in (student, baseline)))
    wanted = (runtime, 1)
    control = next((c.ratio for c in benchmark.controls if (c.runtime, c.batch) == wanted), None)
    found = None if ratio is None else _found(ratio, control)
    return Race(input_size=size, runtime=runtime, ratio=ratio, control=control, found=found)


def _ratio(mine: Measured | None, theirs: Measured | None) -> Ratio | None:
    """The time of one image as a multiple, by rounds; None unless both were measured."""
    if mine is None or theirs is None:
        return None
    of_mine, of_theirs = timing(mine, 1), timing(theirs, 1)
    if of_mine is None or of_theirs is None:
        return None
    return ratios.time_ratio(_rounds(of_mine), _rounds(of_theirs), theirs.model)


def _rounds(of: Timing) -> list[list[float]]:
    return [[milliseconds] for milliseconds in of.round_ms]


def _found(ratio: Ratio, control: Ratio | None) -> RaceResult:
    """A difference is one where its spread excludes 1 and what a model against itself gave."""
    if ratio.low is None or ratio.high is None:
        return "no spread"
    of_itself = (control.low, control.high) if control is not None else ()
    noise = [1.0, *(bound for bound in of_itself if bound is not None)]
    if ratio.high < min(noise):
        return "faster"
    return "slower" if ratio.low > max(noise) else "no measurable difference"


def _answer(races: Sequence[Race]) -> FasterAnswer:
    found = {race.found for race in races} - {None}
    if not found:
        return "not both measured"
    if found == {"faster"}:
        return "yes"
    if found == {"slower"}:
        return "no"
    if found & {"faster", "slower"}:
        return "mixed"
    return "no spread" if found == {"no spread"} else "cannot be told"


def multiples(benchmark: Benchmark, references: Sequence[str]) -> tuple[Multiples, ...]:
    """Of every measured model; a reference that was not measured alike is left out."""
    found = []
    for model in benchmark.measured:
        of = {}
        for name in references:
            theirs = measured(benchmark, name, model.input_size, model.runtime)
            ratio = _ratio(model, theirs)
            if ratio is not None:
                of[name] = ratio
        found.append(Multiples(model=model.model, runtime=model.runtime, of=of))
    return tuple(found)


def command_times(benchmark: Benchmark) -> tuple[CommandTime, ...]:
    """Of every whole command that was measured."""
    times = []
    for disk in benchmark.from_disk:
        found = time_for(PAPER_IMAGES, disk)
        known = {"seconds": None, "why": why_unknown(disk)} if found is None else asdict(found)
        times.append(
            CommandTime(
                model=disk.model,
                runtime=disk.runtime,
                images=disk.images,
                measured_seconds=disk.seconds,
                **known,
            )
        )
    return tuple(times)
