"""Size, memory and speed of models, through the one predictor protocol, as ratios measured in one run."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import onnxruntime as ort

from dermdistill.benchmark.disk import image_files, times_from_disk
from dermdistill.benchmark.measurements import PAPER_IMAGES, Benchmark, Control, Measured, Runtime, Timing
from dermdistill.benchmark.race import Times, race
from dermdistill.benchmark.ratios import LEAST_ROUNDS, medians, percentiles, time_ratio
from dermdistill.benchmark.subjects import (
    REFERENCES,
    NamedModel,
    Subject,
    check_architecture,
    find_models,
    prepare_subject,
)
from dermdistill.benchmark.whole_command import LEAST_TURNS
from dermdistill.benchmark.worker_process import WorkerProcess
from dermdistill.cores import process_cores
from dermdistill.errors import UserError
from dermdistill.progress import bar

_TWIN = "again"
_LEAST_CALLS_P95 = 20
"""With fewer, a 95 % quantile is only another name for the slowest call."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure.

    Attributes:
        batches: images a call; every one at least 1.
        rounds: how often each model has its turn.
        threads: of every call and command.
        device: where PyTorch computes; on ``cuda`` nothing is measured in ONNX Runtime.
        seed: of the order of turns.
        images: a folder of images, to time whole commands on too.
        count: how many images such a command predicts; each has ``rounds`` turns, at most 3.
        references: architectures ``name@size`` that are measured in the same run.

    Raises:
        UserError: a number out of range.
    """

    batches: tuple[int, ...] = (1, 8, 32)
    rounds: int = 10
    threads: int = 1
    device: str = "cpu"
    seed: int = 0
    images: Path | None = None
    count: int = PAPER_IMAGES
    references: tuple[str, ...] = REFERENCES

    def __post_init__(self) -> None:
        least = (("--rounds", self.rounds, 1), ("--threads", self.threads, 1), ("--count", self.count, 2))
        for name, value, at_least in (*((("--batch", batch, 1)) for batch in self.batches), *least):
            if value < at_least:
                raise UserError(f"{name} {value}: expected {at_least} or more")


def measure_models(words: Sequence[str], options: Options, environment: Mapping[str, str]) -> Benchmark:
    """Measure the models that the user named, and the references, in turns (see ``race``).

    Every model is loaded by a process of its own for each runtime, anew in each round (see ``worker`` for
    what is timed). The first one is loaded by a second process too and measured as if it were another model:
    what its two times differ by is the noise of this run.

    Args:
        words: models (see ``subjects``).
        options: how to measure.
        environment: of the machine, for the record.

    Raises:
        UserError: a model that is not there or cannot be measured.
    """
    found = find_models(words, options.references)
    for named in found:
        check_architecture(named)
    files = image_files(options.images) if options.images else []
    before = _load()
    with tempfile.TemporaryDirectory() as folder:
        subjects = _prepared(found, Path(folder), with_onnx=options.device == "cpu")
        times = _raced(subjects, options)
        from_disk = (
            times_from_disk(
                subjects,
                files,
                options.count,
                turns=min(options.rounds, LEAST_TURNS),
                threads=options.threads,
                device=options.device,
            )
            if files
            else []
        )
        measured = [
            _measured(subject, runtime, times, options)
            for runtime in _runtimes(subjects)
            for subject in subjects
            if runtime in subject.files
        ]
    controls = [
        _control(subjects[0].name, runtime, batch, times)
        for runtime in subjects[0].files
        for batch in _batches(options)
    ]
    return Benchmark(
        environment={**environment, **_of_runtime(options), "load": f"{before} before, {_load()} after"},
        device=options.device,
        threads=options.threads,
        rounds=options.rounds,
        seed=options.seed,
        references=options.references,
        measured=tuple(measured),
        controls=tuple(controls),
        from_disk=tuple(from_disk),
        notes=(*notes(options, controls), *(note for subject in subjects for note in subject.notes)),
    )


def _prepared(found: Sequence[NamedModel], folder: Path, *, with_onnx: bool) -> list[Subject]:
    subjects = []
    for i, named in enumerate(bar(found, label="preparing", unit="model")):
        place = folder / str(i)
        place.mkdir()
        subject = prepare_subject(named, place, with_onnx=with_onnx)
        if "PyTorch" not in subject.files and not with_onnx:
            raise UserError(f"{named.name}: ONNX files are measured on the CPU; leave --device out")
        subjects.append(subject)
    return subjects


def _raced(subjects: Sequence[Subject], options: Options) -> dict[tuple[str, int], Times]:
    """Of every model in every runtime, and of the first one's twin."""

    @contextmanager
    def loaded() -> Iterator[Mapping[str, WorkerProcess]]:
        with ExitStack() as stack:
            workers = {}
            for subject in (*subjects, _twin(subjects[0])):
                for runtime, file in subject.files.items():
                    worker = WorkerProcess(
                        subject.name, runtime, file, threads=options.threads, device=options.device
                    )
                    workers[_key(subject.name, runtime)] = stack.enter_context(closing(worker))
            for worker in bar(workers.values(), label="loading", unit="model"):
                worker.wait_until_loaded()
            yield workers

    return race(loaded, options.batches, rounds=options.rounds, seed=options.seed)


