"""A teacher of two members as its user trains it, on small synthetic images."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from dermdistill.data.cache import default_cache_dir
from dermdistill.evaluation.predictions import read_predictions
from dermdistill.json_files import read_json
from dermdistill.models.checkpoint import load_weights
from dermdistill.models.torch_predictor import TorchPredictor
from dermdistill.runs import ModelFolder, ModelSummary, RunFolder
from dermdistill.training.engine import Trainer

from ..conftest import Outcome, exit_code

RECIPE = """
[data]
size = 32
[synthetic]
lesions = 60
[augment]
views = 2
[teacher]
model = "test_resnet"
weights = "none"
size = 40
epochs = 2
batch_size = 16
members = 2
[student]
objectives = ["labels", "hinton"]
smoothed = true
epochs = 1
batch_size = 16
[evaluation]
replicates = 100
"""
TEACHERS = ["teacher", "teacher-seed0", "teacher-seed1"]
Run = Callable[..., Outcome]


@pytest.fixture
def run(command: Callable[..., Outcome], tmp_path: Path) -> Run:
    """Train in a folder, with changes of the recipe."""
    return lambda out, *changes: command(*arguments(tmp_path, out, *changes))


def arguments(folder: Path, out: RunFolder, *changes: str) -> list[object]:
    """The command; its recipe is written into ``folder``."""
    recipe = folder / "tiny.toml"
    recipe.write_text(RECIPE)
    sets = [word for change in changes for word in ("--set", change)]
    return ["run", "--data", "synthetic", "--recipe", recipe, "--output", out.path, *sets]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that nothing interrupted; tests only add to it."""
    folder = tmp_path_factory.mktemp("whole")
    out = RunFolder(folder / "run")
    with pytest.MonkeyPatch.context() as patch:
        assert exit_code(patch, *arguments(folder, out)) == 0
    return out


@pytest.fixture(scope="module")
def views(whole: RunFolder) -> Path:
    """Those of that run."""
    (found,) = default_cache_dir().glob("views-40px-*")
    return found


