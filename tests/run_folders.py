"""Run folders made by code: simulated networks that score simulated lesions. A test fixture, no result."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dermdistill.benchmark.measurements import Benchmark, Control, Measured, Ratio, Runtime, Timing
from dermdistill.benchmark.ratios import time_ratio
from dermdistill.benchmark.whole_command import disk_time
from dermdistill.config import (
    ComparedNetwork,
    CompareRecipe,
    DataRecipe,
    EvaluationRecipe,
    Recipe,
    StudentRecipe,
    to_toml,
)
from dermdistill.evaluation.predictions import Predictions, write_predictions
from dermdistill.files import write_text
from dermdistill.json_files import write_json
from dermdistill.records import SPLIT_NAMES
from dermdistill.runs import DataSummary, ModelSummary, RunFolder, RunManifest

DIAGNOSES = ("nevus", "melanoma", "benign keratosis", "basal cell carcinoma")
SHARES = (0.66, 0.16, 0.12, 0.06)
REPLICATES = 100


@dataclass(frozen=True)
class Network:
    """How a simulated network does: its scores separate melanoma by ``skill`` standard deviations."""

    group: str
    objective: str
    skill: float
    role: str = "student"
    architecture: str = "dsnet"
    parameters: int = 268_898
    macs: int = 1_096_000_000
    seeds: tuple[int, ...] | None = None
    """None takes the scenario's."""
    first_weights: str | None = None
    batch_size: int | None = None
    temperature: float | None = None
    shift: float = 0.0
    """Added to every logit: how readily it calls melanoma."""


NETWORKS = (
    Network("teacher", "labels", 2.2, "teacher", "resnet50", 23_516_228, 4_087_000_000, (0,)),
    Network("dsnet-labels", "labels", 0.9),
    Network("dsnet-hinton", "hinton", 1.7),
    Network("dsnet-as-published", "as-published", 0.9),
)
RECIPE = Recipe(name="fixture", evaluation=EvaluationRecipe(replicates=REPLICATES))


