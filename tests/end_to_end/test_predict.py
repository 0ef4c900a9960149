"""``dermdistill predict`` as its user runs it."""

import csv
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.inference.model import load

from ..conftest import DIAGNOSES, Outcome
from ..data.dicom_files import PATIENT
from ..data.test_dicom import MALFORMED

Command = Callable[..., Outcome]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as handle:
        return list(csv.DictReader(handle))


def test_three_outputs_say_the_same(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    arguments = ("predict", photographs, "--model", model_file, "--threshold", "youden")
    text, lines = command(*arguments), command(*arguments, "--json")
    written = command(*arguments, "--csv", tmp_path / "scores.csv")
    assert (text.code, lines.code, written.code) == (0, 0, 0)
    assert written.out == ""
    records = [json.loads(line) for line in lines.out.splitlines()]
    rows = table(tmp_path / "scores.csv")
    expected = load(model_file, threshold="youden").predict(sorted(photographs.iterdir()))
    assert len(records) == len(rows) == len(expected) == 5
    for record, row, line, prediction in zip(records, rows, text.out.splitlines()[1:], expected, strict=True):
        assert record["probability"] == float(row["probability"]) == prediction.probability
        assert record["decision"] == row["decision"] == prediction.decision
        assert line.split()[:2] == [f"{prediction.probability:.3f}", prediction.decision]
        assert line.endswith(record["path"])
        assert list(record) == list(row)
        assert {name: record[f"p_{name}"] for name in DIAGNOSES} == prediction.diagnoses
    assert (records[0]["operating_point"], records[0]["threshold"]) == ("youden", 0.4)
    assert (records[0]["validation_sensitivity"], records[0]["validation_specificity"]) == (0.5, 0.75)
    assert records[0]["prevalence"] == pytest.approx(1 / 3)
    assert text.err.count("not a medical device") == 1
    assert "sensitivity 0.50, specificity 0.75 on validation images" in text.err


def bad_files(folder: Path) -> dict[str, str]:
    """A folder of every kind of bad file between good ones; what is said of each."""
    good = np.full((40, 40, 3), 128, dtype=np.uint8)
    for name in ("a-good.png", "z-good.png"):
        Image.fromarray(good).save(folder / name)
    whole = folder / "whole.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)).save(whole)
    (folder / "cut.jpg").write_bytes(whole.read_bytes()[:-300])
    whole.unlink()
    (folder / "empty.jpg").touch()
    (folder / "words.png").write_text("this is text, not an image")
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    Image.fromarray(good).save(folder / "film.gif", save_all=True, append_images=[Image.fromarray(good // 2)])
    Image.fromarray(np.zeros((9, 9, 4), dtype=np.uint8)).save(folder / "glass.png")
    (folder / "folder.jpg").mkdir()
    os.mkfifo(folder / "pipe.jpg")
    (folder / "nowhere.jpg").symlink_to(folder / "gone.jpg")
    return {
        "bomb.png": "above the limit of 50 megapixels",
        "cut.jpg": "damaged JPEG",
        "empty.jpg": "the file is empty",
        "film.gif": "holds several frames",
        "glass.png": "transparent pixels",
        "nowhere.jpg": "no such image file",
        "pipe.jpg": "not a regular file",
        "words.png": "not an image",
    }


def test_no_bad_file_stops_the_others(command: Command, model_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    expected = bad_files(folder)
    done = command("predict", folder, "--model", model_file, "--csv", tmp_path / "scores.csv")
    assert done.code == 1
    assert f"{len(expected)} of the files could not be scored" in done.err
    assert "left out 1 folders in it" in done.err
    assert "Traceback" not in done.err
    rows = {Path(row["path"]).name: row for row in table(tmp_path / "scores.csv")}
    assert list(rows) == sorted([*expected, "a-good.png", "z-good.png"])
    for name, fragment in expected.items():
        assert rows[name]["probability"] == rows[name]["decision"] == rows[name]["p_melanoma"] == ""
        assert rows[name]["error"].startswith(str(folder / name))
        assert fragment in rows[name]["error"]
        assert "\n" not in rows[name]["error"]
    for name in ("a-good.png", "z-good.png"):
        assert rows[name]["error"] == ""
        assert 0 < float(rows[name]["probability"]) < 1


def test_no_malformed_dicom_file_stops_the_others(
    command: Command, model_file: Path, tmp_path: Path, photographs: Path
) -> None:
    for name, (make, _) in MALFORMED.items():
        (photographs / f"{name}.dcm").write_bytes(make())
    done = command("predict", photographs, "--model", model_file, "--csv", tmp_path / "scores.csv")
    assert done.code == 1
    assert "Traceback" not in done.err
    rows = {Path(row["path"]).name: row for row in table(tmp_path / "scores.csv")}
    assert len(rows) == len(MALFORMED) + 5
    for name, (_, message) in MALFORMED.items():
        error = rows[f"{name}.dcm"]["error"]
        assert error.startswith(str(photographs / f"{name}.dcm"))
        assert message in error
        assert "\n" not in error
        assert PATIENT not in error
    assert all(rows[f"photo{i}.jpg"]["error"] == "" for i in range(5))


def test_a_bad_file_on_the_terminal(command: Command, model_file: Path, tmp_path: Path) -> None:
    done = command("predict", tmp_path / "gone.jpg", "--model", model_file)
    assert done.code == 1
    assert "gone.jpg: no such image file" in done.out


def test_names_that_could_rewrite_the_terminal_or_a_table(
    command: Command, model_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    names = [b'comma, "quote".png', b"\x1b[2Jclear.png", b"line\nend.png", b"\xff\xfe.png"]
    paths = [os.path.join(os.fsencode(folder), name) for name in names]  # noqa: PTH118
    for path in paths:
        with open(path, "wb") as handle:  # noqa: PTH123
            Image.new("RGB", (30, 30), (200, 150, 130)).save(handle, "PNG")
    text = command("predict", folder, "--model", model_file)
    assert text.code == 0, text.err
    assert "\x1b" not in text.out
    assert len(text.out.splitlines()) == 5
    done = command("predict", folder, "--model", model_file, "--csv", tmp_path / "scores.csv")
    assert done.code == 0
    written = {os.fsencode(row["path"]) for row in table(tmp_path / "scores.csv")}
    assert written == set(paths)


def test_a_list_on_standard_input(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"{path}\n" for path in sorted(photographs.iterdir())[:3]))
    with listed.open() as handle:
        monkeypatch.setattr(sys, "stdin", handle)
        done = command("predict", "-", "--model", model_file, "--json")
    assert [json.loads(line)["path"] for line in done.out.splitlines()] == listed.read_text().split()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--csv", "x.csv", "--json"], "--csv and --json: choose one"),
        (["--csv", "."], "is a folder; expected a file for --csv"),
        (["--csv", "photo/x.csv"], "is a file; expected a folder"),
        (["--threshold", "sensitivity_0.99"], "has youden, sensitivity_0.90; or give a number"),
        (["--threshold", "7"], "expected a number from 0 to 1"),
        (["--prevalence", "3"], "expected a share between 0 and 1"),
    ],
)
def test_wrong_choices_cost_one_line_and_no_work(
    command: Command,
    model_file: Path,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo").touch()
    before = sorted(tmp_path.rglob("*"))
    done = command("predict", photographs, "--model", model_file, *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert len([line for line in done.err.splitlines() if line.startswith("error: ")]) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_whole_table_is_replaced_by_a_new_command(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    scores = tmp_path / "scores.csv"
    assert command("predict", photographs, "--model", model_file, "--csv", scores).code == 0
    first = sorted(photographs.iterdir())[0]
    assert command("predict", first, "--model", model_file, "--csv", scores).code == 0
    assert [row["path"] for row in table(scores)] == [str(first)]
    assert not (tmp_path / "scores.csv.partial").exists()
