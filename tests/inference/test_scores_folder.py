"""A folder of Parquet parts: one row per photograph, however often a command dies and is repeated."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dermdistill import storage
from dermdistill.errors import UserError
from dermdistill.inference import remote
from dermdistill.inference.model import Model, load
from dermdistill.inference.parquet import is_scores, to_bytes
from dermdistill.inference.rows import columns, row_dict
from dermdistill.inference.scores_folder import Part, ScoresFolder, parts_of
from dermdistill.inference.stream import ScoredImage, score_files

pq = pytest.importorskip("pyarrow.parquet", reason="the extra storage is not installed")


@pytest.fixture(scope="module")
def model(model_file: Path) -> Model:
    return load(model_file)


@pytest.fixture(params=["memory", "path"])
def url(request: pytest.FixtureRequest, memory: Any, tmp_path: Path) -> str:
    return "memory://bucket/scores" if request.param == "memory" else str(tmp_path / "scores")


def files_of(photographs: Path) -> list[str]:
    return [str(path) for path in sorted(photographs.iterdir())]


def rows(url: str) -> list[dict[str, Any]]:
    """All rows, in the order of the parts."""
    found = []
    for name in storage.names(url):
        if name.endswith(".parquet"):
            content = storage.read(storage.join(url, name))
            assert content is not None
            found += pq.read_table(io.BytesIO(content)).to_pylist()
    return found


def score_all(
    folder: ScoresFolder, files: list[str], *, stop_after: int = 99, overwrite: bool = False
) -> int:
    """Score what remains, or some parts of it; how many parts there were."""
    finished = folder.open(overwrite=overwrite)
    done = 0
    for done, part in enumerate(folder.remaining(files, finished), start=1):
        folder.score(part, workers=1)
        if done == stop_after:
            break
    return done


def test_photographs_are_divided_in_order_and_a_shard_is_a_part_of_its_own() -> None:
    paths = ["1", "2", "3", "a.tar", "b.tar", "4", "5", "6"]
    assert [part.paths for part in parts_of(paths, 2)] == [
        ("1", "2"),
        ("3",),
        ("a.tar",),
        ("b.tar",),
        ("4", "5"),
        ("6",),
    ]
    assert [part.number for part in parts_of(paths, 2)] == list(range(6))
    assert list(parts_of([], 2)) == []


def test_the_name_of_a_part_follows_from_its_photographs() -> None:
    names = {
        Part(0, ("a", "b")).name,
        Part(0, ("ab",)).name,
        Part(0, ("b", "a")).name,
        Part(1, ("a", "b")).name,
    }
    assert len(names) == 4
    assert Part(0, ("a", "b")).name == Part(0, ("a", "b")).name
    Part(0, ("\udcff.jpg",)).name  # noqa: B018  a name that is no UTF-8


def test_the_rows_are_those_of_the_csv(url: str, photographs: Path, model: Model) -> None:
    (photographs / "broken.jpg").write_bytes(b"no photograph")
    files = files_of(photographs)
    folder = ScoresFolder(url, model, size=4)
    assert score_all(folder, files) == 2
    expected = [row_dict(row, model) for row in score_files(model, files, workers=1)]
    assert rows(url) == expected
    assert list(rows(url)[0]) == columns(model)
    assert sum(row["error"] is not None for row in expected) == 1


@pytest.mark.parametrize("stop_after", [1, 2])
def test_a_command_that_was_killed_goes_on_with_the_next_part(
    url: str, photographs: Path, model: Model, stop_after: int
) -> None:
    files = files_of(photographs)
    folder = ScoresFolder(url, model, size=2)
    score_all(folder, files, stop_after=stop_after)
    assert score_all(folder, files) == 3 - stop_after
    assert score_all(folder, files) == 0
    assert [row["path"] for row in rows(url)] == files


def test_a_part_that_is_scored_twice_is_there_once(url: str, photographs: Path, model: Model) -> None:
    """As when an actor dies after its part is written, and another one is given it."""
    files = files_of(photographs)
    folder = ScoresFolder(url, model, size=3)
    parts = list(folder.remaining(files, folder.open(overwrite=False)))
    for part in (*parts, *parts):
        folder.score(part, workers=1)
    assert [row["path"] for row in rows(url)] == files


@pytest.mark.parametrize("change", ["one more first", "one more last", "fewer", "others"])
def test_other_photographs_than_before_are_refused(
    url: str, photographs: Path, model: Model, change: str
) -> None:
    files = files_of(photographs)
    folder = ScoresFolder(url, model, size=2)
    score_all(folder, files)
    before = rows(url)
    now = {
        "one more first": ["new.jpg", *files],
        "one more last": [*files, "new.jpg"],
        "fewer": files[:2],
        "others": [*files[:4], "new.jpg"],
    }[change]
    with pytest.raises(
        UserError, match="of other photographs: they have changed since; choose another --output"
    ):
        score_all(folder, now)
    assert rows(url) == before
    assert score_all(folder, files[:2], overwrite=True) == 1
    assert [row["path"] for row in rows(url)] == files[:2]


def test_scores_of_another_model_or_point_are_refused(url: str, photographs: Path, model: Model) -> None:
    files = files_of(photographs)
    score_all(ScoresFolder(url, model), files)
    other = replace(model, operating_point=replace(model.operating_point, threshold=0.9))
    with pytest.raises(UserError, match="another model, operating point or prevalence"):
        ScoresFolder(url, other).open(overwrite=False)
    with pytest.raises(UserError, match="another model, operating point or prevalence"):
        ScoresFolder(url, model, size=7).open(overwrite=False)
    assert ScoresFolder(url, other).open(overwrite=True) == {}


def test_a_folder_of_other_files_is_refused(url: str, model: Model) -> None:
    storage.write(storage.join(url, "thesis.tex"), b"")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="holds other files and no scores"):
            ScoresFolder(url, model).open(overwrite=overwrite)
    assert storage.names(url) == ["thesis.tex"]


def test_the_folder_says_whose_scores_it_holds(url: str, model: Model) -> None:
    ScoresFolder(url, model).open(overwrite=False)
    about = json.loads(storage.read(storage.join(url, "_scores.json")) or b"")
    assert about["model"] == model.model_id
    assert about["operating_point"] == "sensitivity_0.90"


def test_a_storage_that_gives_nothing_ends_the_command_and_no_part_is_written(
    memory: Any, model: Model, photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One photograph that it does not give is a row."""
    files = [f"memory://p/{i}.jpg" for i in range(4)]
    for file in files:
        memory.pipe_file(file.removeprefix("memory:/"), (photographs / "photo0.jpg").read_bytes())
    real = remote._content
    down = set(files)

    def content(url: str) -> bytes:
        if url in down:
            raise OSError("connection reset")
        return real(url)

    monkeypatch.setattr(remote, "_content", content)
    monkeypatch.setattr(remote, "_WAITS", ())
    folder = ScoresFolder("memory://bucket/scores", model, size=4)
    with pytest.raises(
        UserError, match=r"the storage does not give it .*; the same command continues from here"
    ):
        score_all(folder, files)
    assert rows(folder.url) == []
    down.remove(files[0])
    score_all(folder, files)
    assert [row["error"] is None for row in rows(folder.url)] == [True, False, False, False]


def test_names_that_are_no_utf_8_are_escaped(tmp_path: Path, model: Model) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(to_bytes([ScoredImage("\udcff.jpg", None, "broken")], model))
    assert pq.read_table(path)["path"].to_pylist() == ["\\udcff.jpg"]
    assert is_scores(path)
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    assert not is_scores(tmp_path / "b.parquet")
