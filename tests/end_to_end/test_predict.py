"""``dermdistill predict`` as its user runs it."""

import csv
import json
import os
import sys
import threading
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
    arguments = ("predict", photographs, "--model", model_file, "--operating-point", "youden")
    text, lines = command(*arguments), command(*arguments, "--json")
    written = command(*arguments, "--output", tmp_path / "scores.csv")
    assert (text.code, lines.code, written.code) == (0, 0, 0)
    assert written.out == ""
    records = [json.loads(line) for line in lines.out.splitlines()]
    rows = table(tmp_path / "scores.csv")
    expected = load(model_file, operating_point="youden").predict(sorted(photographs.iterdir()))
    assert len(records) == len(rows) == len(expected) == 5
    for record, row, line, prediction in zip(records, rows, text.out.splitlines()[1:], expected, strict=True):
        assert record["probability"] == float(row["probability"]) == float(f"{prediction.probability:.6g}")
        assert record["decision"] == row["decision"] == prediction.decision
        answer = "flagged" if prediction.decision == "melanoma" else "not flagged"
        assert line.startswith(f"{100 * prediction.probability:9.1f} %  {answer}")
        assert line[27:].startswith(record["path"])
        assert list(record) == list(row)
        assert {key: value for key, value in record.items() if key in prediction.to_dict()} == {
            key: value for key, value in prediction.to_dict().items() if key != "frame"
        }
        for name in DIAGNOSES:
            column = f"p_{name.replace(' ', '_')}"
            assert record[column] == float(row[column]) == pytest.approx(prediction.diagnoses[name], rel=1e-5)
    assert (records[0]["operating_point"], records[0]["threshold"]) == ("youden", 0.4)
    assert (records[0]["validation_sensitivity"], records[0]["validation_specificity"]) == (0.5, 0.75)
    assert records[0]["prevalence"] == pytest.approx(1 / 3)
    assert text.err.count("not a medical device") == 1
    said = " ".join(text.err.split())
    assert (
        "P is calibrated where 33 % were melanoma. Flagged from 40 % (youden): on validation images" in said
    )
    assert "this caught 50 % of melanomas and flagged 25 % of the others." in said


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
    done = command("predict", folder, "--model", model_file, "--output", tmp_path / "scores.csv")
    assert done.code == 1
    assert f"scores.csv: 10 rows, {flagged(tmp_path / 'scores.csv')} flagged, 8 could not be read" in done.err
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
    done = command("predict", photographs, "--model", model_file, "--output", tmp_path / "scores.csv")
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
    done = command("predict", folder, "--model", model_file, "--output", tmp_path / "scores.csv")
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
        (
            ["--output", "x.csv", "--json"],
            "--output and --json: --output writes a CSV table; for JSON use --json > FILE",
        ),
        (["--output", "."], "is a folder; expected a file for --output"),
        (["--overwrite"], "--overwrite: replaces the table of --output; give one"),
        (["--output", "photo/x.csv"], "is a file; expected a folder"),
        (["--operating-point", "sensitivity_0.99"], "has youden, sensitivity_0.90; or give a threshold"),
        (["--operating-point", "7"], "expected a threshold from 0 to 1"),
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


