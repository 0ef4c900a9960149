"""Option names of the last release do what the new ones do, and say so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.cli.old_names import translated
from dermdistill.errors import UserError

from ..conftest import Outcome


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["run", "--data", "x", "--out", "y"], ["run", "--data", "x", "--output", "y"]),
        (["compare", "--out=y"], ["compare", "--output=y"]),
        (["evaluate", "m", "--out", "y"], ["evaluate", "m", "--output", "y"]),
        (["benchmark", "m", "--out", "y"], ["benchmark", "m", "--output", "y"]),
        (["explain", "p", "--threshold", "0.5"], ["explain", "p", "--operating-point", "0.5"]),
        (["predict", "p", "--csv", "-"], ["predict", "p", "--output", "-"]),
        (["predict", "--threshold=youden", "p"], ["predict", "--operating-point=youden", "p"]),
        (["export", "r", "--to", "onnx", "--int8"], ["export", "r", "--int8"]),
        (["export", "r", "--to=onnx"], ["export", "r"]),
    ],
)
def test_an_old_name_is_translated_with_a_note(old: list[str], new: list[str]) -> None:
    arguments, notes = translated(old)
    assert arguments == new
    assert len(notes) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "p", "--output", "x.csv"],
        ["predict", "--", "--csv"],
        ["data", "--out"],
        ["predict", "--csvs"],
        ["--version"],
        [],
    ],
)
def test_all_else_stays(arguments: list[str]) -> None:
    assert translated(arguments) == (arguments, [])


def test_each_old_name_is_noted_once() -> None:
    _, notes = translated(["predict", "--csv", "a", "--csv", "b", "--threshold", "1"])
    assert [note.partition(" ")[0] for note in notes] == ["--csv", "--threshold"]


def test_only_onnx_is_exported() -> None:
    with pytest.raises(UserError, match="--to torchscript: only onnx is written; leave --to out"):
        translated(["export", "run", "--to", "torchscript"])


def test_the_old_command_still_writes_its_table(
    command: Callable[..., Outcome], model_file: Path, photographs: Path, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    arguments = ("predict", photographs, "--model", model_file)
    done = command(*arguments, "--csv", old, "--threshold", "youden")
    assert done.code == 0
    assert "note: --csv is now --output; the next release will not know the old name\n" in done.err
    assert "note: --threshold is now --operating-point" in done.err
    assert command(*arguments, "--output", new, "--operating-point", "youden").err.count("note:") == 0
    assert old.read_bytes() == new.read_bytes()
    assert command(*arguments, "--csv", old, "--threshold", "youden", "--quiet").err == ""
