import csv
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dermdistill.errors import UserError
from dermdistill.inference.model import Model, load
from dermdistill.inference.scores_file import ScoresFile
from dermdistill.inference.stream import score_files

from ..data.dicom_files import dataset, picture, written


@pytest.fixture(scope="module")
def model(model_file: Path) -> Model:
    return load(model_file)


@pytest.fixture
def files(photographs: Path) -> list[str]:
    """Five photographs, with a DICOM file of four frames in their midst."""
    frames = np.stack([picture() // (i + 1) for i in range(4)])
    film: Dataset = dataset(frames[0], NumberOfFrames=4, PixelData=frames.tobytes())
    (photographs / "photo2-film.dcm").write_bytes(written(film))
    return [str(path) for path in sorted(photographs.iterdir())]


def write(path: Path, model: Model, files: list[str], *, stop_after: int | None = None) -> None:
    """Score into a table; ``stop_after`` rows, as a kill does."""
    with ScoresFile(path, model) as table:
        added = 0
        for row in score_files(model, table.begin(files), workers=1):
            if added == stop_after:
                raise KeyboardInterrupt
            added += table.add(row)


def names(path: Path) -> list[str]:
    with path.open(newline="") as handle:
        return [Path(row["path"]).name for row in csv.DictReader(handle)]


def test_every_frame_has_a_row(model: Model, files: list[str], tmp_path: Path) -> None:
    write(tmp_path / "scores.csv", model, files)
    film = [f"photo2-film.dcm#frame={i}" for i in (1, 2, 3, 4)]
    assert names(tmp_path / "scores.csv") == [
        "photo0.jpg",
        "photo1.jpg",
        *film,
        *(f"photo{i}.jpg" for i in (2, 3, 4)),
    ]


@pytest.mark.parametrize("rows", range(10))
def test_a_stop_after_any_row_is_gone_on_with(
    model: Model, files: list[str], tmp_path: Path, rows: int
) -> None:
    write(tmp_path / "whole.csv", model, files)
    path = tmp_path / "scores.csv"
    with pytest.raises(KeyboardInterrupt):
        write(path, model, [*files, files[0]], stop_after=rows)
    assert not path.exists()
    # A kill in the middle of a row.
    with (tmp_path / "scores.csv.partial").open("a") as handle:
        handle.write('"photo, cut')
    write(path, model, files)
    assert path.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not (tmp_path / "scores.csv.partial").exists()


def test_what_was_there_is_counted(model: Model, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    with pytest.raises(KeyboardInterrupt):
        write(path, model, ["gone.jpg", *files], stop_after=5)
    table = ScoresFile(path, model)
    with table:
        assert next(iter(table.begin(["gone.jpg", *files]))) == files[2]  # two of its frames are missing
    assert (table.rows_before, table.errors_before) == (5, 1)


@pytest.mark.parametrize("content", [b"\x89PNG no line end", b'my,own\ntable,"cut', b"pat\n"])
def test_a_file_of_another_kind_is_left_as_it_is(
    model: Model, files: list[str], tmp_path: Path, content: bytes
) -> None:
    partial = tmp_path / "scores.csv.partial"
    partial.write_bytes(content)
    with pytest.raises(UserError, match="its columns are those of another model"):
        write(tmp_path / "scores.csv", model, files)
    assert partial.read_bytes() == content


def test_two_commands_do_not_write_one_table(model: Model, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    first = ScoresFile(path, model)
    with first:
        remaining = first.begin(files)
        with pytest.raises(UserError, match=r"scores\.csv\.partial: another command is writing it"):
            write(path, model, files)
        for row in score_files(model, remaining, workers=1):
            first.add(row)
    write(tmp_path / "again.csv", model, files)
    assert path.read_bytes() == (tmp_path / "again.csv").read_bytes()


def test_another_list_or_threshold_is_refused_and_nothing_lost(
    model: Model, model_file: Path, files: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    with pytest.raises(KeyboardInterrupt):
        write(path, model, files, stop_after=4)
    before = (tmp_path / "scores.csv.partial").read_bytes()
    others = {
        "row 1 is .*photo0.jpg', not .*photo1.jpg": (model, files[1:]),
        "row 3 is .*film.dcm#frame=1', not None": (model, files[:2]),
        "another model or threshold": (load(model_file, threshold="youden"), files),
    }
    for message, (other, listed) in others.items():
        with pytest.raises(UserError, match=f"{message}.*delete it to begin anew, or choose another --csv"):
            write(path, other, listed)
        assert (tmp_path / "scores.csv.partial").read_bytes() == before
