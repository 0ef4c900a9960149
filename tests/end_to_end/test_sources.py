"""Several sources and a fixed split, as their user runs them."""

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.evaluation.predictions import read_predictions
from dermdistill.runs import RunFolder, RunManifest

from ..conftest import Outcome

Command = Callable[..., Outcome]
RECIPE = """
[data]
size = 24
[teacher]
model = "test_resnet"
weights = "none"
epochs = 1
batch_size = 16
[student]
objectives = ["labels"]
epochs = 1
batch_size = 16
[evaluation]
replicates = 100
"""
MEMBERS = ("train", "train", "val", "test", "left-out")


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    """``--data`` twice: folders of 30 and 20 images, of other names each."""
    rng = np.random.default_rng(0)
    for source, count in (("clinic", 30), ("archive", 20)):
        for i in range(count):
            diagnosis = "melanoma" if i % 10 < 5 else "nevus"
            path = tmp_path / source / diagnosis / f"{source}{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (24, 24, 3), dtype=np.uint8)).save(path)
    return ["--data", str(tmp_path / "clinic"), "--data", str(tmp_path / "archive")]


@pytest.fixture
def split(tmp_path: Path, sources: list[str]) -> Path:
    """Both diagnoses of both sources in every split, by file name; a fifth of the images is left out."""
    names = sorted(path.name for path in tmp_path.rglob("*.png"))
    rows = [f"{name},{MEMBERS[int(''.join(filter(str.isdigit, name))) % 5]}" for name in names]
    path = tmp_path / "mine.csv"
    path.write_text("filename,subset\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


def test_a_run_keeps_to_the_file_and_says_everything_by_source(
    command: Command, sources: list[str], split: Path, recipe: Path, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    arguments = ["run", *sources, "--split", split, "--recipe", recipe, "--output", run.path]
    outcome = command(*arguments)
    assert outcome.code == 0, outcome.err
    assert "note: mine.csv: 10 images left out: left-out" in outcome.err
    assert ["archive", "melanoma", "4", "2", "2", "8"] in [line.split() for line in outcome.err.splitlines()]
    assert "dsnet-labels-seed0, archive" in outcome.out

    with run.split.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert Counter((row["source"], row["split"]) for row in rows) == {
        ("clinic", "train"): 12,
        ("clinic", "val"): 6,
        ("clinic", "test"): 6,
        ("archive", "train"): 8,
        ("archive", "val"): 4,
        ("archive", "test"): 4,
    }
    assert all(
        MEMBERS[int("".join(filter(str.isdigit, row["image_id"]))) % 5] == row["split"] for row in rows
    )

    data = RunManifest.model_validate_json(run.manifest.read_text()).data
    assert data.paths == (sources[1], sources[3])
    assert data.split_file is not None
    assert data.split_file.path == str(split)
    assert data.sources["archive"]["test"] == {"melanoma": 2, "nevus": 2}

    folder = run.model("dsnet-labels-seed0")
    test = read_predictions(folder.predictions).of_split("test")
    assert Counter(test.source) == {"clinic": 6, "archive": 4}
    by_source = json.loads(run.judgement.read_text())["models"]["dsnet-labels-seed0"]["by_source"]
    assert {name: figures["n_images"] for name, figures in by_source.items()} == {"clinic": 6, "archive": 4}
    assert {"val_auc_clinic", "val_auc_archive"} <= set(folder.history.read_text().splitlines()[0].split(","))
    page = run.report.read_text()
    assert "The test images of each source" in page
    assert f"given by {split}" in page

    # The same command trains nothing anew; without the file the split is another, and nothing is mixed.
    again = command(*arguments)
    assert (again.code, "trained before" in again.err) == (0, True)
    other = command("run", *sources, "--recipe", recipe, "--output", run.path)
    assert other.code == 2
    assert "choose another --output or delete that folder" in other.err

    # What the run left out is not among its test images; its own split.csv says the same as the user's file.
    for chosen in ("test", run.split):
        out = tmp_path / f"judged-{Path(chosen).name}"
        judged = command(
            "evaluate", run.path, *sources, "--split", chosen, "--replicates", 100, "--output", out
        )
        assert judged.code == 0, judged.err
        scored = read_predictions(out / "dsnet-labels-seed0" / "predictions.csv")
        assert (scored.image_id, scored.source) == (test.image_id, test.source)
        assert np.allclose(scored.probability, test.probability, atol=1e-6)


def test_data_shows_the_table_and_refuses_a_leak(
    command: Command, sources: list[str], split: Path, tmp_path: Path
) -> None:
    shown = command("data", sources[1], sources[3], "--split", split)
    assert shown.code == 0, shown.err
    lines = [line.split() for line in shown.out.splitlines()]
    assert lines[0] == ["layout:", "folder;", "40", "images"]
    assert ["clinic", "images", "12", "6", "6", "24"] in lines
    # A copy of a training image of one source among the test images of the other.
    copied = tmp_path / "archive" / "melanoma" / "archive3.png"
    copied.write_bytes((tmp_path / "clinic" / "melanoma" / "clinic0.png").read_bytes())
    refused = command("data", sources[1], sources[3], "--split", split)
    assert refused.code == 2
    assert refused.err.splitlines()[-1].startswith(
        f"error: {split}: lesion melanoma/clinic0.png has images in test"
    )
    assert "(melanoma/archive3.png in test, melanoma/clinic0.png in train)" in refused.err


def test_drawn_images_do_not_mix_with_others(
    command: Command, sources: list[str], recipe: Path, tmp_path: Path
) -> None:
    outcome = command(
        "run", "--data", "synthetic", *sources, "--recipe", recipe, "--output", tmp_path / "run"
    )
    assert outcome.code == 2
    assert (
        outcome.err.splitlines()[-1]
        == "error: --data synthetic: drawn images do not mix with others; give it alone"
    )
