"""The run folder: where everything that a run makes lies.

RUN/
  recipe.toml          the resolved recipe
  run.json             RunManifest: data, environment, command, times
  split.csv            image_id, lesion_id, diagnosis, split, content (digest), hash (perceptual)
  judgement.json       Judgement: every figure, computed from the files here (docs/judgement.md)
  benchmark.json       Benchmark of one model of each network; of a comparison only
  failed.json          {name: reason} of the models that could not be trained
  thumbnails/          small copies of the images that the report shows
  export/              <name>.onnx and <name>.parity.json, by `dermdistill export RUN`
  report.html, tables/ rebuilt from the rest by `dermdistill report RUN`
  .lock                of the process that trains here
  evaluations/<data>/  by `dermdistill evaluate RUN`: evaluation.json (EvaluationManifest), judgement.json,
                       report.html, tables/, thumbnails/, <model>/predictions.csv
  models/<name>/       one folder per model: teacher, teacher-seed0 (a member of it), dsnet-labels-seed0, ...
    model.json         ModelSummary
    history.csv        one line per epoch: epoch, learning_rate, train_loss, <named losses>, val_auc, seconds;
                       not of a teacher that was composed of members
    weights.safetensors
    predictions.csv    validation and test rows
    view_logits/       of a teacher: its answers to each view of the training images (``augment.views``)
    tensorboard/
    checkpoint.ckpt    only while training

Older runs have comparisons.json and models/<name>/metrics.json instead of judgement.json; nothing reads them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from dermdistill.reading import AS_FOUND, Reading

TEACHER_MEMBER = "teacher-member"
"""Group of the networks that a teacher is composed of."""


class SplitFile(BaseModel):
    """The user's own split: where it lay, and a digest of what was in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    digest: str


class DataSummary(BaseModel):
    """What was trained and judged on.

    Attributes:
        paths: one per source.
        counts: ``{split: {diagnosis: images}}``.
        sources: the same for each source: ``{source: {split: {diagnosis: images}}}``.
        split_digest: of the assignment of all images.
        split_file: None where the program split the images, or kept the data's own split.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: str
    paths: tuple[str, ...]
    reading: Reading = AS_FOUND
    synthetic: bool
    notes: tuple[str, ...]
    images: int
    lesions: int
    counts: dict[str, dict[str, int]]
    sources: dict[str, dict[str, dict[str, int]]] = {}
    split_digest: str
    split_file: SplitFile | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_one_path(cls, content: Any) -> Any:
        """Before there were several sources there was one ``path``."""
        if not isinstance(content, dict) or "path" not in content:
            return content
        rest = {key: value for key, value in content.items() if key != "path"}
        return {"paths": (content["path"],), **rest}


class RunManifest(BaseModel):
    """Provenance of a run; ``environment`` holds versions, processor, device and threads as text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe_name: str
    command: str
    data: DataSummary
    environment: dict[str, str]
    started: str
    finished: str | None = None


PACKAGED = "the packaged model"
"""Stands for its path in what an evaluation says of itself."""


