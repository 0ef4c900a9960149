"""What a card is about: the files of a model, and what is recorded about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.errors import UserError, printable
from dermdistill.evaluation.estimates import Evaluation
from dermdistill.export.parity import Parity
from dermdistill.inference.model import SHIPPED, model_file
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import INT8_SUFFIX, OnnxModel
from dermdistill.json_files import read_json
from dermdistill.judgement.judge import stored_or_new
from dermdistill.judgement.judgement import Group, Judgement
from dermdistill.judgement.run_files import RunFiles, read_run_files
from dermdistill.messages import note
from dermdistill.runs import PACKAGED, EvaluationManifest, ModelSummary, RunFolder


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """The run that a model comes from.

    Attributes:
        summary: of the model in it.
        judgement: of all its models, on its test images.
    """

    files: RunFiles
    summary: ModelSummary
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class JudgedElsewhere:
    """An evaluation of the model on other data.

    Attributes:
        name: of its folder.
        model: the name of the model in it.
        is_exported: whether the model file itself was evaluated, with its calibration; else the weights that
            it was exported from.
    """

    name: str
    model: str
    is_exported: bool
    judgement: Judgement

    @property
    def figures(self) -> Evaluation:
        """Of the model."""
        return self.judgement.models[self.model]

    @property
    def group(self) -> Group:
        """The models in it that differ only in their seed."""
        groups = self.judgement.groups.values()
        return next(group for group in groups if self.model in group.models)


@dataclass(frozen=True, slots=True)
class Subject:
    """A model and its records.

    Attributes:
        name: of the model, as its files are called.
        files: the model files, the one that the card describes first.
        info, model_id: what the first says of itself.
        run: None of a file that lies in no run.
        elsewhere: evaluations on other data.
        parity: how the export compares with the trained network; None where no report lies beside it.
        documents: what was written by hand about the packaged model; none of others.
    """

    name: str
    files: tuple[Path, ...]
    info: ModelInfo
    model_id: str
    run: JudgedRun | None
    elsewhere: tuple[JudgedElsewhere, ...]
    parity: Parity | None
    documents: tuple[Path, ...] = ()

    @property
    def internal(self) -> Evaluation | None:
        """The figures on the test images of its run."""
        return None if self.run is None else self.run.judgement.models[self.run.summary.name]

    def section(self, title: str) -> str | None:
        """A section of what was written by hand; None where there is none of this title."""
        for document in self.documents:
            if document.suffix == ".md":
                _, found, rest = document.read_text(encoding="utf-8").partition(f"\n## {title}\n")
                return rest.partition("\n## ")[0].strip() if found else None
        return None

    @property
    def group(self) -> Group | None:
        """The models of its run that differ only in their seed."""
        return None if self.run is None else self.run.judgement.groups[self.run.summary.group]


def read_subject(model: Path | None, evaluations: Sequence[Path]) -> Subject:
    """Read a model and everything that is recorded about it.

    Args:
        model: a file of ``dermdistill export``, or a run that holds one; the packaged model unless given.
        evaluations: folders of ``dermdistill evaluate`` beside those that lie in the run or beside the file.

    Raises:
        UserError: no such model, a damaged file, or an evaluation of another model.
    """
    main = model_file(model)
    loaded = OnnxModel.read(main)
    name = main.name.removesuffix(INT8_SUFFIX).removesuffix(".onnx")
    run = _run_of(main, name, loaded.info)
    beside = [] if main == SHIPPED else _found_evaluations(main, run)
    elsewhere = [_evaluation(folder, (name, main.stem), required=False) for folder in beside]
    elsewhere += [_evaluation(folder, (name, main.stem), required=True) for folder in evaluations]
    report = main.with_suffix(".parity.json")
    return Subject(
        name=name,
        files=tuple(_files(main, name, model)),
        info=loaded.info,
        model_id=loaded.model_id,
        run=run,
        elsewhere=tuple({each.name: each for each in elsewhere if each is not None}.values()),
        parity=read_json(report, Parity) if report.exists() else None,
        documents=(SHIPPED.with_name("README.md"), SHIPPED.with_name("results.json"))
        if main == SHIPPED
        else (),
    )


def _files(main: Path, name: str, asked: Path | None) -> Iterator[Path]:
    """One file where one was named; else all that belong to the model."""
    yield main
    if asked is None or asked.is_dir():
        for ending in (INT8_SUFFIX, ".safetensors"):
            other = main.with_name(name + ending)
            if other != main and other.is_file():
                yield other


def _run_of(main: Path, name: str, info: ModelInfo) -> JudgedRun | None:
    """The run in whose folder the file lies, if it is the one that the file was made of."""
    folder = RunFolder(main.absolute().parent.parent)
    if main.absolute().parent != folder.export or not folder.manifest.exists():
        return None
    files = read_run_files(folder)
    split = files.manifest.data.split_digest
    is_of_run = info.provenance.get("split", split) == split
    for each, summary in files.models:
        if each.path.name == name and is_of_run:
            return JudgedRun(files, summary, stored_or_new(files))
    note(
        f"{printable(str(main))}: not a model of the run that it lies in, so the card says nothing of the run"
    )
    return None


def _found_evaluations(main: Path, run: JudgedRun | None) -> list[Path]:
    found = list(main.parent.glob(f"{main.stem}-on-*/evaluation.json"))
    if run is not None:
        found += (run.files.run.path / "evaluations").glob("*/evaluation.json")
    return sorted(path.parent for path in found)


def _evaluation(folder: Path, names: Sequence[str], *, required: bool) -> JudgedElsewhere | None:
    """One evaluation; None where it is one of other models and nobody asked for it."""
    manifest = read_json(folder / "evaluation.json", EvaluationManifest)
    judgement = read_json(RunFolder(folder).judgement, Judgement)
    name = next((name for name in names if name in judgement.models), None)
    if name is None:
        if not required:
            return None
        raise UserError(
            f"{printable(str(folder))}: an evaluation of {', '.join(judgement.models)}, not of {names[0]}; "
            "give one of this model"
        )
    is_exported = manifest.model == PACKAGED or manifest.model.endswith(".onnx")
    return JudgedElsewhere(folder.name, name, is_exported, judgement)