@dataclass(frozen=True)
class Scenario:
    """What the fixture run is of; ``seeds`` are those of each student."""

    seeds: tuple[int, ...] = (0,)
    lesions: int = 240
    synthetic: bool = False
    notes: tuple[str, ...] = ()
    image_id: str = "IMG_{:05d}"
    diagnoses: tuple[str, ...] = DIAGNOSES
    sources: tuple[str, ...] = ("",)
    details: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Column and values of patients and lesions, in turns."""


def write_run(
    run: RunFolder,
    scenario: Scenario,
    networks: Sequence[Network] = NETWORKS,
    recipe: Recipe = RECIPE,
) -> RunFolder:
    """Write every file that the contract of a run folder names, but for the weights."""
    images = _draw_images(scenario)
    _write_run_files(run, scenario, images, recipe)
    for network in networks:
        for seed in scenario.seeds if network.seeds is None else network.seeds:
            _write_model(run, network, seed, images, recipe.data.size)
    return run


def _draw_images(scenario: Scenario) -> Predictions:
    """One or two images per lesion, in all three splits; the probabilities are left at 0."""
    random = np.random.default_rng(0)
    lesions = np.repeat(np.arange(scenario.lesions), random.integers(1, 3, scenario.lesions))
    diagnosis = random.choice(len(DIAGNOSES), p=SHARES, size=scenario.lesions)
    splits = np.array(("train", "val", "test"))[np.digitize(lesions / scenario.lesions, (0.5, 0.65))]
    return Predictions(
        image_id=tuple(scenario.image_id.format(i) for i in range(len(lesions))),
        lesion_id=tuple(f"LES_{i:04d}" for i in lesions),
        split=tuple(splits.tolist()),
        diagnosis=tuple(scenario.diagnoses[diagnosis[i]] for i in lesions),
        probability=np.zeros(len(lesions)),
        source=tuple(scenario.sources[i % len(scenario.sources)] for i in lesions),
        details={name: tuple(values[i % len(values)] for i in lesions) for name, values in scenario.details},
    )


def _score(images: Predictions, skill: float, seed: int, shift: float) -> Predictions:
    # Half of the noise belongs to the image, so that networks err on the same ones.
    hard = np.random.default_rng(1).normal(size=len(images))
    own = np.random.default_rng(100 + seed + round(1000 * skill)).normal(size=len(images))
    logit = skill * images.label + (hard + own) / np.sqrt(2) - 2 + shift
    return replace(images, probability=1 / (1 + np.exp(-1.3 * logit)))


def _write_model(run: RunFolder, network: Network, seed: int, images: Predictions, input_size: int) -> None:
    name = network.group if network.role == "teacher" else f"{network.group}-seed{seed}"
    folder = run.model(name)
    scored = _score(images, network.skill, seed, network.shift)
    is_teacher = network.role == "teacher"
    summary = ModelSummary(
        name=name,
        group=network.group,
        role="teacher" if is_teacher else "student",
        architecture=network.architecture,
        objective=network.objective,
        seed=seed,
        identity="0" * 16,
        input_size=input_size,
        parameters=network.parameters,
        macs=network.macs,
        weights_bytes=94_300_000 if is_teacher else 1_077_000,
        epochs=12,
        kept_epochs=(9,),
        training_seconds=5021.0 if is_teacher else 338.4,
        first_weights=network.first_weights,
        batch_size=network.batch_size,
        temperature=network.temperature,
    )
    write_json(folder.summary, summary)
    write_predictions(folder.predictions, scored)
    _write_history(folder.history, network, seed)


def _write_history(path: Path, network: Network, seed: int) -> None:
    random = np.random.default_rng(seed)
    lines = ["epoch,learning_rate,train_loss,hard,val_auc,seconds"]
    for epoch in range(1, 13):
        loss = (2.5 if network.objective == "hinton" else 0.6) * np.exp(-epoch / 9) + 0.02 * random.random()
        auc = 0.72 + 0.07 * network.skill - 0.25 * np.exp(-epoch / 3) + 0.01 * random.normal()
        lines.append(f"{epoch},0.001,{loss:.6f},{loss / 2:.6f},{auc:.6f},3.1")
    write_text(path, "\n".join(lines) + "\n")


def _write_run_files(run: RunFolder, scenario: Scenario, images: Predictions, recipe: Recipe) -> None:
    counts: dict[str, dict[str, int]] = {}
    for split, diagnosis in zip(images.split, images.diagnosis, strict=True):
        of_split = counts.setdefault(split, {})
        of_split[diagnosis] = of_split.get(diagnosis, 0) + 1
    sources = {
        source: {split: dict(Counter(part.of_split(split).diagnosis)) for split in SPLIT_NAMES}
        for source, part in images.by_source().items()
    }
    data = DataSummary(
        layout="synthetic" if scenario.synthetic else "folder",
        paths=("synthetic" if scenario.synthetic else "images/",),
        synthetic=scenario.synthetic,
        notes=scenario.notes,
        images=len(images),
        lesions=scenario.lesions,
        counts=counts,
        sources=sources,
        split_digest="5f2c9a7e41b0",
    )
    manifest = RunManifest(
        recipe_name="fixture",
        command="dermdistill run --data images/ --recipe fixture.toml",
        data=data,
        environment={"python": "3.11.9", "device": "cpu", "threads": "2"},
        started="2026-01-02T03:04:05+00:00",
        finished="2026-01-02T05:06:07+00:00",
    )
    write_json(run.manifest, manifest)
    write_text(run.recipe, to_toml(recipe))
    with run.split.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(("image_id", "lesion_id", "diagnosis", "split", "content"))
        contents = [f"{i:032x}" for i in range(len(images))]
        writer.writerows(
            zip(images.image_id, images.lesion_id, images.diagnosis, images.split, contents, strict=True)
        )


# Of a comparison of networks


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
COMPARED_NETWORKS = (
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


def write_comparison(
    run: RunFolder,
    networks: Sequence[Network] = COMPARED_NETWORKS,
    recipe: Recipe = COMPARED,
    **scenario: object,
) -> RunFolder:
    """A run folder without a benchmark."""
    changed = replace(Scenario(seeds=SEEDS), **scenario)  # type: ignore[arg-type]
    return write_run(run, changed, networks, recipe)


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
