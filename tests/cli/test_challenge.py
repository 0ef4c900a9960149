"""``predict --format isic2018``: what the challenge's own scoring accepts, and its scores."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

import dermdistill
from dermdistill.inference.isic2018 import CATEGORIES

from ..conftest import Outcome

Command = Callable[..., Outcome]
HEADER = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\n"


def table(text: str) -> dict[str, dict[str, float]]:
    """Probabilities by image and category."""
    rows = list(csv.DictReader(io.StringIO(text)))
    return {row.pop("image"): {name: float(value) for name, value in row.items()} for row in rows}


def test_columns_and_probabilities(command: Command, photographs: Path, tmp_path: Path) -> None:
    done = command("predict", photographs, "--format", "isic2018", "-o", tmp_path / "submission.csv")
    assert done.code == 0, done.err
    text = (tmp_path / "submission.csv").read_text()
    assert text.startswith(HEADER)
    found = table(text)
    assert sorted(found) == [f"photo{i}" for i in range(5)]
    expected = dermdistill.load().predict(photographs / "photo3.jpg")[0].diagnoses
    assert found["photo3"] == {column: expected[name] for column, name in CATEGORIES.items()}
    assert "5 images, diagnoses as frequent as in training" in done.err


def test_the_balanced_reading_divides_the_frequencies_out(command: Command, photographs: Path) -> None:
    done = command("predict", photographs, "--format", "isic2018", "--diagnoses", "balanced")
    assert "5 images, diagnoses as if all were equally frequent" in done.err
    model = dermdistill.load()
    assert model.info.frequencies is not None
    frequencies = dict(zip(model.info.classes, model.info.frequencies, strict=True))
    for image, found in table(done.out).items():
        given = model.predict(photographs / f"{image}.jpg")[0].diagnoses
        divided = {name: given[name] / frequencies[name] for name in given}
        for column, name in CATEGORIES.items():
            assert found[column] == pytest.approx(divided[name] / sum(divided.values()))


def test_the_balanced_reading_is_the_same_at_every_prevalence(command: Command, photographs: Path) -> None:
    options = ("predict", photographs, "--format", "isic2018", "--diagnoses", "balanced", "-q")
    plain, restated = (table(command(*options, *more).out) for more in ((), ("--prevalence", "0.5")))
    for image, found in plain.items():
        assert restated[image] == pytest.approx(found, rel=1e-6)


def test_the_official_scoring_gives_our_figures(command: Command, photographs: Path, tmp_path: Path) -> None:
    """As isic-challenge-scoring reads it: balanced accuracy and macro AUC."""
    scoring = pytest.importorskip("isic_challenge_scoring.classification")
    images = tmp_path / "images"
    images.mkdir()
    rng = np.random.default_rng(0)
    truth = [*range(7), *rng.integers(0, 7, 28)]
    for i in range(len(truth)):
        shutil.copy(photographs / f"photo{i % 5}.jpg", images / f"ISIC_{i:07d}.jpg")
    columns = list(CATEGORIES)
    lines = [f"ISIC_{i:07d}," + ",".join(f"{float(k == j)}" for j in range(7)) for i, k in enumerate(truth)]
    (tmp_path / "truth.csv").write_text(HEADER + "\n".join(lines) + "\n")
    command("predict", images, "--format", "isic2018", "-o", tmp_path / "submission.csv", "-q")
    probabilities = np.array(
        [list(row.values()) for row in table((tmp_path / "submission.csv").read_text()).values()]
    )

    with pytest.warns(FutureWarning):  # of pandas, for a method that it renamed
        score = scoring.ClassificationScore.from_file(
            tmp_path / "truth.csv",
            tmp_path / "submission.csv",
            scoring.ClassificationMetric.BALANCED_ACCURACY,
        )
    assert score.overall == pytest.approx(balanced_accuracy_score(truth, probabilities.argmax(axis=1)))
    assert score.macro_average["auc"] == pytest.approx(roc_auc_score(truth, probabilities, multi_class="ovr"))
    assert list(score.per_category.index) == columns


def test_a_file_that_cannot_be_read_is_named_and_has_no_row(
    command: Command, photographs: Path, tmp_path: Path
) -> None:
    (photographs / "broken.jpg").write_bytes(b"no photograph")
    done = command("predict", photographs, "--format", "isic2018", "-o", tmp_path / "submission.csv", "-q")
    assert done.code == 1
    assert f"{photographs / 'broken.jpg'}" in done.err
    assert "warning: 1 file has no row" in done.err
    assert len(table((tmp_path / "submission.csv").read_text())) == 5


def test_two_images_of_one_name_are_refused(command: Command, photographs: Path, tmp_path: Path) -> None:
    (photographs / "again").mkdir()
    shutil.copy(photographs / "photo1.jpg", photographs / "again" / "photo1.JPG")
    done = command(
        "predict", photographs, "-r", "--format", "isic2018", "-o", tmp_path / "submission.csv", "-q"
    )
    assert done.code == 2
    assert "one row for both in a table of the ISIC challenge of 2018" in done.err
    assert not (tmp_path / "submission.csv").exists()


def test_a_table_is_replaced_and_another_file_is_not(
    command: Command, photographs: Path, tmp_path: Path
) -> None:
    path = tmp_path / "submission.csv"
    options = ("predict", photographs, "--format", "isic2018", "-o", path, "-q")
    path.write_text("mine")
    done = command(*options)
    assert done.code == 2
    assert "exists and is not a table of the ISIC challenge of 2018" in done.err
    assert path.read_text() == "mine"
    assert command(*options, "--overwrite").code == 0
    written = path.read_bytes()
    assert command(*options).code == 0
    assert path.read_bytes() == written


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--format", "isic2020"), "--format isic2020: expected isic2018"),
        (
            ("--format", "isic2018", "--diagnoses", "even"),
            "--diagnoses even: expected one of as-trained, balanced",
        ),
        (("--diagnoses", "balanced"), "--diagnoses: chooses what --format isic2018 writes; give that too"),
        (("--format", "isic2018", "--json"), "--format and --json"),
    ],
)
def test_options_that_do_not_fit_are_one_line(
    command: Command, photographs: Path, options: tuple[str, ...], message: str
) -> None:
    done = command("predict", photographs, *options)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert message in done.err


def test_a_model_of_other_diagnoses_is_one_line(
    command: Command, photographs: Path, model_file: Path
) -> None:
    done = command("predict", photographs, "--format", "isic2018", "--model", model_file)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert f"{model_file}: --format isic2018 needs a model of the challenge's seven diagnoses" in done.err


def test_a_file_of_an_earlier_version_has_no_balanced_reading(
    command: Command, photographs: Path, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    from dermdistill.inference.model import SHIPPED
    from dermdistill.inference.onnx import DESCRIPTION

    model = onnx.load(SHIPPED)
    (entry,) = (entry for entry in model.metadata_props if entry.key == DESCRIPTION)
    content = json.loads(entry.value)
    del content["frequencies"]
    entry.value = json.dumps(content)
    onnx.save(model, tmp_path / "old.onnx")
    options = ("predict", photographs, "--format", "isic2018", "--model", tmp_path / "old.onnx")
    assert command(*options, "-q").code == 0
    done = command(*options, "--diagnoses", "balanced")
    assert done.code == 2
    assert "old.onnx: does not say how frequent the diagnoses were in training" in done.err


def test_evaluate_writes_a_submission_and_the_ground_truth(
    command: Command, photographs: Path, tmp_path: Path
) -> None:
    from dermdistill.inference.model import SHIPPED

    diagnoses = ("melanoma", "nevus", "nevus", "dermatofibroma", "scar")
    for i, name in enumerate(diagnoses):
        (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
        shutil.copy(photographs / f"photo{i}.jpg", tmp_path / "data" / name)
    options = ("evaluate", SHIPPED, "--data", tmp_path / "data", "-o", tmp_path / "out", "--replicates", 100)
    done = command(*options, "--format", "isic2018", "--diagnoses", "balanced", "--label", "scar=scar")
    assert done.code == 0, done.err
    assert "images of other diagnoses than the challenge's, in neither of its tables: 1" in done.err
    assert "isic2018.csv and its ground truth, diagnoses as if all were equally frequent" in done.err
    folder = tmp_path / "out" / "dermlet"
    truth, found = (table((folder / f"isic2018{end}.csv").read_text()) for end in ("-truth", ""))
    assert list(truth) == list(found)
    assert [sum(row[name] for row in truth.values()) for name in ("MEL", "NV", "DF", "VASC")] == [1, 2, 1, 0]
    submitted = table(command("predict", photographs, "--format", "isic2018", "--diagnoses", "balanced").out)
    for image, row in found.items():
        assert row == pytest.approx(submitted[Path(image).stem], abs=0.01)
