"""``dermdistill predict`` with ``--lesion-column`` and ``--lesion-folders``."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.inference.lesions import mean_probability
from dermdistill.inference.model import load

from ..conftest import Outcome

Command = Callable[..., Outcome]


@pytest.fixture
def table(photographs: Path) -> Path:
    """Lesion A has two photographs, B two, of which one by its path; the last has no lesion."""
    path = photographs / "clinic.csv"
    rows = ["photo0.jpg;A", f"{photographs / 'photo1.jpg'};B", "photo2;A", "photo3.jpg;B", "photo4.jpg;"]
    path.write_text("\n".join(["file;Lesion Nr", *rows]) + "\n")
    return path


def test_json_and_csv_and_text_say_the_same(
    command: Command, model_file: Path, photographs: Path, table: Path, tmp_path: Path
) -> None:
    arguments = ("predict", table, "--lesion-column", "lesion nr", "--model", model_file)
    lines, text = command(*arguments, "--json"), command(*arguments)
    written = command(*arguments, "-o", tmp_path / "lesions.csv")
    assert (lines.code, text.code, written.code) == (0, 0, 0)
    assert "1 of 5 photographs have no lesion: each counts as one of its own" in lines.err
    records = [json.loads(line) for line in lines.out.splitlines()]
    assert [record["lesion"] for record in records] == ["A", "B", str(photographs / "photo4.jpg")]
    with (tmp_path / "lesions.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    model = load(model_file)
    for record, row, line, numbers in zip(
        records, rows, text.out.splitlines()[1:], ((0, 2), (1, 3), (4,)), strict=True
    ):
        paths = [photographs / f"photo{i}.jpg" for i in numbers]
        expected = mean_probability(model.predict(paths))
        assert record["probability"] == float(row["probability"]) == pytest.approx(expected, rel=1e-5)
        assert record["photographs"] == int(row["photographs"]) == len(numbers)
        assert line.lstrip().startswith(f"{100 * expected:.1f} %")
        assert f"{record['lesion']}  ({len(numbers)} photograph" in line
    assert written.err.splitlines()[-1].startswith(f"wrote {tmp_path / 'lesions.csv'}: 3 lesions: ")
    assert command(*arguments, "-o", tmp_path / "lesions.csv").code == 0


def test_one_folder_per_lesion(command: Command, model_file: Path, photographs: Path, tmp_path: Path) -> None:
    for lesion, numbers in (("L1", (0, 1, 2)), ("L2", (3, 4))):
        (tmp_path / "clinic" / lesion).mkdir(parents=True)
        for i in numbers:
            name = f"photo{i}.jpg"
            (photographs / name).rename(tmp_path / "clinic" / lesion / name)
    done = command("predict", tmp_path / "clinic", "-r", "--lesion-folders", "--model", model_file, "--json")
    records = [json.loads(line) for line in done.out.splitlines()]
    assert [(Path(record["lesion"]).name, record["photographs"]) for record in records] == [
        ("L1", 3),
        ("L2", 2),
    ]


def test_a_lesion_whose_photographs_cannot_be_read(
    command: Command, model_file: Path, photographs: Path, table: Path
) -> None:
    (photographs / "photo0.jpg").write_bytes(b"damaged")
    (photographs / "photo4.jpg").write_bytes(b"damaged")
    done = command("predict", table, "--lesion-column", "lesion_nr", "--model", model_file, "--json")
    assert done.code == 1
    first, _, last = (json.loads(line) for line in done.out.splitlines())
    assert (first["photographs"], first["unreadable"]) == (1, 1)
    assert first["probability"] is not None
    assert last["probability"] is None
    assert "photo4.jpg: not an image" in last["error"]
    assert done.err.splitlines()[-1].startswith("warning: 3 lesions: ")
    assert "1 could not be read" in done.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("clinic.csv", "--lesion-column", "wound"), "--lesion-column wound: no such column in clinic.csv"),
        (("clinic.csv", "photo0.jpg", "--lesion-column", "lesion_nr"), "give one CSV of photographs"),
        ((".", "--lesion-column", "lesion_nr"), ".: --lesion-column needs one CSV of photographs"),
        ((".", "--lesion-folders", "--lesion-column", "x"), "--lesion-folders: folders have no columns"),
        (
            ("gone.csv", "--lesion-column", "lesion_nr"),
            "gone.csv, line 3: no image file nowhere.jpg beside it",
        ),
        (("names.csv", "--lesion-column", "lesion_nr"), "names.csv: no column names the photographs"),
        (
            ("clinic.csv", "--lesion-column", "lesion_nr", "-o", "notes.csv"),
            "notes.csv: exists and is not a table of lesions",
        ),
        (("clinic.csv", "--lesion-column", "lesion_nr", "-o", "clinic.csv"), "which the command reads"),
    ],
)
def test_wrong_use_is_one_line(
    command: Command,
    model_file: Path,
    photographs: Path,
    table: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(photographs)
    before = table.read_bytes()
    Path("gone.csv").write_text("file,lesion_nr\nphoto0.jpg,A\nnowhere.jpg,B\n")
    Path("names.csv").write_text("snapshot,lesion_nr\nphoto0.jpg,A\n")
    Path("notes.csv").write_text("mine")
    done = command("predict", *arguments, "--model", model_file)
    assert done.code == 2
    (line,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert table.read_bytes() == before
    assert Path("notes.csv").read_text() == "mine"


def test_referring(command: Command, model_file: Path, photographs: Path, tmp_path: Path) -> None:
    scores = sorted(p.probability for p in load(model_file).predict(sorted(photographs.iterdir())))
    point = ("--operating-point", repr(scores[1]), "--refer-below", repr(scores[3]))
    arguments = ("predict", photographs, "--model", model_file, *point)
    output = tmp_path / "scores.csv"
    assert command(*arguments, "-o", output).code == 0
    with output.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert sorted(row["decision"] for row in rows) == ["melanoma", "melanoma", "other", "refer", "refer"]
    assert {float(row["refer_below"]) for row in rows} == {float(f"{scores[3]:.6g}")}
    assert "2 flagged, 2 referred" in command(*arguments, "-o", output).err
    records = [json.loads(line) for line in command(*arguments, "--json").out.splitlines()]
    assert [record["decision"] for record in records] == [row["decision"] for row in rows]
    assert command(*arguments).out.count("  referred") == 2
    other = command("predict", photographs, "--model", model_file, *point[:3], repr(scores[4]), "-o", output)
    assert other.code == 2
    assert "its rows are of another model, threshold or prevalence" in other.err


def test_evaluate_judges_lesions(
    command: Command, model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    table = photographs / "clinic.csv"
    rows = ["photo0.jpg,A,melanoma", "photo1.jpg,B,nevus", "photo2.jpg,A,melanoma", "photo3.jpg,C,nevus"]
    table.write_text("\n".join(["image,lesion,diagnosis", *rows, "photo4.jpg,C,nevus"]) + "\n")
    arguments = ("evaluate", model_file, "--data", table, "--replicates", "100")
    output = ("--operating-point", "youden", "-o", tmp_path / "evaluation")
    done = command(*arguments, *output, "--per-lesion", "--json")
    assert done.code == 0, done.err
    content = json.loads(done.out)
    assert content["models"]["dsnet"]["n_images"] == 3
    assert "5 photographs are judged as 3 lesions: means of their log-odds" in content["notes"]
    (path,) = (tmp_path / "evaluation").rglob("predictions.csv")
    with path.open(newline="") as handle:
        found = {row["lesion_id"]: float(row["probability"]) for row in csv.DictReader(handle)}
    model = load(model_file)
    of_a = model.predict([photographs / "photo0.jpg", photographs / "photo2.jpg"])
    assert found["A"] == pytest.approx(mean_probability(of_a), rel=1e-4)
    assert command(*arguments, *output).code == 2  # another evaluation is in that folder
