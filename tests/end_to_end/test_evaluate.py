"""``dermdistill evaluate --data MINE`` as a clinician runs it: a folder, a CSV, the packaged model."""

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.evaluation.predictions import read_predictions
from dermdistill.inference.model import load
from dermdistill.judgement.judgement import Decision, Judgement
from dermdistill.pipeline.evaluate import EvaluationOptions, evaluate_models
from dermdistill.pipeline.prepare import DataOptions

from ..conftest import Outcome

Command = Callable[..., Outcome]
IMAGES = 24
OUT = Path("dermlet-on-MINE")


def draw_photographs(folder: Path) -> Path:
    """Spots on skin."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:90j, -1:1:120j]
    for i in range(IMAGES):
        inside = (x**2 + (1 + i / 20) * y**2 < 0.1 + 0.02 * (i % 7))[..., None]
        colour = generator.integers((40, 20, 10), (140, 90, 70))
        pixels = np.where(inside, colour, (225, 180, 160)) + generator.normal(0, 6, (90, 120, 1))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{i:02d}.jpg", quality=92)
    return folder


def label(
    folder: Path, labels: Sequence[object], header: str = "filename,label", **columns: Sequence[object]
) -> None:
    """Write ``labels.csv``: a row for each of the first photographs."""
    rows = [f"{i:02d}.jpg,{value}" for i, value in enumerate(labels)]
    for name, cells in columns.items():
        header += f",{name}"
        rows = [f"{row},{cell}" for row, cell in zip(rows, cells, strict=True)]
    (folder / "labels.csv").write_text("\n".join([header, *rows, ""]))


def probabilities(folder: Path) -> list[float]:
    return [each.probability for each in load().predict(sorted(folder.glob("*.jpg")))]


def right_labels(folder: Path) -> list[int]:
    """The half with the higher probabilities is melanoma."""
    found = probabilities(folder)
    middle = sorted(found)[len(found) // 2]
    return [int(each >= middle) for each in found]


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photographs with labels, 0 and 1, and the working folder beside them."""
    folder = draw_photographs(tmp_path / "MINE")
    label(folder, right_labels(folder))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return folder


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the photographs and their evaluation; tests only read it."""
    folder = tmp_path_factory.mktemp("evaluated")
    photographs = draw_photographs(folder / "MINE")
    label(photographs, right_labels(photographs), sex=["male", "female"] * (IMAGES // 2))
    options = EvaluationOptions(out=folder / OUT, prevalences=(0.03,), replicates=100)
    evaluate_models(None, DataOptions((str(photographs),)), options)
    return folder


@pytest.fixture
def evaluated(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that evaluation in the working folder, beside nothing; returns the photographs."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shared / OUT, OUT)
    return shared / "MINE"


def judged(folder: Path = OUT) -> Judgement:
    return Judgement.model_validate_json((folder / "judgement.json").read_bytes())


def decided(folder: Path = OUT) -> Decision:
    decision = judged(folder).groups["dermlet"].decision
    assert decision is not None
    return decision


def page(folder: Path = OUT) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_report_tables_and_figures(shared: Path) -> None:
    out = shared / OUT
    assert {"report.html", "judgement.json", "evaluation.json", "tables", "thumbnails", "dermlet"} == {
        path.name for path in out.iterdir()
    }
    for name in ("decision", "confusion", "prevalence", "ranking", "subgroups"):
        assert {path.suffix for path in (out / "tables").glob(f"{name}.*")} == {".csv", ".md", ".tex"}
    group = judged(out).groups["dermlet"]
    assert group.mean.auc.value == 1
    assert not group.ranks_backwards
    assert [at.prevalence for at in decided(out).elsewhere] == [0.03]
    assert "number needed to biopsy" in page(out)
    assert page(out).count("data:image/jpeg") == 12
    assert page(out).count("data:image/svg+xml") == 5  # four curves and a forest plot
    with (out / "tables" / "decision.csv").open(newline="", encoding="utf-8") as handle:
        rows = {row[0]: row[1] for row in csv.reader(handle)}
    assert rows["sensitivity"].startswith(f"{decided(out).sensitivity.value:.3f} [")


def test_photographs_get_the_answers_of_predict(shared: Path) -> None:
    table = read_predictions(shared / OUT / "dermlet" / "predictions.csv")
    predictions = load().predict(sorted((shared / "MINE").glob("*.jpg")))
    assert table.probability.tolist() == [each.probability for each in predictions]
    flagged = sum(each.decision == "melanoma" for each in predictions)
    assert decided(shared / OUT).flagged.value == pytest.approx(flagged / IMAGES)
    assert set(table.details["short_side"]) == {"90"}
    angles = [float(cell) for cell in table.details["typology_angle"]]
    assert min(angles) > 41  # light skin was drawn


def test_at_another_threshold_from_inside_the_folder(
    command: Command, clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clinic)
    done = command("evaluate", "--data", ".", "--replicates", "100", "--operating-point", "0.3")
    assert done.code == 0, done.err
    beside = clinic.parent / OUT
    assert (beside / "report.html").is_file()
    assert decided(beside).point == "given"
    photographs = sorted(clinic.glob("*.jpg"))
    expected = [each.decision == "melanoma" for each in load(operating_point=0.3).predict(photographs)]
    assert decided(beside).flagged.value == pytest.approx(np.mean(expected))


def test_the_same_command_again_and_the_report_alone(command: Command, clinic: Path) -> None:
    arguments = ("evaluate", "--data", clinic, "--replicates", "100", "--json")
    first = command(*arguments)
    assert "report: dermlet-on-MINE/report.html" in first.err
    assert "note: labels.csv: column label has " in first.err
    again = command(*arguments)
    assert (again.code, json.loads(again.out)) == (0, json.loads(first.out))
    before = page()
    (OUT / "report.html").unlink()
    rebuilt = command("report", OUT)
    assert rebuilt.code == 0, rebuilt.err
    assert page() == before


# Data as people have it


def test_exchanged_labels_are_pointed_out(command: Command, clinic: Path) -> None:
    label(clinic, [1 - each for each in right_labels(clinic)])
    done = command("evaluate", "--data", clinic, "--replicates", "100")
    assert done.code == 0, done.err
    warning = next(line for line in done.err.splitlines() if "Are the labels exchanged?" in line)
    assert warning.startswith(
        "warning: dermlet gives melanomas lower probabilities than the other images (AUC 0.000"
    )
    assert "Are the labels exchanged?" in page()


def test_without_melanomas_and_of_one_lesion(command: Command, clinic: Path) -> None:
    label(clinic, ["nevus"] * IMAGES, lesion_id=["a"] * IMAGES)
    done = command("evaluate", "--data", clinic, "--replicates", "100")
    assert done.code == 0, done.err
    warning = "warning: no image shows melanoma, so no AUC, no sensitivity; labels: nevus (24 images)"
    assert warning in done.err
    assert "AUC: no melanoma among the images" in done.out
    assert decided().sensitivity.reason == "no melanoma among the images"
    low = decided().specificity.low
    assert low is not None
    assert low < 0.3  # 24 photographs of one lesion tell hardly more than one
    assert "The AUC is not defined: no melanoma among the images." in page()
    assert "24 images of 1 lesion;" in page()


def test_few_images_some_of_them_broken(command: Command, clinic: Path) -> None:
    label(clinic, right_labels(clinic)[:7])
    for name in ("03.jpg", "05.jpg"):
        (clinic / name).write_bytes((clinic / name).read_bytes()[:300])
    done = command("evaluate", "--data", clinic, "--replicates", "100")
    assert done.code == 0, done.err
    assert "warning: 2 of 7 images cannot be read and are left out: " in done.err
    assert "03.jpg" in done.err
    assert "are few: an external validation should have at least 100 melanomas and 100 others" in done.err
    group = judged().groups["dermlet"]
    assert group.mean.n_images == 5
    assert group.mean.auc.low is None
    assert decided().flagged.low is not None
    assert "2 of 7 images cannot be read" in page()


def one_line(done: Outcome) -> str:
    assert (done.code, done.out) == (2, "")
    errors = [line for line in done.err.splitlines() if not line.startswith(("data:", "note:"))]
    assert len(errors) == 1
    return errors[0]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "filenam,label",
            "labels.csv has no column for the image among filenam, label; say --image-column filenam",
        ),
        (
            "filename,lable",
            "labels.csv has no column for the diagnosis among filename, lable; say --label-column lable",
        ),
    ],
)
def test_a_misnamed_column(header: str, message: str, command: Command, clinic: Path) -> None:
    label(clinic, right_labels(clinic), header)
    assert message in one_line(command("evaluate", "--data", clinic))
    assert not list(Path().iterdir())


def test_scores_of_predict_are_no_labels(command: Command, clinic: Path) -> None:
    (clinic / "labels.csv").unlink()
    assert command("predict", clinic, "-o", clinic / "scores.csv").code == 0
    line = one_line(command("evaluate", "--data", clinic))
    assert "scores.csv is a table of `dermdistill predict`, without labels" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--prevalence", "2"), "--prevalence 2: expected a share between 0 and 1, such as 0.02"),
        (("--operating-point", "nope"), "operating point 'nope': the packaged model has youden,"),
        (("--operating-point", "1.5"), "operating point 1.5: expected a threshold from 0 to 1"),
        (("--split", "test"), "--split test: no such file, and the data has no such split"),
    ],
)
def test_wrong_options_cost_one_line(
    arguments: Sequence[str], message: str, command: Command, clinic: Path
) -> None:
    assert message in one_line(command("evaluate", "--data", clinic, *arguments))


def test_photographs_in_the_place_of_the_model(command: Command, clinic: Path) -> None:
    line = one_line(command("evaluate", clinic, "--data", clinic))
    assert "neither a model file nor a run folder with finished models; images go after --data" in line


# What is there already


def test_the_evaluation_of_another_model_is_kept(command: Command, evaluated: Path, model_file: Path) -> None:
    before = (OUT / "judgement.json").read_bytes()
    line = one_line(command("evaluate", model_file, "--data", evaluated, "-o", OUT))
    assert "holds the evaluation of another model or on other data; choose another --output" in line
    assert (OUT / "judgement.json").read_bytes() == before


@pytest.mark.parametrize("name", ["report.html", "tables/decision.csv"])
def test_what_somebody_edited_is_kept(name: str, command: Command, evaluated: Path) -> None:
    file = OUT / name
    file.write_text(file.read_text() + "my remark")
    assert file.name in one_line(command("evaluate", "--data", evaluated))
    assert file.read_text().endswith("my remark")


def test_a_folder_of_somebody_else_is_kept(command: Command, clinic: Path) -> None:
    OUT.mkdir()
    (OUT / "thesis.txt").write_text("mine")
    line = one_line(command("evaluate", "--data", clinic))
    assert "holds other files and is not an evaluation" in line
    assert [path.name for path in OUT.iterdir()] == ["thesis.txt"]
