"""The main job as its user runs it, on small synthetic images and with a small teacher."""

import csv
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from dermdistill.data.split_file import read_split
from dermdistill.errors import UserError
from dermdistill.evaluation.predictions import read_predictions
from dermdistill.models.checkpoint import load_weights
from dermdistill.runs import RunFolder

from ..conftest import Outcome
from .held import Hold, end_in, end_of, start

RECIPE = """
[data]
size = 32
[synthetic]
lesions = 60
[teacher]
model = "test_resnet"
weights = "none"
epochs = 2
batch_size = 16
[student]
objectives = ["labels", "hinton", "as-published"]
seeds = [0, 1]
epochs = 2
batch_size = 16
[evaluation]
replicates = 200
"""
MODELS = ["teacher", *(f"dsnet-{o}-seed{s}" for o in ("as-published", "hinton", "labels") for s in (0, 1))]
Command = Callable[..., Outcome]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


FEW = ["--set", "student.objectives=['labels', 'hinton']", "--set", "student.seeds=[0]"]
STILL = ["--set", "teacher.learning_rate=1e-12", "--set", "student.learning_rate=1e-12"]
"""The weights stay those of the seed: their images are ranked by more than what a processor rounds."""


def figures(result: object, path: str = "") -> Iterator[tuple[str, object]]:
    """All entries of a JSON result by their paths."""
    if isinstance(result, dict | list):
        for key, value in result.items() if isinstance(result, dict) else enumerate(result):
            yield from figures(value, f"{path}/{key}")
    else:
        yield path, result


def check_same_figures(found: object, expected: object) -> None:
    """But for what scoring the same images in other batches may round."""
    assert dict(figures(found)) == {
        path: pytest.approx(value, abs=1e-5) if isinstance(value, float) else value
        for path, value in figures(expected)
    }


def figures_of(run: RunFolder) -> dict[str, Any]:
    """The stored figures of every model."""
    models: dict[str, Any] = json.loads(run.judgement.read_text())["models"]
    return models


def learned(run: RunFolder) -> dict[str, object]:
    """All numbers of a run that must not depend on how often it was interrupted."""
    return {
        folder.path.name: (
            [line.rpartition(",")[0] for line in folder.history.read_text().splitlines()],  # without seconds
            folder.predictions.read_text(),
            figures_of(run)[folder.path.name],
        )
        for folder in run.models()
    }


def saved_again(data: Path, copy: Path) -> Path:
    """The images of a folder at another size, with another compression."""
    for path in data.rglob("*.jpg"):
        target = copy / path.relative_to(data)
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).resize((64, 64)).save(target, quality=85)
    return copy


def test_one_command_trains_judges_and_reports(command: Command, recipe: Path, tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    outcome = command("run", "--data", "synthetic", "--recipe", recipe, "--output", run.path)
    assert outcome.code == 0, outcome.err

    # The table on stdout names every model; progress and notes stay on stderr.
    lines = outcome.out.splitlines()
    assert lines[0].startswith("SYNTHETIC")
    assert [line.split()[0] for line in lines[4:11]] == MODELS
    assert "dsnet-hinton minus dsnet-labels" in outcome.out
    assert "layout synthetic" in outcome.err

    # The split never divides a lesion, and every image is in it.
    with run.split.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    splits: dict[str, set[str]] = {}
    for row in rows:
        splits.setdefault(row["lesion_id"], set()).add(row["split"])
    assert all(len(names) == 1 for names in splits.values())
    assert len(splits) == 60

    # Figures follow from the predictions table; weights carry their thresholds.
    for folder in run.models():
        test = read_predictions(folder.predictions).of_split("test")
        metrics = figures_of(run)[folder.path.name]
        assert metrics["auc"]["value"] == pytest.approx(roc_auc_score(test.label, test.probability))
        assert metrics["auc"]["reason"] or metrics["auc"]["low"] <= metrics["auc"]["high"]
        info = load_weights(folder.weights)[1]
        assert {"argmax", "youden", "specificity_0.90"} <= {point.name for point in info.thresholds}
        assert info.provenance["data"] == "SYNTHETIC images"
        assert not folder.checkpoint.exists()
    published = read_predictions(run.model("dsnet-as-published-seed0").predictions).probability
    assert published.min() > 0.2689
    assert published.max() < 0.7311

    page = run.report.read_text()
    assert "SYNTHETIC" in page
    assert all(group in page for group in ("dsnet-labels", "dsnet-hinton", "dsnet-as-published"))

    # The same command again trains nothing; a report comes from the folder alone.
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("weights.safetensors")}
    assert command("run", "--data", "synthetic", "--recipe", recipe, "--output", run.path).code == 0
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("weights.safetensors")} == before
    moved = RunFolder(run.path.rename(tmp_path / "elsewhere"))
    page = moved.report.read_text()
    moved.report.unlink()
    assert command("report", moved.path).code == 0
    assert moved.report.read_text() == page


