"""``dermdistill predict`` with URLs and Parquet, as its user runs it."""

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dermdistill import storage

from ..conftest import Outcome

fsspec = pytest.importorskip("fsspec", reason="the extra storage is not installed")
pq = pytest.importorskip("pyarrow.parquet", reason="the extra storage is not installed")

Command = Callable[..., Outcome]


@pytest.fixture
def bucket(photographs: Path) -> Iterator[str]:
    """A prefix with five photographs, a broken one and a text."""
    system = fsspec.filesystem("memory")
    for path in photographs.iterdir():
        system.pipe_file(f"/bucket/photos/{path.name}", path.read_bytes())
    system.pipe_file("/bucket/photos/broken.jpg", b"no photograph")
    system.pipe_file("/bucket/photos/notes.txt", b"")
    yield "memory://bucket/photos/"
    system.store.clear()


def rows_of(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in storage.names(url):
        if name.endswith(".parquet"):
            with fsspec.open(storage.join(url, name), "rb") as handle:
                found += pq.read_table(handle).to_pylist()
    return found


def error_of(outcome: Outcome) -> str:
    assert outcome.code == 2, outcome.err
    (line,) = (line for line in outcome.err.splitlines() if line.startswith("error: "))
    return line


def test_a_prefix_is_scored_into_another(command: Command, bucket: str, model_file: Path) -> None:
    arguments = ("predict", bucket, "--model", model_file, "-o", "memory://bucket/scores/")
    outcome = command(*arguments)
    assert outcome.code == 1, "a photograph is broken"
    assert "wrote 6 rows into memory://bucket/scores/" in outcome.err
    assert "note: memory://bucket/photos/: left out 1 files that are no images: 1 .txt" in outcome.err
    rows = rows_of("memory://bucket/scores")
    assert len({row["path"] for row in rows}) == len(rows) == 6
    assert [row["error"] is not None for row in rows].count(True) == 1
    again = command(*arguments)
    assert "continuing after 1 finished part" in again.err
    assert "wrote 0 rows" in again.err
    assert rows_of("memory://bucket/scores") == rows


def test_one_file_holds_what_the_csv_holds(
    command: Command, photographs: Path, model_file: Path, tmp_path: Path
) -> None:
    table, parquet = tmp_path / "scores.csv", tmp_path / "scores.parquet"
    for output in (table, parquet):
        assert command("predict", photographs, "--model", model_file, "-o", output).code == 0
    with table.open(newline="") as handle:
        expected = list(csv.DictReader(handle))
    found = pq.read_table(parquet).to_pylist()
    assert [row["path"] for row in found] == [row["path"] for row in expected]
    assert [repr(row["probability"]) for row in found] == [row["probability"] for row in expected]
    assert command("predict", photographs, "--model", model_file, "-o", parquet).code == 0, "it is ours"


def test_a_list_of_scores_is_a_list_of_photographs(
    command: Command, photographs: Path, model_file: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    command("predict", photographs, "--model", model_file, "-o", first)
    command("predict", first, "--model", model_file, "-o", second)
    assert pq.read_table(second).equals(pq.read_table(first))


def test_a_csv_of_urls_goes_on(command: Command, bucket: str, model_file: Path, tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    command("predict", bucket, "--model", model_file, "-o", table)
    before = table.read_text()
    fsspec.filesystem("memory").pipe_file(
        "/bucket/photos/photo9.jpg", fsspec.filesystem("memory").cat_file("/bucket/photos/photo0.jpg")
    )
    outcome = command("predict", bucket, "--model", model_file, "-o", table)
    assert "continuing after 6 rows" in outcome.err
    assert table.read_text().startswith(before)
    assert len(table.read_text().splitlines()) == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "memory://b/scores.csv"), "takes Parquet here"),
        (("--engine", "ray"), "--engine ray: writes a folder of Parquet files; name it with --output"),
        (("--engine", "ray", "--json", "-o", "s/"), "--engine ray: writes a folder of Parquet files"),
        (("--cluster", "auto", "-o", "s/"), "--cluster: is where --engine ray scores; give that too"),
        (("--engine", "ray", "-o", "s.parquet"), "many processes do not write one file"),
        (("--engine", "ray", "-o", "s.csv"), "takes Parquet here"),
        (("--engine", "ray", "--cluster", "nowhere", "-o", "s/"), "expected auto, the address of a cluster"),
        (("-o", "nope://b/"), "not a storage that fsspec knows"),
    ],
)
def test_a_wrong_wish_is_one_line_before_any_work(
    command: Command,
    photographs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in error_of(command("predict", photographs, *arguments))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photographs"]


def test_without_the_extra_one_line_names_it(
    command: Command, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = __import__("importlib.util").util.find_spec

    def without(name: str, package: str | None = None) -> object:
        return None if name in ("pyarrow", "ray") else real(name, package)

    monkeypatch.setattr("importlib.util.find_spec", without)
    outcome = command("predict", photographs, "-o", tmp_path / "s.parquet")
    assert "needs fsspec and pyarrow: pip install 'dermdistill[storage]'" in error_of(outcome)
    outcome = command("predict", "s3://bucket/a/")
    assert "s3://bucket/a/: needs fsspec and pyarrow" in error_of(outcome)


def test_a_photograph_among_files_of_a_folder_is_not_written_over(
    command: Command, photographs: Path, model_file: Path, tmp_path: Path
) -> None:
    before = sorted(photographs.iterdir())
    outcome = command("predict", photographs, "--model", model_file, "-o", f"{photographs}/")
    assert "holds other files and no scores" in error_of(outcome)
    (tmp_path / "mine.parquet").write_bytes(b"PAR1 of somebody else")
    outcome = command("predict", photographs, "--model", model_file, "-o", tmp_path / "mine.parquet")
    assert "exists and is not a Parquet table of `dermdistill predict`" in error_of(outcome)
    assert sorted(photographs.iterdir()) == before


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray about itself
@pytest.mark.skipif(sys.platform != "linux", reason="Ray is tested on Linux")
def test_a_cluster_gives_what_one_process_gives(
    command: Command, photographs: Path, model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    (photographs / "broken.jpg").write_bytes(b"no photograph")
    arguments = ("predict", photographs, "--model", model_file)
    command(*arguments, "-o", f"{tmp_path}/here/")
    outcome = command(*arguments, "-o", f"{tmp_path}/there/", "--engine", "ray", "--cluster", "local:1")
    assert outcome.code == 1, outcome.err
    assert "wrote 6 rows" in outcome.err
    assert rows_of(f"{tmp_path}/there") == rows_of(f"{tmp_path}/here")


def test_explain_reads_no_urls(command: Command) -> None:
    assert "https://host/a.jpg: explain reads files of this machine" in error_of(
        command("explain", "https://host/a.jpg")
    )