class EvaluationManifest(BaseModel):
    """What an evaluation elsewhere judged, and on what.

    Attributes:
        per_lesion: whether lesions were judged, not photographs.
        layout, notes: of the data, as when they were read; empty in evaluations of earlier versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    data: tuple[str, ...]
    per_lesion: bool = False
    reading: Reading = AS_FOUND
    split: str | None
    synthetic: bool
    split_file: SplitFile | None = None
    layout: str = ""
    notes: tuple[str, ...] = ()

    def is_of_the_same(self, other: "EvaluationManifest") -> bool:
        """Whether both are of one model on one data set, whatever was noted of it."""
        return self.model_copy(update={"layout": other.layout, "notes": other.notes}) == other

    @model_validator(mode="before")
    @classmethod
    def _read_one_path(cls, content: Any) -> Any:
        """Before there were several sources ``data`` was one path."""
        if not isinstance(content, dict) or not isinstance(content.get("data"), str):
            return content
        return {**content, "data": (content["data"],)}


class ModelSummary(BaseModel):
    """What a model is and what it cost.

    Attributes:
        name: the folder's name.
        group: the same for all seeds of one configuration, such as ``dsnet-hinton``.
        role: who it is in this run.
        identity: digest of all that shapes the model; the same identity is the same training.
        macs: multiply-accumulates of one image at the input size.
        weights_bytes: size of the weights file.
        epochs: completed; of a teacher that was composed of members, the most that one of them completed.
        kept_epochs: counted from 1; the one whose weights are kept, or those whose average is; none of a
            composed teacher.
        training_seconds: of a composed teacher, the sum of its members'.
        first_weights: ``none``, ``imagenet`` or a file's name; None where it is not known.
        batch_size: images in a step of its training; None where it is not known.
        temperature: T of its soft targets; None without them.
        failure: why training stopped early (a loss that is not a number, say); None when it went well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    group: str
    role: Literal["teacher", "student"]
    architecture: str
    objective: str
    seed: int
    identity: str
    input_size: int
    parameters: int
    macs: int
    weights_bytes: int
    epochs: int
    kept_epochs: tuple[int, ...]
    training_seconds: float
    first_weights: str | None = None
    batch_size: int | None = None
    temperature: float | None = None
    failure: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_best_epoch(cls, content: Any) -> Any:
        """Before there were averages the one epoch was ``best_epoch``, and 0 of a composed teacher."""
        if not isinstance(content, dict) or "best_epoch" not in content:
            return content
        best = content["best_epoch"]
        rest = {key: value for key, value in content.items() if key != "best_epoch"}
        return {"kept_epochs": (best,) if best else (), **rest}

    @property
    def is_composed(self) -> bool:
        """Whether it is the mean of trained members and was never trained itself."""
        return not self.kept_epochs


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Paths of one trained model."""

    path: Path

    @property
    def summary(self) -> Path:
        return self.path / "model.json"

    @property
    def history(self) -> Path:
        return self.path / "history.csv"

    @property
    def weights(self) -> Path:
        return self.path / "weights.safetensors"

    @property
    def predictions(self) -> Path:
        return self.path / "predictions.csv"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.ckpt"

    def view_logits(self, index: int) -> Path:
        """Its answers to one view of the training images."""
        return self.path / "view_logits" / f"{index:03}.npy"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths of one run."""

    path: Path

    @property
    def recipe(self) -> Path:
        return self.path / "recipe.toml"

    @property
    def manifest(self) -> Path:
        return self.path / "run.json"

    @property
    def split(self) -> Path:
        return self.path / "split.csv"

    @property
    def judgement(self) -> Path:
        return self.path / "judgement.json"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def tables(self) -> Path:
        return self.path / "tables"

    @property
    def evaluation(self) -> Path:
        """What an evaluation is of; only in folders of `dermdistill evaluate`."""
        return self.path / "evaluation.json"

    def evaluations(self) -> list["RunFolder"]:
        """The folders of evaluations in this run, by name."""
        found = (path.parent for path in self.path.glob("evaluations/*/evaluation.json"))
        return [RunFolder(path) for path in sorted(found)]

    @property
    def benchmark(self) -> Path:
        return self.path / "benchmark.json"

    @property
    def failed(self) -> Path:
        return self.path / "failed.json"

    @property
    def lock(self) -> Path:
        return self.path / ".lock"

    @property
    def export(self) -> Path:
        return self.path / "export"

    def exported(self) -> list[Path]:
        """The model files that `dermdistill export` wrote, by name."""
        return sorted(self.export.glob("*.onnx"))

    def model(self, name: str) -> ModelFolder:
        """The folder of one model."""
        return ModelFolder(self.path / "models" / name)

    def models(self) -> list[ModelFolder]:
        """The folders of all finished models, the teacher first, then its members, then by name."""
        found = [ModelFolder(p.parent) for p in (self.path / "models").glob("*/model.json")]
        return sorted(found, key=_teacher_first)


def _teacher_first(folder: ModelFolder) -> tuple[bool, bool, str]:
    name = folder.path.name
    return name != "teacher", not name.startswith("teacher-"), name