def test_first_weights_that_cannot_be_had_are_found_before_any_training(
    command: Command, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(backbone: object, name: str) -> None:
        raise UserError(f"no weights of {name} here")

    monkeypatch.setattr("dermdistill.models.zoo._load_imagenet", offline)
    dermlet = ["--set", "student.model=dermlet", "--set", "student.weights=imagenet"]
    run = RunFolder(tmp_path / "run")
    outcome = command("run", "--data", "synthetic", "--recipe", recipe, "--output", run.path, *FEW, *dermlet)
    assert (outcome.code, outcome.err.splitlines()[-1]) == (
        2,
        "error: no weights of tf_efficientnet_lite0 here",
    )
    assert not list(run.path.rglob("weights.safetensors"))


def test_evaluate_scores_a_run_elsewhere_and_guards_its_training_images(
    command: Command, recipe: Path, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    data = image_folder(melanoma=30, nevus=50, dermatofibroma=30)
    target = [
        "--set",
        "data.target=diagnoses",
        "--set",
        "student.objectives=['labels']",
        "--set",
        "student.seeds=[0]",
    ]
    outcome = command("run", "--data", data, "--recipe", recipe, "--output", run.path, *target, *STILL)
    assert outcome.code == 0, outcome.err

    # All diagnoses are classes, and P(melanoma) is one entry of the softmax.
    table = read_predictions(run.model("teacher").predictions)
    assert table.classes == ("dermatofibroma", "melanoma", "nevus")
    assert table.class_probabilities is not None
    assert np.allclose(table.class_probabilities.sum(axis=1), 1)
    assert np.array_equal(table.class_probabilities[:, 1], table.probability)

    # Training images are recognised by content, whatever they are called.
    renamed = data.parent / "renamed"
    (renamed / "images").mkdir(parents=True)
    lines = ["image_id,diagnosis"]
    for i, path in enumerate(sorted(data.rglob("*.jpg"))):
        (renamed / "images" / f"r{i}.jpg").write_bytes(path.read_bytes())
        lines.append(f"r{i},{path.parent.name}")
    (renamed / "metadata.csv").write_text("\n".join(lines))
    for same_images in (data, renamed):
        refused = command("evaluate", run.path, "--data", same_images)
        assert refused.code == 2
        assert "the run was trained or selected on it (88 such images); add --split test" in refused.err

    # Saved again and smaller, they are scored, and named before any figure.
    again = saved_again(data, tmp_path / "again")
    own_test = {row.image_id for row in read_split(run.split) if row.split == "test"}
    judged = command("evaluate", run.path, "--data", again, "--replicates", "100", "--json")
    assert judged.code == 0, judged.err
    assert (
        "warning: 88 of 110 images look like images that the model learned from (88 by image id" in judged.err
    )
    shown = json.loads(judged.out)
    assert [note.split(" (")[0] for note in shown["notes"]] == [
        "88 of 110 images look like images that the model learned from"
    ]
    assert shown["models"]["teacher"]["n_seen"] == 88
    marked = read_predictions(run.path / "evaluations" / "again" / "teacher" / "predictions.csv")
    assert [how == "" for how in marked.seen] == [image in own_test for image in marked.image_id]

    # A weights file that has left its run recognises them too, whatever they are called.
    alone = tmp_path / "alone" / "model.safetensors"
    alone.parent.mkdir()
    alone.write_bytes(run.model("dsnet-labels-seed0").weights.read_bytes())
    judged = command("evaluate", alone, "--data", again, "--replicates", "100")
    assert judged.code == 0, judged.err
    assert "110 images look like images that the model learned from" in judged.err
    assert "seen in training" in judged.out
    table = read_predictions(tmp_path / "alone" / "model-on-again" / "model" / "predictions.csv")
    assert sum(how == "perceptual hash" for how in table.seen) >= 40  # noise is hard to recognise
    assert not any(how for how, image in zip(table.seen, table.image_id, strict=True) if image in own_test)

    # The run's own test split gives the run's own numbers.
    own = command("evaluate", run.path, "--data", data, "--split", "test", "--replicates", "200", "--json")
    assert own.code == 0, own.err
    assert "look like images" not in own.err
    assert json.loads(own.out)["notes"] == []
    scored = json.loads(own.out)["models"]
    assert scored.keys() == {"teacher", "dsnet-labels-seed0"}
    for folder in run.models():
        check_same_figures(scored[folder.path.name], figures_of(run)[folder.path.name])

    # A folder that holds something else, the run itself among them, is left as it is.
    judgement = run.judgement.read_text()
    for out in (run.path, data.parent):
        refused = command("evaluate", run.path, "--data", "synthetic", "--output", out)
        assert refused.code == 2
        assert "holds other files and is not an evaluation; choose an empty or new folder" in refused.err
    assert run.judgement.read_text() == judgement
    refused = command("evaluate", run.path, "--data", renamed, "--output", renamed / "new", "--split", "test")
    assert "lies in the data folder" in refused.err

    # One weights file, on other data, without touching the run.
    weights = run.model("teacher").weights
    outside = command(
        "evaluate", weights, "--data", "synthetic", "--output", tmp_path / "outside", "--replicates", "100"
    )
    assert outside.code == 0, outside.err
    assert outside.out.startswith("SYNTHETIC")
    assert outside.out.splitlines()[4].split()[0] == "teacher"
    scored_lesions = set(read_predictions(tmp_path / "outside" / "teacher" / "predictions.csv").lesion_id)
    assert len(scored_lesions) == 60  # all that the run's recipe draws


def test_kill_at_any_moment_and_the_same_command_ends_with_the_same_numbers(
    recipe: Path, tmp_path: Path
) -> None:
    whole, killed = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "killed")
    asked = ["run", "--data", "synthetic", "--recipe", recipe, *FEW, "--output"]
    log = tmp_path / "killed.log"
    assert end_of(start([*asked, whole.path], tmp_path / "whole.log")) == 0
    # Once between the files of the teacher's second epoch, once politely within a student's second.
    teacher, student = (killed.model(name).history for name in ("teacher", "dsnet-labels-seed0"))
    for hold, ending, status in (
        (Hold("write_history", teacher), signal.SIGKILL, -signal.SIGKILL),
        (Hold("normalise", student), signal.SIGINT, 130),
    ):
        assert end_in(hold, [*asked, killed.path], log, ending) == status, log.read_text()
    assert "interrupted; the same command goes on from the last finished epoch" in log.read_text()
    assert end_of(start([*asked, killed.path], log)) == 0
    assert learned(killed) == learned(whole)


def test_another_recipe_never_mixes_with_old_results(command: Command, recipe: Path, tmp_path: Path) -> None:
    few = ["--set", "student.objectives=['labels']", "--set", "student.seeds=[0]"]
    arguments = ["run", "--data", "synthetic", "--recipe", recipe, "--output", tmp_path / "run", *few]
    assert command(*arguments).code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    for change, said in (
        ("student.learning_rate=0.01", "a model of another recipe (student.learning_rate: 0.001 -> 0.01)"),
        ("data.split_seed=7", "models of other images or another split (data.split_seed: 0 -> 7)"),
        ("student.seeds=[1]", "a model of another recipe (student.seeds: [0] -> [1])"),
        ("synthetic.seed=3", "a model of another recipe (synthetic.seed: 0 -> 3)"),
    ):
        changed = command(*arguments, "--set", change)
        assert changed.code == 2
        assert f"{said}; choose another --output or delete that folder" in changed.err
        assert "Decoding images" not in changed.err
        assert {path: path.read_bytes() for path in before} == before
    more = command(*arguments, "--set", "student.seeds=[0, 1]")
    assert more.code == 0
    assert "2 of 3 models were trained before" in more.err


def test_synthetic_evaluation_draws_the_runs_own_images(
    command: Command, recipe: Path, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    drawing = ["--set", "synthetic.difficulty=0.1", "--set", "synthetic.lesions=120", *STILL]
    outcome = command("run", "--data", "synthetic", "--recipe", recipe, "--output", run.path, *FEW, *drawing)
    assert outcome.code == 0, outcome.err
    scored = ["--split", "test", "--replicates", "200", "--json"]
    again = command("evaluate", run.path, "--data", "synthetic", *scored)
    assert again.code == 0, again.err
    judged = json.loads(again.out)
    assert judged["synthetic"]
    for folder in run.models():
        check_same_figures(judged["models"][folder.path.name], figures_of(run)[folder.path.name])