def logits(folder: ModelFolder) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Logit of melanoma minus that of the other class."""
    probability = read_predictions(folder.predictions).probability
    return np.log(probability / (1 - probability))


def summary(folder: ModelFolder) -> ModelSummary:
    return read_json(folder.summary, ModelSummary)


def learned(run: RunFolder) -> dict[str, tuple[str, object]]:
    figures = json.loads(run.judgement.read_text())["models"]
    return {m.path.name: (m.predictions.read_text(), figures[m.path.name]) for m in run.models()}


def test_a_teacher_of_two_members(
    command: Callable[..., Outcome], run: Run, whole: RunFolder, views: Path
) -> None:
    # The same command again trains nothing.
    out = whole
    before = {path: path.stat().st_mtime_ns for path in out.path.rglob("weights.safetensors")}
    outcome = run(out)
    assert outcome.code == 0, outcome.err
    assert {path: path.stat().st_mtime_ns for path in out.path.rglob("weights.safetensors")} == before
    names = [*TEACHERS, "dsnet-hinton-seed0", "dsnet-labels-seed0"]
    assert [line.split()[0] for line in outcome.out.splitlines()[4:9]] == names

    teacher, *members = (out.model(name) for name in TEACHERS)
    assert logits(teacher) == pytest.approx(np.mean([logits(m) for m in members], axis=0), abs=1e-5)
    assert not np.allclose(logits(members[0]), logits(members[1]))
    both, parts = summary(teacher), [summary(member) for member in members]
    assert (both.architecture, both.epochs, both.kept_epochs) == ("test_resnet*2", 2, ())
    assert both.training_seconds == sum(part.training_seconds for part in parts)
    assert both.parameters == sum(part.parameters for part in parts)
    assert both.macs == sum(part.macs for part in parts)
    assert {both.input_size, *(part.input_size for part in parts)} == {40}
    assert {out.model(name).path.name: summary(out.model(name)).input_size for name in names[3:]} == {
        "dsnet-hinton-seed0": 32,
        "dsnet-labels-seed0": 32,
    }
    smoothed = {name: load_weights(out.model(name).weights)[1].input.smoothed for name in names}
    assert [name for name in names if smoothed[name]] == names[3:]
    info = load_weights(teacher.weights)[1]
    assert info.architecture == "test_resnet*2"
    assert info.thresholds != load_weights(members[0].weights)[1].thresholds

    # The teacher answered the views in its own size; the students saw them in theirs.
    answers = TorchPredictor(*load_weights(teacher.weights), torch.device("cpu"))
    for index in range(2):
        shown = np.load(views / f"00{index}.npy")
        np.testing.assert_allclose(np.load(teacher.view_logits(index)), answers.logits(shown), atol=1e-4)
        assert np.load(views / f"00{index}-32px.npy").shape == (len(shown), 32, 32, 3)
        # Before any student began, the first of which learned from labels alone.
        first_student = out.model("dsnet-labels-seed0").summary.stat()
        assert teacher.view_logits(index).stat().st_mtime_ns <= first_student.st_mtime_ns

    # Members are judged, and compared with nothing.
    pairs = [(c["a"], c["b"]) for c in json.loads(out.judgement.read_text())["comparisons"]]
    assert ("dsnet-hinton", "teacher") in pairs
    assert not any("teacher-member" in pair for pair in pairs)
    page = out.report.read_text()
    assert "Teacher (2 x test_resnet)" in page
    assert "Teacher member (test_resnet)" in page
    assert "the mean of its members" in page

    # It is scored elsewhere and exported as any model.
    again = command("evaluate", out.path, "--data", "synthetic", "--split", "test", "--replicates", "100")
    assert again.code == 0, again.err
    assert "hinton minus teacher" in again.out
    assert "minus teacher-member" not in again.out
    exported = command("export", out.path, "--model", "teacher", "--int8", "--tolerance", "1")
    assert exported.code == 0, exported.err
    assert (out.export / "teacher.onnx").exists()


def test_interrupted_in_a_member_or_before_the_composition_ends_with_the_same_numbers(
    run: Run, whole: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = RunFolder(tmp_path / "broken")
    epoch_of = Trainer._one_epoch
    trained: list[tuple[str, int]] = []

    def interrupted_in(self: Trainer, data: object, epoch: int, label: str) -> object:
        trained.append((label, epoch))
        if trained == [
            ("teacher-seed0", 1),
            ("teacher-seed0", 2),
            ("teacher-seed1", 1),
            ("teacher-seed1", 2),
        ]:
            raise KeyboardInterrupt
        return epoch_of(self, data, epoch, label)  # type: ignore[arg-type]

    monkeypatch.setattr(Trainer, "_one_epoch", interrupted_in)
    assert run(broken).code == 130
    assert not broken.model("teacher").path.exists()
    assert broken.model("teacher-seed1").checkpoint.exists()
    trained.clear()
    assert run(broken).code == 0
    assert trained == [("teacher-seed1", 2), ("dsnet-labels-seed0", 1), ("dsnet-hinton-seed0", 1)]
    assert learned(broken) == learned(whole)

    # As a kill between weights and summary of the teacher leaves it.
    trained.clear()
    broken.model("teacher").summary.unlink()
    assert run(broken).code == 0
    assert trained == []
    assert learned(broken) == learned(whole)


def test_a_teacher_trained_alone_can_be_moved_in_as_a_member(run: Run, tmp_path: Path) -> None:
    out = RunFolder(tmp_path / "run")
    assert run(out, "teacher.members=1", "student.objectives=['labels']").code == 0
    refused = run(out)
    assert refused.code == 2
    assert "teacher: a model of another recipe" in refused.err
    out.model("teacher").path.rename(out.model("teacher-seed0").path)
    outcome = run(out)
    assert outcome.code == 0, outcome.err
    assert "2 of 5 models were trained before" in outcome.err
    member = summary(out.model("teacher-seed0"))
    assert (member.name, member.group) == ("teacher-seed0", "teacher-member")
    assert "Teacher (2 x test_resnet)" in out.report.read_text()
