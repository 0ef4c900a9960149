"""`predict --output` killed at any moment, and gone on with: every image once, the values the same."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dermdistill.inference.model import Model, load
from dermdistill.inference.scores_file import ScoresFile
from dermdistill.inference.stream import ScoredImage, score_files
from tests.conftest import Outcome

PREDICT = (sys.executable, "-c", "from dermdistill.cli import main; main()", "predict")

AWKWARD = (
    "plain.jpg",
    "a,comma.jpg",
    'a "quoted" word.jpg',
    "two\nlines.jpg",
    '"\n".jpg',
    "\n",
    "carriage\rreturn.jpg",
    "naïve 皮膚.jpg",
    "no utf-8 \udcff.jpg",
    "=SUM(A1).jpg",
    "missing.jpg",
)
"""Names that a table has to hold; the last has no file."""

DEADLINE = 600


@pytest.fixture
def many(photographs: Path, tmp_path: Path) -> Path:
    """400 names of five photographs."""
    folder = tmp_path / "many"
    folder.mkdir()
    files = sorted(photographs.iterdir())
    for i in range(400):
        (folder / f"{i:03}.jpg").hardlink_to(files[i % len(files)])
    return folder


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start ``dermdistill predict ARGUMENTS`` with a pipe as its standard input; ended after the test."""
    running = []

    def start(*arguments: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*PREDICT, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def rows(path: Path) -> int:
    return path.read_bytes().count(b"\n") - 1 if path.exists() else 0


def killed_after(process: subprocess.Popen[bytes], table: Path, count: int) -> None:
    """Kill -9 as soon as the table has so many rows."""
    end = time.monotonic() + DEADLINE
    while rows(table) < count:
        assert process.poll() is None, "ended before it was killed"
        assert time.monotonic() < end, "no progress"
        time.sleep(0.002)
    process.kill()
    assert process.wait(DEADLINE) == -signal.SIGKILL


def test_killed_three_times(
    many: Path,
    model_file: Path,
    started: Callable[..., subprocess.Popen[bytes]],
    command: Callable[..., Outcome],
    tmp_path: Path,
) -> None:
    """The list comes through a pipe that is never closed, so that no kill can come too late."""
    names = [str(path) for path in sorted(many.iterdir())]
    table, partial = tmp_path / "scores.csv", tmp_path / "scores.csv.partial"
    for given in (150, 300, 380):
        process = started("-", "--output", table, "--model", model_file, "--workers", 2)
        assert process.stdin is not None
        process.stdin.write("".join(f"{name}\n" for name in names[:given]).encode())
        process.stdin.flush()
        killed_after(process, partial, rows(partial) + 20)
        assert not table.exists()
    left = rows(partial)
    assert 60 <= left < 400

    (tmp_path / "list.txt").write_text("".join(f"{name}\n" for name in names))
    with (tmp_path / "list.txt").open("rb") as listed:
        done = subprocess.run(
            [*PREDICT, "-", "--output", str(table), "--model", str(model_file)],
            stdin=listed,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert f"continuing after {left} rows" in done.stderr
    assert not partial.exists()
    whole = tmp_path / "whole.csv"
    assert command("predict", many, "--output", whole, "--model", model_file).code == 0
    assert table.read_bytes() == whole.read_bytes()
    with table.open(newline="", encoding="utf-8") as handle:
        assert [row["path"] for row in csv.DictReader(handle)] == names


@pytest.fixture
def awkward(photographs: Path, tmp_path: Path, model_file: Path) -> tuple[Model, list[ScoredImage], bytes]:
    """A model, its rows of awkward names, and the whole table."""
    folder = tmp_path / "awkward"
    folder.mkdir()
    paths = [f"{folder}/{name}" for name in AWKWARD]
    photograph = photographs / "photo0.jpg"
    for path in paths[:-1]:
        os.link(photograph, path)
    model = load(model_file)
    scored = list(score_files(model, paths, workers=1))
    assert [row.prediction is None for row in scored] == [False] * (len(paths) - 1) + [True]
    with ScoresFile(tmp_path / "whole.csv", model) as table:
        list(table.begin(()))
        for row in scored:
            table.add(row)
    return model, scored, (tmp_path / "whole.csv").read_bytes()


def test_cut_at_every_byte(
    awkward: tuple[Model, list[ScoredImage], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the header, in a number, inside quotes, between the bytes of a letter: whatever a kill may leave."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # of a thousand tables
    model, scored, whole = awkward
    by_path = {row.path: row for row in scored}
    table = tmp_path / "scores.csv"
    for length in range(len(whole) + 1):
        (tmp_path / "scores.csv.partial").write_bytes(whole[:length])
        with ScoresFile(table, model) as cut:
            remaining = list(cut.begin(by_path))
            # The row of the missing file is tried again.
            assert cut.rows_before - cut.counts.errors + len(remaining) == len(scored)
            for path in remaining:
                cut.add(by_path[path])
        assert table.read_bytes() == whole, f"cut after {length} of {len(whole)} bytes"


@pytest.mark.parametrize("kept", ["nothing", "half the header", "header", "half a row", "half a name", "all"])
def test_goes_on_after_cut(
    kept: str, many: Path, model_file: Path, command: Callable[..., Outcome], tmp_path: Path
) -> None:
    """The same through the command."""
    (many / "200\n.jpg").hardlink_to(many / "200.jpg")
    whole, table = tmp_path / "whole.csv", tmp_path / "scores.csv"
    assert command("predict", many, "--output", whole, "--model", model_file).code == 0
    content = whole.read_bytes()
    header = content.index(b"\n") + 1
    length = {
        "nothing": 0,
        "half the header": header // 2,
        "header": header,
        "half a row": len(content) // 2,
        "half a name": content.index(b'\n.jpg"') + 1,
        "all": len(content),
    }[kept]
    (tmp_path / "scores.csv.partial").write_bytes(content[:length])
    outcome = command("predict", many, "--output", table, "--model", model_file)
    assert outcome.code == 0
    assert ("continuing after" in outcome.err) == (kept in ("half a row", "half a name", "all"))
    assert table.read_bytes() == content


@pytest.mark.parametrize("change", ["model", "threshold", "prevalence", "fewer", "not a table"])
def test_refuses_another(
    change: str, photographs: Path, model_file: Path, command: Callable[..., Outcome], tmp_path: Path
) -> None:
    """Two halves that do not belong together are never joined; the half that is there is left as it is."""
    table, partial = tmp_path / "scores.csv", tmp_path / "scores.csv.partial"
    images = sorted(photographs.iterdir())
    given = ("--operating-point", 0.5, "--prevalence", 0.02) if change == "prevalence" else ()
    assert command("predict", *images, "--output", table, "--model", model_file, *given).code == 0
    table.rename(partial)
    if change == "not a table":
        partial.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3)
    before = partial.read_bytes()
    other = tmp_path / "other.onnx"
    # Protocol buffers skip fields that they do not know: the same graph in another file.
    other.write_bytes(model_file.read_bytes() + b"\xa2\x06\x01x")
    options: dict[str, tuple[object, ...]] = {
        "threshold": ("--operating-point", "youden"),
        "prevalence": ("--operating-point", 0.5, "--prevalence", 0.5),
    }
    outcome = command(
        "predict",
        *(images[:3] if change == "fewer" else images),
        *("--output", table),
        *("--model", other if change == "model" else model_file),
        *options.get(change, ()),
    )
    assert outcome.code == 2
    errors = [line for line in outcome.err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert str(partial) in errors[0]
    assert ("move it away" if change == "not a table" else "--overwrite") in errors[0]
    assert "Traceback" not in outcome.err
    assert not table.exists()
    assert partial.read_bytes() == before
