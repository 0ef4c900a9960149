import csv
import os
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dermdistill.errors import UserError
from dermdistill.inference.model import Model, load
from dermdistill.inference.scores_file import ScoresFile
from dermdistill.inference.scores_table import Counts
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


def write(
    path: Path,
    model: Model,
    files: Iterable[str],
    *,
    stop_after: int | None = None,
    overwrite: bool = False,
) -> None:
    """Score into a table; ``stop_after`` rows, as a kill does."""
    with ScoresFile(path, model, overwrite) as table:
        for added, row in enumerate(score_files(model, table.begin(files), workers=1)):
            if added == stop_after:
                raise KeyboardInterrupt
            table.add(row)


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
        # Tried again, and a film of which two frames are missing is scored again.
        assert list(table.begin(["gone.jpg", *files])) == ["gone.jpg", *files[2:]]
        assert (table.rows_before, table.counts.errors) == (3, 1)


@pytest.mark.parametrize("content", [b"\x89PNG no line end", b'my,own\ntable,"cut', b"pat\n"])
def test_a_file_of_another_kind_is_left_as_it_is(
    model: Model, files: list[str], tmp_path: Path, content: bytes
) -> None:
    partial = tmp_path / "scores.csv.partial"
    partial.write_bytes(content)
    for overwrite in (False, True):
        with (
            pytest.raises(UserError, match=r"scores\.csv\.partial: is not a table of .*; move it away"),
            ScoresFile(tmp_path / "scores.csv", model, overwrite=overwrite) as table,
        ):
            table.begin(files)
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
        "photo0.jpg', which is not among the images": (model, files[1:]),
        "photo1.jpg', which is not among the images": (model, files[:1]),
        "another model, threshold or prevalence": (load(model_file, operating_point="youden"), files),
    }
    for message, (other, listed) in others.items():
        with pytest.raises(
            UserError, match=f"{message}.*choose another --output, or start again with --overwr"
        ):
            write(path, other, listed)
        assert (tmp_path / "scores.csv.partial").read_bytes() == before


def whole(path: Path, model: Model, files: list[str]) -> bytes:
    """A finished table of these files."""
    write(path, model, files)
    return path.read_bytes()


def scored(path: Path, model: Model, files: Iterable[str]) -> tuple[list[str], ScoresFile]:
    """Go on with a table; the names of the files that were scored for it, and the table."""
    done = []
    with ScoresFile(path, model) as table:
        for row in score_files(model, table.begin(files), workers=1):
            table.add(row)
            done.append(row.path)
    assert not table.partial.exists()
    return [Path(name).name for name in done], table