def _twin(subject: Subject) -> Subject:
    return replace(subject, name=f"{subject.name} {_TWIN}")


def _measured(
    subject: Subject, runtime: Runtime, times: Mapping[tuple[str, int], Times], options: Options
) -> Measured:
    return Measured(
        model=subject.name,
        runtime=runtime,
        architecture=subject.architecture,
        input_size=subject.size,
        parameters=subject.parameters,
        macs=subject.macs,
        file_bytes=subject.files[runtime].stat().st_size,
        timings=tuple(
            _timing(subject.name, runtime, batch, times, options.references) for batch in _batches(options)
        ),
    )


def _timing(
    model: str,
    runtime: Runtime,
    batch: int,
    times: Mapping[tuple[str, int], Times],
    references: Sequence[str],
) -> Timing:
    mine = times[_key(model, runtime), batch]
    middle, late = percentiles(mine.rounds)
    calls = sum(map(len, mine.rounds))
    of_rounds = medians(mine.rounds)
    return Timing(
        batch=batch,
        calls=calls,
        p50_ms=1000 * middle,
        p95_ms=1000 * late if calls >= _LEAST_CALLS_P95 else None,
        images_per_second=batch / median(of_rounds),
        peak_mb=mine.peak_mb,
        round_ms=tuple(1000 * seconds for seconds in of_rounds),
        ratios=tuple(
            time_ratio(mine.rounds, times[_key(reference, runtime), batch].rounds, reference)
            for reference in references
            if (_key(reference, runtime), batch) in times
        ),
    )


def _control(model: str, runtime: Runtime, batch: int, times: Mapping[tuple[str, int], Times]) -> Control:
    twin = times[_key(f"{model} {_TWIN}", runtime), batch]
    itself = times[_key(model, runtime), batch]
    return Control(runtime=runtime, batch=batch, ratio=time_ratio(twin.rounds, itself.rounds, model))


def notes(options: Options, controls: Sequence[Control]) -> list[str]:
    """What a reader must know: too many threads, and controls that are not 1."""
    found = []
    cores = process_cores()
    if options.threads > cores:
        found.append(f"{options.threads} threads on {cores} cores: they wait for each other")
    if options.rounds < LEAST_ROUNDS:
        found.append(f"fewer than {LEAST_ROUNDS} rounds: no spread is given")
    for control in controls:
        if control.holds is False:
            found.append(
                f"{control.ratio.to} against itself in {control.runtime} at batch {control.batch} is "
                f"{control.ratio.value:.3f}, not 1: this run cannot tell smaller differences; repeat it on a "
                "quiet machine"
            )
    return found


def _of_runtime(options: Options) -> dict[str, str]:
    return {
        "onnxruntime": str(ort.__version__),
        "cores": str(process_cores()),
        "threads": str(options.threads),
    }


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _batches(options: Options) -> list[int]:
    return sorted(set(options.batches))


def _runtimes(subjects: Sequence[Subject]) -> list[Runtime]:
    return list(dict.fromkeys(runtime for subject in subjects for runtime in subject.files))


def _key(model: str, runtime: Runtime) -> str:
    return f"{model} in {runtime}"
