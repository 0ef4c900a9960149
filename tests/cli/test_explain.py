import io
import json
import shutil
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
    assert done.out.startswith(f"{photograph}: P(melanoma) {p:.3f} (")
    assert done.out.endswith("picture: photo2-explained.png\n")
    assert done.err.count(DISCLAIMER) == 1
    assert "wrote 1 picture: 195 runs of the network in" in done.err
    with Image.open(tmp_path / "photo2-explained.png") as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
    assert sorted(photographs.iterdir()) == before
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_json_has_the_record_of_predict_and_the_views(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    options = ("--model", model_file, "--operating-point", "youden", "--prevalence", "0.1", "--json")
    photograph, out = photographs / "photo0.jpg", tmp_path / "new" / "why.png"

    explained = json.loads(command("explain", photograph, *options, "--output", out).out)
    predicted = json.loads(command("predict", photograph, *options).out)

    assert {key: explained[key] for key in predicted} == predicted
    assert explained["views"] == 24
    assert explained["views_lowest"] <= explained["probability"] <= explained["views_highest"]
    assert explained["views_lowest"] <= explained["views_mean"] <= explained["views_highest"]
    assert 0 <= explained["views_called_melanoma"] <= 24
    assert 0 <= explained["decisive_places"] <= explained["places"] == 13**2
    assert explained["picture"] == str(out)
    assert out.is_file()


def test_the_same_command_writes_the_same_bytes_over_the_old_picture(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "why.png"
    pictures = []
    for _ in range(2):
        assert (
            command("explain", photographs / "photo0.jpg", "--model", model_file, "--output", out).code == 0
        )
        pictures.append(out.read_bytes())

    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("option", ["--output", "--sheet"])
def test_nothing_that_this_program_did_not_draw_is_replaced(
    command: Callable[..., Outcome], model_file: Path, tmp_path: Path, option: str
) -> None:
    photograph, alias = tmp_path / "photo.png", tmp_path / "alias.png"
    Image.fromarray(np.full((30, 30, 3), 180, dtype=np.uint8)).save(photograph)
    alias.symlink_to(photograph)
    before = photograph.read_bytes()

    for out in (photograph, alias):
        done = command("explain", photograph, "--model", model_file, "--overwrite", option, out)

        assert (done.code, done.out) == (2, "")
        assert done.err == (
            f"error: {out}: is the same file as {photograph}, which the command reads; choose another file "
            f"for {option}\n"
        )
    assert photograph.read_bytes() == before


@pytest.mark.parametrize("option", ["--output", "--sheet"])
def test_what_is_no_picture_of_this_program_is_replaced_only_when_the_user_insists(
    command: Callable[..., Outcome],
    model_file: Path,
    photographs: Path,
    tmp_path: Path,
    option: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "figure.png"
    Image.fromarray(np.full((30, 30, 3), 180, dtype=np.uint8)).save(target)
    before = target.read_bytes()
    arguments = ("explain", photographs / "photo0.jpg", "--model", model_file, option, target)

    refused = command(*arguments)

    assert refused.code == 2
    assert "figure.png: exists and is not a picture of this program; choose another" in refused.err
    assert target.read_bytes() == before
    assert command(*arguments, "--overwrite").code == 0
    assert target.read_bytes() != before


def test_a_name_in_the_folder_of_pictures_that_is_taken_is_the_error_of_one_photograph(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "photo1-explained.png").write_text("notes")

    done = command("explain", photographs, "--model", model_file, "--output", folder)

    assert done.code == 1
    assert done.out.count("error: ") == 1
    assert (
        "photo1-explained.png: exists and is not a picture of this program; choose another --output"
        in done.out
    )
    assert (folder / "photo1-explained.png").read_text() == "notes"
    assert len(list(folder.iterdir())) == len(list(photographs.iterdir()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--output", "folder.png", "--sheet", "folder.png"),
            "folder.png: is a folder; expected a file for --sheet",
        ),
        (("--output", "text.jpg/why.png"), "text.jpg: is a file; expected a folder"),
        (
            ("--output", "why.jpg"),
            "why.jpg: the picture is a PNG; give a name that ends in .png for --output",
        ),
        (
            ("--output", "why.pdf"),
            "why.pdf: the picture is a PNG; give a name that ends in .png for --output",
        ),
        (("--sheet", "why.jpg"), "why.jpg: the picture is a PNG; give a name that ends in .png for --sheet"),
        (
            ("--output", "a.png", "--sheet", "a.png"),
            "a.png: named for --output and --sheet; choose another file",
        ),
        (("photographs/photo1.jpg", "--output", "why.png"), "why.png: is one file for several pictures"),
        (("--operating-point", "often"), "operating point 'often'"),
        (("--prevalence", "2"), "prevalence 2.0: expected a share between 0 and 1"),
        (("--model", "none.onnx"), "none.onnx: cannot read the model"),
    ],
)
@pytest.mark.usefixtures("photographs")
def test_a_mistake_costs_one_line_and_leaves_nothing_behind(
    command: Callable[..., Outcome],
    model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.jpg").write_text("no image")
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.rglob("*"))
    model = () if "--model" in options else ("--model", model_file)

    done = command("explain", "photographs/photo0.jpg", *model, *options)

    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("image", "message"),
    [("none.jpg", "none.jpg: no such image file"), ("text.jpg", "text.jpg: ")],
)
def test_a_file_that_cannot_be_read_is_a_line_and_an_exit_code(
    command: Callable[..., Outcome],
    model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    image: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.jpg").write_text("no image")
    before = sorted(tmp_path.rglob("*"))

    done = command("explain", image, "--model", model_file, "--sheet", "sheet.png")

    assert done.code == 1
    assert done.out.startswith(f"error: {message}")
    assert done.out.count("\n") == 1
    assert "1 file could not be explained" in done.err
    assert sorted(tmp_path.rglob("*")) == before


def test_several_photographs_have_a_picture_each_and_a_sheet(
    command: Callable[..., Outcome],
    model_file: Path,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Files, a folder and a pattern, one of them broken, two of one name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.jpg").write_text("no image")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(photographs / "photo0.jpg", other / "PHOTO0.jpg")
    paths = (photographs / "photo0.jpg", "broken.jpg", other, f"{photographs}/photo[12].jpg")

    done = command("explain", *paths, "--model", model_file, "--sheet", "sheet.png", "--json")

    records = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    assert [Path(record["path"]).name for record in records] == [
        *("photo0.jpg", "broken.jpg", "PHOTO0.jpg", "photo1.jpg", "photo2.jpg")
    ]
    assert [record["error"] is not None for record in records] == [False, True, False, False, False]
    assert len({frozenset(record) for record in records}) == 1
    assert sorted(record["picture"] for record in records if record["picture"]) == [
        str(Path("explained") / name)
        for name in (
            *("PHOTO0-2-explained.png", "photo0-explained.png"),
            *("photo1-explained.png", "photo2-explained.png"),
        )
    ]
    assert sorted(Path(record["picture"]) for record in records if record["picture"]) == sorted(
        Path("explained").iterdir()
    )
    with Image.open("sheet.png") as sheet:
        assert sheet.width > 4 * 480
    assert "sheet: sheet.png" in done.err
    assert "wrote 4 pictures: 780 runs of the network" in done.err


def test_a_list_on_standard_input(
    command: Callable[..., Outcome],
    model_file: Path,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = io.TextIOWrapper(io.BytesIO(f"{photographs / 'photo0.jpg'}\n".encode()))
    monkeypatch.setattr("sys.stdin", listed)

    done = command("explain", "-", "--model", model_file, "--output", tmp_path / "pictures")

    assert done.code == 0
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["photo0-explained.png"]


def test_the_pictures_of_an_earlier_command_are_no_photographs(
    command: Callable[..., Outcome], model_file: Path, photographs: Path
) -> None:
    options = ("--model", model_file, "--output", photographs, "--sheet", photographs / "sheet.png")
    before = len(list(photographs.iterdir()))

    first, second = (command("explain", photographs, *options) for _ in range(2))

    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out
    assert f"note: left out {before + 1} pictures that this program drew" in second.err
    assert len(list(photographs.iterdir())) == 2 * before + 1


@pytest.mark.parametrize("stem", ["n" * 251, "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 125])
def test_the_longest_file_name_has_a_picture(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path, stem: str
) -> None:
    photograph = photographs / f"{stem}.jpg"
    (photographs / "photo0.jpg").rename(photograph)

    done = command("explain", photograph, "--model", model_file, "--output", tmp_path / "pictures")

    assert done.code == 0
    (picture,) = (tmp_path / "pictures").iterdir()
    assert picture.name.startswith(stem[:90])
    assert picture.name.endswith("-explained.png")


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

    in_one_file = command("explain", film, *options, "--output", "why.png")
    both = [
        json.loads(line) for line in command("explain", film, *options, "--output", "both").out.splitlines()
    ]
    second = json.loads(command("explain", film, "--frame", 2, *options).out)

    assert in_one_file.code == 1
    assert "holds 2 frames; choose one with --frame, or name a folder" in json.loads(in_one_file.out)["error"]
    assert not (tmp_path / "why.png").exists()
    assert [each["picture"] for each in both] == [
        str(Path("both") / f"film-frame{number}-explained.png") for number in (1, 2)
    ]
    predicted = [json.loads(line) for line in command("predict", film, *options).out.splitlines()]
    assert {key: second[key] for key in predicted[1]} == predicted[1]
    assert second["picture"] == "film-frame2-explained.png"
    assert (tmp_path / "film-frame2-explained.png").is_file()