def test_a_finished_table_has_nothing_to_do(model: Model, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    content = whole(path, model, files)
    before = path.stat()
    for listed in (files, files[::-1], iter(files)):
        done, table = scored(path, model, listed)
        assert done == []
        assert not table.is_written
        assert table.counts == Counts(rows=9, flagged=table.counts.flagged, errors=0)
    assert path.read_bytes() == content
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("finished", [True, False])
def test_photographs_that_arrived_are_appended(
    model: Model, files: list[str], tmp_path: Path, finished: bool
) -> None:
    path = tmp_path / "scores.csv"
    content = whole(path, model, files[1::2])
    if not finished:
        path.rename(tmp_path / "scores.csv.partial")
    done, table = scored(path, model, files)
    assert set(done) == {Path(name).name for name in files[::2]}
    assert path.read_bytes().startswith(content)
    assert table.counts.rows == 9
    whole(tmp_path / "at once.csv", model, files)
    assert sorted(path.read_bytes().splitlines()) == sorted(
        (tmp_path / "at once.csv").read_bytes().splitlines()
    )


def test_rows_of_photographs_that_are_gone_stay(model: Model, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    content = whole(path, model, files)
    Path(files[1]).unlink()
    Path(files[2]).unlink()
    done, table = scored(path, model, [files[0], *files[3:]])
    assert done == []
    assert table.notes == ["2 of the files in the table are gone; their rows stay"]
    assert path.read_bytes() == content


def test_a_table_of_photographs_that_are_all_gone_is_of_others(
    model: Model, files: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    content = whole(path, model, files[:1])
    Path(files[0]).unlink()
    with pytest.raises(UserError, match="none of its files is among the images asked for"):
        write(path, model, files[1:])
    assert path.read_bytes() == content


def test_a_table_of_another_folder_with_the_same_names_is_left_as_it_is(
    model: Model, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scores.csv"
    for name, file in (("one", files[0]), ("other", files[1])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "IMG_1.jpg").write_bytes(Path(file).read_bytes() + b"\0" * len(name))
    monkeypatch.chdir(tmp_path / "one")
    content = whole(path, model, ["IMG_1.jpg"])
    monkeypatch.chdir(tmp_path / "other")
    with pytest.raises(UserError, match="none of its files is among the images asked for as it was then"):
        write(path, model, ["IMG_1.jpg"])
    assert path.read_bytes() == content


@pytest.mark.parametrize("once", [True, False])
def test_a_finished_table_of_others_is_left_as_it_is(
    model: Model, files: list[str], tmp_path: Path, once: bool
) -> None:
    """A list that is read once is refused at its end."""
    path = tmp_path / "scores.csv"
    content = whole(path, model, files[:3])
    with pytest.raises(UserError, match="is not among the images asked for"):
        write(path, model, iter(files[3:]) if once else files[3:])
    assert path.read_bytes() == content
    assert not (tmp_path / "scores.csv.partial").exists()


def test_an_interrupted_table_of_others_is_left_as_it_is(
    model: Model, files: list[str], tmp_path: Path
) -> None:
    partial = tmp_path / "scores.csv.partial"
    whole(tmp_path / "scores.csv", model, files[:2])
    (tmp_path / "scores.csv").rename(partial)
    content = partial.read_bytes()
    with pytest.raises(UserError, match="is not among the images asked for"):
        write(tmp_path / "scores.csv", model, iter(files[3:]))
    assert partial.read_bytes() == content


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_photograph_that_changed_is_scored_again(
    model: Model, files: list[str], tmp_path: Path, change: str
) -> None:
    path = tmp_path / "scores.csv"
    content = whole(path, model, files)
    picture_file = Path(files[0])
    if change == "size":
        picture_file.write_bytes(Path(files[1]).read_bytes())
        os.utime(picture_file, ns=(0, 0))
    else:
        later = path.stat().st_mtime_ns + 1
        os.utime(picture_file, ns=(later, later))
    done, table = scored(path, model, files)
    assert done == ["photo0.jpg"]
    assert table.notes == ["1 of the files in the table have changed and are scored again"]
    assert table.counts.rows == 9
    assert names(path) == [*names_of(content)[1:], "photo0.jpg"]
    lines = path.read_text().splitlines()
    rows = {Path(row["path"]).name: row["probability"] for row in csv.DictReader(lines)}
    assert (rows["photo0.jpg"] == rows["photo1.jpg"]) == (change == "size")
    assert scored(path, model, files)[0] == []


def names_of(content: bytes) -> list[str]:
    return [Path(row["path"]).name for row in csv.DictReader(content.decode().splitlines())]


def test_a_clock_that_is_ahead_makes_no_photograph_look_changed(
    model: Model, files: list[str], tmp_path: Path
) -> None:
    future = time.time_ns() + 10**18
    os.utime(files[0], ns=(future, future))
    path = tmp_path / "scores.csv"
    whole(path, model, files)
    assert scored(path, model, files)[0] == []


def test_a_film_that_changed_loses_all_its_old_frames(model: Model, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    whole(path, model, files)
    frames = np.stack([picture() // (i + 2) for i in range(2)])
    film = dataset(frames[0], NumberOfFrames=2, PixelData=frames.tobytes())
    Path(files[2]).write_bytes(written(film))
    done, table = scored(path, model, files)
    assert done == ["photo2-film.dcm"] * 2
    assert names(path)[-2:] == ["photo2-film.dcm#frame=1", "photo2-film.dcm#frame=2"]
    assert sum("film" in name for name in names(path)) == 2
    assert table.counts.rows == len(names(path)) == 7


def test_a_file_that_could_not_be_read_is_tried_again(model: Model, files: list[str], tmp_path: Path) -> None:
    path, late = tmp_path / "scores.csv", tmp_path / "late.jpg"
    listed = [str(late), *files]
    content = whole(path, model, listed)
    done, table = scored(path, model, listed)  # still not there
    assert (done, table.counts.errors) == (["late.jpg"], 1)
    assert path.read_bytes() == content
    late.write_bytes(Path(files[0]).read_bytes())
    done, table = scored(path, model, listed)
    assert (done, table.counts.errors) == (["late.jpg"], 0)
    assert names(path)[-1] == "late.jpg"
    assert table.counts.rows == len(names(path)) == 10


def test_a_photograph_given_twice_has_two_rows(model: Model, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    whole(path, model, files)
    done, _ = scored(path, model, [*files, files[0]])
    assert done == ["photo0.jpg"]
    assert scored(path, model, [files[0], *files])[0] == []
    scored(path, model, files)
    assert names(path).count("photo0.jpg") == 1


@pytest.mark.parametrize("cut", [0, 1, 100, 700, None])
def test_a_copy_that_a_kill_cut_off_loses_no_row(
    model: Model, files: list[str], tmp_path: Path, cut: int | None
) -> None:
    """A finished table is copied before rows are appended; some of its photographs are gone meanwhile."""
    path, partial = tmp_path / "scores.csv", tmp_path / "scores.csv.partial"
    content = whole(path, model, files[:4])
    Path(files[3]).unlink()
    partial.write_bytes(content[:cut])
    scored(path, model, [*files[:3], *files[4:]])
    assert path.read_bytes().startswith(content)
    assert len(names(path)) == 9


def test_two_tables_that_hold_different_rows_are_both_left(
    model: Model, files: list[str], tmp_path: Path
) -> None:
    path, partial = tmp_path / "scores.csv", tmp_path / "scores.csv.partial"
    partial.write_bytes(whole(tmp_path / "other.csv", model, files[:2]))
    path.write_bytes(whole(tmp_path / "another.csv", model, files[1:]))
    before = path.read_bytes(), partial.read_bytes()
    with pytest.raises(
        UserError, match=r"scores\.csv and .*partial hold different rows; move one of them away"
    ):
        write(path, model, files)
    assert (path.read_bytes(), partial.read_bytes()) == before


def test_overwriting_goes_on_after_a_kill_too(
    model: Model, model_file: Path, files: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    old = whole(path, load(model_file, operating_point="youden"), files)
    for stop in (2, 5):
        with pytest.raises(KeyboardInterrupt):
            write(path, model, files, stop_after=stop, overwrite=True)
        assert path.read_bytes() == old
    assert len((tmp_path / "scores.csv.partial").read_bytes().splitlines()) == 1 + 2 + 5
    write(path, model, files, overwrite=True)
    assert path.read_bytes() == whole(tmp_path / "new.csv", model, files)


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_a_partial_file_that_is_no_file_is_left(
    model: Model, files: list[str], tmp_path: Path, kind: str
) -> None:
    partial = tmp_path / "scores.csv.partial"
    if kind == "folder":
        partial.mkdir()
    elif kind == "link":
        partial.symlink_to(files[0])
    else:
        os.mkfifo(partial)
    with pytest.raises(UserError, match=r"scores\.csv\.partial: is not a regular file"):
        write(tmp_path / "scores.csv", model, files)
    assert os.path.lexists(partial)


def test_permissions_of_the_table_stay(model: Model, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    whole(path, model, files[:2])
    path.chmod(0o600)
    scored(path, model, files)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_names_that_are_formulas_are_none_in_the_table_and_are_found_again(
    model: Model, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "formulas"
    folder.mkdir()
    monkeypatch.chdir(folder)
    listed = [
        "=1+1.jpg",
        "+1.jpg",
        "-1.jpg",
        "@A1.jpg",
        "\t1.jpg",
        "\uff1d1.jpg",
        "=1 broken.jpg",
        "plain.jpg",
    ]
    for name in listed:
        Path(name).write_bytes(b"broken" if "broken" in name else Path(files[0]).read_bytes())
    path = tmp_path / "scores.csv"
    whole(path, model, listed)
    with path.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["path"] for row in rows] == [*(f"./{name}" for name in listed[:-1]), "plain.jpg"]
    assert rows[6]["error"].startswith("'=1 broken.jpg: ")
    assert scored(path, model, listed)[0] == ["=1 broken.jpg"]
    assert scored(path, model, [f"./{name}" for name in listed[:-1]] + ["plain.jpg"])[0] == ["=1 broken.jpg"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda rows: [*rows, ["a.jpg", "0.5"]],
        lambda rows: [*rows, [*rows[1], "one more"]],
        lambda rows: [*rows, [cell if cell != rows[1][-3] else "many" for cell in rows[1]]],
        lambda rows: [*rows, []],
    ],
)
def test_a_table_that_somebody_has_edited_is_left_as_it_is(
    model: Model, files: list[str], tmp_path: Path, damage: Callable[[list[list[str]]], list[list[str]]]
) -> None:
    path = tmp_path / "scores.csv"
    content = whole(path, model, files)
    edited = damage(list(csv.reader(content.decode().splitlines())))
    path.write_text("".join(",".join(row) + "\n" for row in edited))
    before = path.read_bytes()
    with pytest.raises(UserError, match="is not a table of these images by this model"):
        write(path, model, files)
    assert path.read_bytes() == before
    assert not (tmp_path / "scores.csv.partial").exists()


def as_earlier_versions_wrote_it(path: Path) -> str:
    """Make a table one of version 0.1: every digit, and spaces in the names of classes."""
    text = path.read_text().replace("p_benign_keratosis", "p_benign keratosis")
    text = text.replace(",0.333333,", f",{1 / 3!r},")
    assert "p_benign keratosis" in text
    assert ",0.3333333333333333," in text
    path.write_text(text)
    return text


def test_a_table_of_an_earlier_version_is_continued(model: Model, files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    write(path, model, files[:-1])
    old = as_earlier_versions_wrote_it(path)
    write(path, model, files[:-1])
    assert path.read_text() == old
    write(path, model, files)
    assert path.read_text().startswith(old)
    assert names(path)[-1] == "photo4.jpg"


def test_an_earlier_table_of_another_prevalence_is_not(
    model: Model, model_file: Path, files: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    write(path, model, files)
    old = as_earlier_versions_wrote_it(path)
    with pytest.raises(UserError, match="another model, threshold or prevalence"):
        write(path, load(model_file, prevalence=0.3334), files)
    assert path.read_text() == old


def test_an_earlier_table_has_todays_names_once_rows_are_replaced(
    model: Model, files: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    write(path, model, files)
    as_earlier_versions_wrote_it(path)
    changed = Path(files[0])
    changed.write_bytes(changed.read_bytes() + b"\0")
    write(path, model, files)
    assert "p_benign_keratosis" in path.read_text().splitlines()[0]
    assert sorted(names(path)) == sorted(
        ["photo2-film.dcm#frame=1", *(f"photo2-film.dcm#frame={i}" for i in (2, 3, 4))]
        + [f"photo{i}.jpg" for i in range(5)]
    )
