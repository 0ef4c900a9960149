"""Help pages: complete, at most 80 columns wide, with examples that exist."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dermdistill
from dermdistill.cli.commands.download import KNOWN
from dermdistill.cli.options import PACKAGED_POINTS
from dermdistill.download.published import PUBLISHED
from dermdistill.inference.decision import for_images

from ..conftest import Outcome

Command = Callable[..., Outcome]

COMMANDS = (
    *("predict", "explain", "adapt", "download", "data", "audit"),
    *("run", "compare", "evaluate", "report", "export", "page", "serve", "benchmark", "card"),
)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_commands_are_in_groups(command: Command) -> None:
    page = command("--help").out
    assert re.findall(r"^([A-Z].*):$", page, re.MULTILINE) == [
        *("Options", "Score photographs", "Get and check data", "Train and evaluate", "Deploy")
    ]
    assert tuple(re.findall(r"^  ([a-z]+) +[A-Z].*\.$", page, re.MULTILINE)) == COMMANDS
    assert "..." not in page.partition("COMMAND [ARGS]...")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_short_and_long_help_and_an_example(name: str, command: Command) -> None:
    page = command(name, "--help")
    assert (page.code, page.err) == (0, "")
    assert command(name, "-h") == page
    assert max(map(len, page.out.splitlines())) <= 80
    assert "-q, --quiet / -v, --verbose" in page.out
    options = set(re.findall(r"(?<!\S)--?[a-z][a-z0-9-]*", page.out.partition("\nExamples:")[0]))
    examples = page.out.partition("\nExamples:\n")[2].splitlines()
    assert examples
    for example in examples:
        words = shlex.split(example)
        assert words[:2] == ["dermdistill", name]
        assert {word for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize(
    "name", ["run", "compare", "evaluate", "export", "page", "benchmark", "predict", "explain"]
)
def test_what_a_command_writes_is_named_by_output(name: str, command: Command) -> None:
    page = command(name, "--help").out
    assert "  -o, --output " in page
    assert not {"--out", "--csv", "--threshold", "--to"} & set(re.findall(r"--[a-z-]+", page))


def test_version(command: Command) -> None:
    assert command("--version") == Outcome(0, f"dermdistill {dermdistill.__version__}\n", "")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("pre", ["predict"]),
        (
            "predict photo.jpg --operating-point sens",
            [name for name in PACKAGED_POINTS if name[:4] == "sens"],
        ),
        ("download isic201", ["isic2017", "isic2018", "isic2019"]),
        ("run --recipe dem", ["demo"]),
        ("run --device cud", ["cuda", "cuda:1"]),
    ],
)
def test_completion_in_a_shell(typed: str, completed: list[str], tmp_path: Path) -> None:
    program = tmp_path / "dermdistill"
    program.write_text("from dermdistill.cli import main; main()")
    asked = {"COMP_WORDS": f"dermdistill {typed}", "COMP_CWORD": str(len(typed.split()))}
    done = subprocess.run(
        [sys.executable, program],
        env={**os.environ, "_DERMDISTILL_COMPLETE": "complete_bash", **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == completed
    assert done.stderr == ""


def test_completion_can_be_installed(command: Command) -> None:
    assert "--install-completion" in command("--help").out


def test_names_that_are_listed_without_a_look_are_those_that_there_are() -> None:
    points = for_images(dermdistill.load().info.thresholds)
    assert set(PACKAGED_POINTS) == {point.name for point in points if point.threshold is not None}
    assert [published.name for published in PUBLISHED] == list(KNOWN)


def test_an_unknown_operating_point_is_answered_with_those_of_the_model(command: Command) -> None:
    done = command("predict", "photo.jpg", "--operating-point", "sensitivity")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: operating point 'sensitivity': the packaged model has ")
    assert all(name in done.err for name in PACKAGED_POINTS)
