"""Answers are right, or an error says so, whatever a command's standard streams are and whoever starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ..conftest import Outcome
from .test_errors import TINY, one_line

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell starts the commands")

_PROGRAM = "from dermdistill.cli import main; main()"


def shell(redirections: str, *arguments: object, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Run ``dermdistill ARGUMENTS REDIRECTIONS`` as a shell does."""
    words = [sys.executable, "-c", _PROGRAM, *map(str, arguments)]
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirections}', "sh", *words],
        capture_output=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.fixture
def foreign(photographs: Path) -> Path:
    """A folder of one photograph whose name no single old encoding has."""
    folder = photographs.parent / "foreign"
    folder.mkdir()
    (photographs / "photo0.jpg").rename(folder / "皮膚-é-€.jpg")
    return folder


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("ascii", r"\u76ae\u819a-\xe9-\u20ac.jpg"),
        ("latin-1", r"\u76ae\u819a-é-\u20ac.jpg"),
        ("cp1252", r"\u76ae\u819a-é-€.jpg"),
        ("utf-8", "皮膚-é-€.jpg"),
    ],
)
def test_a_name_outside_the_encoding_becomes_escapes(
    model_file: Path, foreign: Path, encoding: str, name: str
) -> None:
    done = shell("", "predict", foreign, "--model", model_file, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode(encoding).splitlines()[1].endswith(name)


def test_json_and_csv_hold_the_name_itself_in_any_encoding(model_file: Path, foreign: Path) -> None:
    arguments = ("predict", foreign, "--model", model_file)
    path = str(next(foreign.iterdir()))
    printed = shell("", *arguments, "--json", PYTHONIOENCODING="ascii")
    assert json.loads(printed.stdout)["path"] == path
    table = shell("", *arguments, "--output", "-", PYTHONIOENCODING="ascii")
    assert table.stdout.decode().splitlines()[1].startswith(f"{path},")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_table_is_written_whatever_is_closed(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path, closed: str
) -> None:
    arguments = ("predict", photographs, "--model", model_file, "--output")
    assert command(*arguments, tmp_path / "whole.csv").code == 0
    done = shell(closed, *arguments, tmp_path / "scores.csv")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "scores.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("output", [(), ("--json",), ("--output", "-")])
def test_answers_for_a_closed_standard_output_are_an_error(
    model_file: Path, photographs: Path, output: tuple[str, ...]
) -> None:
    done = shell(">&-", "predict", photographs, "--model", model_file, *output)
    assert done.returncode == 2
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("error: ")
    assert "Traceback" not in done.stderr.decode()


def test_what_a_closed_standard_error_was_to_show_is_not_among_the_answers(
    model_file: Path, photographs: Path
) -> None:
    done = shell("2>&-", "predict", photographs, "--model", model_file, "--json")
    assert done.returncode == 0
    assert [len(json.loads(line)) > 1 for line in done.stdout.splitlines()] == [True] * 5


def test_a_closed_standard_input_lists_nothing(model_file: Path) -> None:
    done = shell("<&-", "predict", "-", "--model", model_file, "--json")
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode().splitlines()[-1] == "0 images"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("output", [(), ("--output", "/dev/full"), ("--output", "-")])
def test_answers_for_a_full_disk_are_an_error(
    model_file: Path, photographs: Path, output: tuple[str, ...]
) -> None:
    done = shell(">/dev/full", "predict", photographs, "--model", model_file, *output)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr.decode().splitlines()[-1]
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize("arguments", [("--help",), ("predict", "--help"), ("predict",)])
def test_help_and_usage_with_closed_streams(arguments: tuple[str, ...]) -> None:
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        done = shell(closed, *arguments)
        assert b"Traceback" not in done.stderr + done.stdout


def test_a_log_holds_no_frames_of_a_progress_bar(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    listed = sorted(photographs.iterdir()) * 250
    done = command("predict", *listed, "--model", model_file, "--output", tmp_path / "scores.csv")
    assert len(done.err.splitlines()) == 4  # three of the model, one at the end
    assert "\r" not in done.err


def test_a_log_of_a_run_holds_lines_only(
    command: Callable[..., Outcome], image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    data = image_folder(melanoma=24, nevus=24)
    done = command("run", "--data", data, "--output", tmp_path / "run", *TINY)
    assert done.code == 0, done.err
    assert "\r" not in done.err + done.out
    assert "%|" not in done.err


@pytest.mark.parametrize("environment", ["DERMDISTILL_CACHE", "XDG_CACHE_HOME", "HOME"])
def test_a_cache_that_cannot_be_written_names_the_variable(
    command: Callable[..., Outcome],
    image_folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
) -> None:
    data = image_folder(melanoma=24, nevus=24)
    (tmp_path / "file").touch()
    monkeypatch.delenv("DERMDISTILL_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv(environment, str(tmp_path / "file" / "cache"))
    line = one_line(command("run", "--data", data, "--output", tmp_path / "run", *TINY))
    assert str(tmp_path / "file") in line
    assert line.endswith("set DERMDISTILL_CACHE to another folder")


def test_a_user_without_a_home_is_told_the_variable(
    command: Callable[..., Outcome],
    image_folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pwd = pytest.importorskip("pwd")

    def no_entry(_: int) -> None:
        raise KeyError("no such user")

    data = image_folder(melanoma=24, nevus=24)
    monkeypatch.setattr(pwd, "getpwuid", no_entry)
    for name in ("DERMDISTILL_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    line = one_line(command("run", "--data", data, "--output", tmp_path / "run", *TINY))
    assert "this user has none; set DERMDISTILL_CACHE to a folder for them" in line
