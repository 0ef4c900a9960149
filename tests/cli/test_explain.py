import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.inference.model import load

from ..conftest import Outcome
from ..data.dicom_files import dataset, picture, written

DISCLAIMER = "research software, not a medical device"


def test_explain_writes_a_picture_and_says_p(
    command: Callable[..., Outcome],
    model_file: Path,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photograph = photographs / "photo2.jpg"
    before = sorted(photographs.iterdir())
    monkeypatch.chdir(tmp_path)

    done = command("explain", photograph, "--model", model_file)

    p = load(model_file).predict_file(photograph).probability
    assert done.code == 0
    assert done.out.startswith(f"P(melanoma) {p:.3f} (")
    assert done.out.endswith("picture: photo2-explained.png\n")
    assert done.err.count(DISCLAIMER) == 1
    assert "runs of the network in" in done.err
    with Image.open(tmp_path / "photo2-explained.png") as picture:
        assert (picture.format, picture.mode, picture.info) == ("PNG", "RGB", {})
    assert sorted(photographs.iterdir()) == before
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_json_has_the_record_of_predict_and_the_views(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    options = ("--model", model_file, "--threshold", "youden", "--prevalence", "0.1", "--json")
    photograph, out = photographs / "photo0.jpg", tmp_path / "new" / "why.png"

    explained = json.loads(command("explain", photograph, *options, "--out", out).out)
    predicted = json.loads(command("predict", photograph, *options).out)

    assert {key: explained[key] for key in predicted} == predicted
    assert explained["views"] == 24
    assert explained["views_lowest"] <= explained["probability"] <= explained["views_highest"]
    assert explained["views_lowest"] <= explained["views_mean"] <= explained["views_highest"]
    assert 0 <= explained["views_called_melanoma"] <= 24
    assert explained["picture"] == str(out)
    assert out.is_file()


def test_the_same_command_writes_the_same_bytes_over_the_old_picture(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "why.png"
    pictures = []
    for _ in range(2):
        assert command("explain", photographs / "photo0.jpg", "--model", model_file, "--out", out).code == 0
        pictures.append(out.read_bytes())

    assert pictures[0] == pictures[1]


def test_a_png_is_not_overwritten_by_its_own_picture(
    command: Callable[..., Outcome], model_file: Path, tmp_path: Path
) -> None:
    photograph, alias = tmp_path / "photo.png", tmp_path / "alias.png"
    Image.fromarray(np.full((30, 30, 3), 180, dtype=np.uint8)).save(photograph)
    alias.symlink_to(photograph)
    before = photograph.read_bytes()

    for out in (photograph, alias):
        done = command("explain", photograph, "--model", model_file, "--out", out)

        assert done.code == 2
        assert done.err == f"error: {out}: is the photograph itself; choose another file for --out\n"
    assert photograph.read_bytes() == before


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        ("none.jpg", (), "none.jpg: no such image file"),
        (".", (), "not a regular file but a folder"),
        ("text.jpg", (), "text.jpg: "),
        ("photographs/photo0.jpg", ("--out", "photographs"), "photographs: the picture is a PNG"),
        (
            "photographs/photo0.jpg",
            ("--out", "folder.png"),
            "folder.png: is a folder; expected a file for --out",
        ),
        ("photographs/photo0.jpg", ("--out", "text.jpg/why.png"), "text.jpg: is a file; expected a folder"),
        (
            "photographs/photo0.jpg",
            ("--out", "why.jpg"),
            "why.jpg: the picture is a PNG; give a name that ends in",
        ),
        ("photographs/photo0.jpg", ("--threshold", "often"), "threshold 'often'"),
        ("photographs/photo0.jpg", ("--prevalence", "2"), "prevalence 2.0: expected a share between 0 and 1"),
        ("photographs/photo0.jpg", ("--model", "none.onnx"), "none.onnx: cannot read the model"),
    ],
)
@pytest.mark.usefixtures("photographs")
def test_a_mistake_costs_one_line_and_leaves_nothing_behind(
    command: Callable[..., Outcome],
    model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    image: str,
    options: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.jpg").write_text("no image")
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.rglob("*"))

    done = command("explain", image, *(() if "--model" in options else ("--model", model_file)), *options)

    assert done.code == 2
    assert done.out == ""
    assert message in done.err
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_strange_file_name_cannot_rewrite_the_terminal(
    command: Callable[..., Outcome],
    model_file: Path,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    strange = photographs / "a\x1b[2J\n.jpg"
    (photographs / "photo0.jpg").rename(strange)

    done = command("explain", strange, "--model", model_file)

    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert done.out.count("\n") == 1
    assert (tmp_path / "a\x1b[2J\n-explained.png").is_file()


def test_a_frame_of_a_dicom_film(
    command: Callable[..., Outcome], model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = np.stack([picture(60, 90), picture(60, 90)[::-1]])
    film = tmp_path / "film.dcm"
    film.write_bytes(written(dataset(frames[0], NumberOfFrames=2, PixelData=frames.tobytes())))
    monkeypatch.chdir(tmp_path)
    options = ("--model", model_file, "--json")

    unnamed = command("explain", film, *options)
    second = json.loads(command("explain", film, "--frame", 2, *options).out)

    assert (unnamed.code, unnamed.out) == (2, "")
    assert "film.dcm: holds 2 frames" in unnamed.err
    predicted = [json.loads(line) for line in command("predict", film, *options).out.splitlines()]
    assert {key: second[key] for key in predicted[1]} == predicted[1]
    assert second["picture"] == "film-frame2-explained.png"
    assert (tmp_path / "film-frame2-explained.png").is_file()