def test_a_table_of_other_images_is_replaced_only_when_the_user_insists(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    scores = tmp_path / "scores.csv"
    assert command("predict", photographs, "--model", model_file, "--output", scores).code == 0
    before = scores.read_bytes()
    first = sorted(photographs.iterdir())[0]
    arguments = ("predict", first, "--model", model_file, "--output", scores)
    refused = command(*arguments)
    assert refused.code == 2
    assert "photo1.jpg', which is not among the images asked for); choose another --output, or" in refused.err
    assert scores.read_bytes() == before
    assert command(*arguments, "--overwrite").code == 0
    assert [row["path"] for row in table(scores)] == [str(first)]
    assert not (tmp_path / "scores.csv.partial").exists()


def flagged(path: Path) -> int:
    return sum(row["decision"] == "melanoma" for row in table(path))


def test_the_last_line_says_what_there_is(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    probabilities = (p.probability for p in load(model_file).predict(photographs.iterdir()))
    threshold = sorted(probabilities)[2]
    arguments = (
        *("predict", photographs, tmp_path / "gone.jpg"),
        *("--model", model_file, "--operating-point", repr(threshold)),
    )
    scores = tmp_path / "scores.csv"
    written, again = command(*arguments, "--output", scores), command(*arguments, "--output", scores)
    counts = f"{flagged(scores)} flagged, 1 could not be read (see their errors)"
    assert flagged(scores) == 3
    assert written.err.splitlines()[-1] == f"warning: wrote {scores}: 6 rows, {counts}"
    assert again.err.splitlines()[-1] == f"warning: nothing to do, {scores} is complete: 6 rows, {counts}"
    for as_json in ((), ("--json",)):
        last = command(*arguments, *as_json).err.splitlines()[-1]
        assert last == "warning: 6 images: 3 flagged, 2 not flagged, 1 could not be read"


def test_a_photograph_that_the_shell_puts_behind_csv_is_left(
    command: Command, model_file: Path, photographs: Path
) -> None:
    """``dermdistill predict --output *.jpg``."""
    first, *others = sorted(photographs.iterdir())
    before = first.read_bytes()
    for insist in ((), ("--overwrite",)):
        done = command("predict", "--model", model_file, *insist, "--output", first, *others)
        assert (done.code, done.out) == (2, "")
        assert (
            "photo0.jpg: is named like a photograph; name a table, such as scores.csv, for --output"
            in done.err
        )
    assert first.read_bytes() == before


@pytest.mark.parametrize(
    "victim", ["metadata.csv", "photo without ending", "model.onnx", "run/export/m.onnx"]
)
@pytest.mark.parametrize("through", ["itself", "symbolic link", "hard link"])
def test_no_file_of_another_kind_is_replaced_by_a_table(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path, victim: str, through: str
) -> None:
    path = tmp_path / victim
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = {"metadata.csv": b"isic_id,diagnosis\n", "photo without ending": photo(photographs)}
    path.write_bytes(contents.get(victim, model_file.read_bytes()))
    named = tmp_path / "named"
    if through == "symbolic link":
        named.symlink_to(path)
    elif through == "hard link":
        named.hardlink_to(path)
    else:
        named = path
    before = path.read_bytes()
    model = path if victim == "model.onnx" else tmp_path / "run" if victim.startswith("run") else model_file
    images = path if victim.startswith("photo") else photographs
    arguments = ("predict", images, "--model", model, "--output", named)
    outcomes = [command(*arguments)]
    if victim != "metadata.csv":
        outcomes.append(command(*arguments, "--overwrite"))
    for done in outcomes:
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"error: {named}: ")
        assert done.err.count("\n") == 1
    assert path.read_bytes() == before
    assert not list(tmp_path.rglob("*.partial"))


def photo(folder: Path) -> bytes:
    return (folder / "photo0.jpg").read_bytes()


def test_a_table_among_the_photographs_is_no_photograph(
    command: Command, model_file: Path, photographs: Path
) -> None:
    """``dermdistill predict folder/* --output folder/scores.csv``, twice."""
    scores = photographs / "scores.csv"
    contents = []
    for _ in range(2):
        done = command("predict", *photographs.iterdir(), "--model", model_file, "--output", scores)
        assert done.code == 0, done.err
        contents.append(scores.read_bytes())
    assert contents[0] == contents[1]
    assert len(table(scores)) == 5


def test_a_table_on_standard_output_is_that_of_a_file(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    arguments = ("predict", photographs, "--model", model_file, "--output")
    assert command(*arguments, tmp_path / "scores.csv").code == 0
    for name in ("-", "/dev/stdout"):
        printed = command(*arguments, name)
        assert (printed.code, printed.out) == (0, (tmp_path / "scores.csv").read_text())
    assert not Path("-").exists()


def test_a_table_into_a_pipe(command: Command, model_file: Path, photographs: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    done = command("predict", photographs, "--model", model_file, "--output", pipe)
    reader.join()
    assert (done.code, done.out) == (0, "")
    assert read[0].count("\n") == 6
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("pipe")] == ["pipe"]


def test_a_name_that_promises_json_is_refused(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scores.json"
    done = command("predict", photographs, "--model", model_file, "--output", out)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"error: {out}: --output writes a CSV table, such as scores.csv; for JSON use --json > {out}\n"
    )
    assert not out.exists()
