"""A run folder made by code: simulated networks that score simulated lesions. A test fixture, no result."""

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermdistill.config import EvaluationRecipe, Recipe, to_toml
from dermdistill.evaluation.evaluate import compare, evaluate
from dermdistill.evaluation.predictions import Predictions, write_predictions
from dermdistill.evaluation.thresholds import operating_points
from dermdistill.files import write_text
from dermdistill.json_files import write_json, write_json_list
from dermdistill.records import SPLIT_NAMES, Pixels
from dermdistill.report import build_report
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
PAIRS = (
    ("dsnet-hinton", "dsnet-labels"),
    ("dsnet-as-published", "dsnet-labels"),
    ("dsnet-hinton", "teacher"),
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


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Write a run folder of one seed; keywords change the `Scenario`."""

    def make(**changes: Any) -> RunFolder:
        return write_run(RunFolder(tmp_path / "run"), replace(Scenario(), **changes))

    return make


@pytest.fixture(scope="session")
def reported_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of three seeds with thumbnails and report; tests only read it."""
    run = write_run(RunFolder(tmp_path_factory.mktemp("shared") / "run"), Scenario(seeds=(0, 1, 2)))
    build_report(run, images=drawn)
    return run


@pytest.fixture
def run_copy(reported_run: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of that run elsewhere, for a test to spoil."""
    return RunFolder(Path(shutil.copytree(reported_run.path, tmp_path / "elsewhere")))


@pytest.fixture
def draw_images() -> Callable[[Sequence[str]], list[Pixels]]:
    """The pixels of any image ids."""
    return drawn


@pytest.fixture
def read_page() -> Callable[[Path], "Page"]:
    """Parse a report."""
    return lambda path: Page(path.read_text(encoding="utf-8"))


class Page(HTMLParser):
    """What a browser would find in a report.

    Attributes:
        elements: name and attributes of every element.
        tables: of each table by its id, the text of each cell by row; parts of a cell are joined by blanks.
        text: of the whole page.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._texts: list[str] = []
        self.feed(source)
        self.text = " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag == "table":
            self._rows = self.tables.setdefault(attributes.get("id", ""), [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._rows = []

    def handle_data(self, data: str) -> None:
        self._texts.append(data)
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] = f"{self._rows[-1][-1]} {data}".strip()

    def row(self, table: str, heading: str) -> list[str]:
        """The cells beside a row's heading; the last row of that heading."""
        return [cells for cells in self.tables[table] if cells[0] == heading][-1][1:]


def drawn(image_ids: Sequence[str]) -> list[Pixels]:
    """A brown spot on skin for each id, larger than a thumbnail."""
    y, x = np.mgrid[-1:1:150j, -1:1:200j]
    spots = []
    for image_id in image_ids:
        width = 0.3 + 0.05 * (len(image_id) % 5)
        inside = (x**2 + y**2 < width)[:, :, None]
        spots.append(np.where(inside, (110, 70, 50), (225, 180, 160)).astype(np.uint8))
    return spots


def write_run(
    run: RunFolder,
    scenario: Scenario,
    networks: Sequence[Network] = NETWORKS,
    pairs: Sequence[tuple[str, str]] = PAIRS,
    recipe: Recipe = RECIPE,
) -> RunFolder:
    """Write every file that the contract of a run folder names, but for the weights."""
    images = _draw_images(scenario)
    _write_run_files(run, scenario, images, recipe)
    tests = {
        network.group: [
            _write_model(run, network, seed, images, recipe.data.size)
            for seed in (scenario.seeds if network.seeds is None else network.seeds)
        ]
        for network in networks
    }
    comparisons = [compare(tests[a], tests[b], names=(a, b), replicates=REPLICATES) for a, b in pairs]
    write_json_list(run.comparisons, comparisons)
    return run


def _draw_images(scenario: Scenario) -> Predictions:
    """One or two images a lesion, in all three splits; the probabilities are left at 0."""
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
    )


def _score(images: Predictions, skill: float, seed: int, shift: float) -> Predictions:
    # Half of the noise belongs to the image, so that networks err on the same ones.
    hard = np.random.default_rng(1).normal(size=len(images))
    own = np.random.default_rng(100 + seed + round(1000 * skill)).normal(size=len(images))
    logit = skill * images.label + (hard + own) / np.sqrt(2) - 2 + shift
    return replace(images, probability=1 / (1 + np.exp(-1.3 * logit)))


def _write_model(
    run: RunFolder, network: Network, seed: int, images: Predictions, input_size: int
) -> Predictions:
    name = network.group if network.role == "teacher" else f"{network.group}-seed{seed}"
    folder = run.model(name)
    scored = _score(images, network.skill, seed, network.shift)
    test = scored.of_split("test")
    points = operating_points(scored.of_split("val"))
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
    write_json(folder.metrics, evaluate(test, points, replicates=REPLICATES))
    write_predictions(folder.predictions, scored)
    _write_history(folder.history, network, seed)
    return test


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
