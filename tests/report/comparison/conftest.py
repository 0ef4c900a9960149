"""A run folder of a comparison, made by code. A test fixture, no result."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dermdistill.benchmark.disk import disk_time
from dermdistill.benchmark.measurements import Benchmark, Control, Measured, Ratio, Runtime, Timing
from dermdistill.benchmark.ratios import time_ratio
from dermdistill.config import ComparedNetwork, CompareRecipe, DataRecipe, Recipe, StudentRecipe
from dermdistill.report import build_report
from dermdistill.report.comparison.arrangement import Arrangement, arrange
from dermdistill.report.groups import group_models
from dermdistill.report.reading import RunResults, read_run
from dermdistill.runs import RunFolder
from tests.report.conftest import RECIPE, Network, Scenario, write_run

SEEDS = (0, 1, 2)
RUNTIMES: tuple[Runtime, Runtime] = ("ONNX Runtime", "PyTorch")
REFERENCES = ("efficientnet_b0@224", "dsnet@224")
SIZES = {"efficientnet_b0": (4_012_670, 385_000_000), "vgg16": (14_717_250, 15_346_000_000)}
COMPARED = RECIPE.model_copy(
    update={
        "data": DataRecipe(size=64),
        "student": StudentRecipe(objectives=("labels", "hinton", "as-published"), seeds=SEEDS),
        "compare": CompareRecipe(
            networks=(ComparedNetwork(model="efficientnet_b0"), ComparedNetwork(model="vgg16")),
            temperatures=(3.0, 10.0, 100.0),
            batch_sizes=(18, 64),
        ),
    }
)


def student(
    objective: str, skill: float, suffix: str = "", *, batch: int = 64, temperature: float = 10.0
) -> Network:
    """DSNet with three seeds."""
    return Network(
        f"dsnet-{objective}{suffix}",
        objective,
        skill,
        first_weights="none",
        batch_size=batch,
        temperature=None if objective == "labels" else temperature,
    )


def other(
    architecture: str, objective: str, skill: float, parameters: int, macs: int, seeds: tuple[int, ...] = (0,)
) -> Network:
    """Another network as a student."""
    return Network(
        f"{architecture}-{objective}",
        objective,
        skill,
        "student",
        architecture,
        parameters,
        macs,
        seeds,
        "imagenet",
        64,
        None if objective == "labels" else 10.0,
    )


def baseline(objective: str, skill: float, seeds: tuple[int, ...] = SEEDS) -> Network:
    """EfficientNet-B0."""
    return other("efficientnet_b0", objective, skill, *SIZES["efficientnet_b0"], seeds)


def poor(network: Network) -> Network:
    """One that calls half of all images melanoma, whatever they show."""
    return replace(network, skill=0.3, shift=2.0)


TEACHER = Network(
    "teacher", "labels", 2.2, "teacher", "resnet50", 23_516_228, 4_087_000_000, (0,), "imagenet", 64
)
NETWORKS = (
    TEACHER,
    student("labels", 0.9),
    student("hinton", 1.7),
    student("as-published", 0.5),
    student("hinton", 1.3, "-T3", temperature=3.0),
    student("hinton", 1.0, "-T100", temperature=100.0),
    student("hinton", 1.65, "-batch18", batch=18),
    *(
        baseline(name, skill, (0,))
        for name, skill in (("labels", 2.0), ("hinton", 2.3), ("as-published", 1.2))
    ),
    *(other("vgg16", name, skill, *SIZES["vgg16"]) for name, skill in (("labels", 1.8), ("hinton", 1.8))),
)


def pairs_of(networks: Sequence[Network]) -> list[tuple[str, str]]:
    """Every student against its own control and against the teacher, as a run writes them."""
    controls = {n.architecture: n.group for n in networks if n.role == "student" and n.objective == "labels"}
    students = [n for n in networks if n.role == "student"]
    against_control = [
        (n.group, controls[n.architecture])
        for n in students
        if n.objective != "labels" and n.architecture in controls
    ]
    has_teacher = any(n.role == "teacher" for n in networks)
    return against_control + [(n.group, "teacher") for n in students if has_teacher]


def write_comparison(
    run: RunFolder, networks: Sequence[Network] = NETWORKS, recipe: Recipe = COMPARED, **scenario: object
) -> RunFolder:
    """A run folder without a benchmark."""
    changed = replace(Scenario(seeds=SEEDS), **scenario)  # type: ignore[arg-type]
    return write_run(run, changed, networks, pairs_of(networks), recipe)


def measured_in(
    milliseconds: Mapping[tuple[str, int], float],
    *,
    rounds: int = 10,
    runtimes: Sequence[Runtime] = RUNTIMES,
    control: float = 1.0,
    noise: float = 0.01,
) -> Benchmark:
    """A benchmark in which networks take so long in ONNX Runtime and twice as long in PyTorch.

    Args:
        milliseconds: of one image, by architecture and input size; those at 224 px are references.
        rounds: how many.
        runtimes: which were measured.
        control: the first model's time as a multiple of its own.
        noise: relative standard deviation of a round.
    """
    random = np.random.default_rng(0)
    taken = {
        (name, size, runtime): tuple(
            ms * (2 if runtime == "PyTorch" else 1) * (1 + noise * random.normal(size=rounds))
        )
        for runtime in runtimes
        for (name, size), ms in milliseconds.items()
    }
    names = {at: f"{at[0]}@224" if at[1] == 224 else f"{at[0]}-labels-seed0" for at in milliseconds}
    return Benchmark(
        environment={"processor": "a fixture", "cores": "2"},
        device="cpu",
        threads=1,
        rounds=rounds,
        seed=0,
        references=REFERENCES,
        measured=tuple(
            Measured(
                model=names[name, size],
                runtime=runtime,
                architecture=name,
                input_size=size,
                parameters=SIZES.get(name, (268_898, 1_096_000_000))[0],
                macs=SIZES.get(name, (268_898, 1_096_000_000))[1],
                file_bytes=1_077_000,
                timings=tuple(_timing(batch, ms) for batch in (1, 8)),
            )
            for (name, size, runtime), ms in taken.items()
        ),
        controls=tuple(
            Control(
                runtime=runtime,
                batch=1,
                ratio=Ratio(to="first", value=control, low=control - 0.005, high=control + 0.005),
            )
            for runtime in runtimes
        ),
        from_disk=tuple(
            disk_time(
                names[name, size], runtime, 3000, [(2.0, 2 + 3 * float(np.median(ms)))] * min(rounds, 3)
            )
            for (name, size, runtime), ms in taken.items()
        ),
        notes=("a note of the benchmark",),
    )


def _timing(batch: int, milliseconds: Sequence[float]) -> Timing:
    median = float(np.median(milliseconds))
    itself = time_ratio([[ms] for ms in milliseconds], [[ms] for ms in milliseconds], REFERENCES[0])
    return Timing(
        batch=batch,
        calls=10 * len(milliseconds),
        p50_ms=batch * median,
        p95_ms=1.2 * batch * median,
        images_per_second=1000 / median,
        peak_mb=123.4,
        round_ms=tuple(batch * ms for ms in milliseconds),
        ratios=(itself,),
    )


@pytest.fixture
def run_results(make_comparison: Callable[..., RunFolder]) -> Callable[..., tuple[RunResults, Arrangement]]:
    """What a report reads of a comparison, and its arrangement; arguments as of `make_comparison`."""

    def make(*networks: Network, **changes: object) -> tuple[RunResults, Arrangement]:
        results = read_run(make_comparison(*networks, **changes))
        return results, arrange(group_models(results), results.recipe)

    return make


@pytest.fixture
def make_comparison(tmp_path: Path) -> Callable[..., RunFolder]:
    """Write the folder of a comparison; see `write_comparison`."""
    return lambda *networks, **changes: write_comparison(
        RunFolder(Path(tempfile.mkdtemp(dir=tmp_path))), networks or NETWORKS, **changes
    )


@pytest.fixture(scope="session")
def reported_comparison(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A comparison with a benchmark and its page; tests only read it."""
    run = write_comparison(RunFolder(tmp_path_factory.mktemp("shared") / "comparison"))
    times = {
        ("dsnet", 64): 1.0,
        ("efficientnet_b0", 64): 2.0,
        ("vgg16", 64): 9.0,
        ("efficientnet_b0", 224): 6.0,
        ("dsnet", 224): 10.0,
    }
    run.benchmark.write_text(measured_in(times).model_dump_json())
    build_report(run)
    return run
