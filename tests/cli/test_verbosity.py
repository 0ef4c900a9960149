"""``--quiet`` and ``--verbose``: what is said, never what is answered."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill import messages

from ..conftest import Outcome

Command = Callable[..., Outcome]


def test_quiet_leaves_the_answers_alone(command: Command, model_file: Path, photographs: Path) -> None:
    (photographs / "notes.txt").touch()
    arguments = ("predict", photographs, "--model", model_file)
    loud, quiet = command(*arguments), command(*arguments, "--quiet")
    assert "note: " in loud.err
    assert (quiet.code, quiet.out, quiet.err) == (loud.code, loud.out, "")
    assert command(*arguments) == loud


def test_quiet_still_says_what_failed(command: Command, model_file: Path, photographs: Path) -> None:
    (photographs / "photo0.jpg").write_bytes(b"damaged")
    done = command("predict", photographs, "--model", model_file, "-q")
    assert done.code == 1
    answers = [line[13:25].strip() for line in done.out.splitlines()[1:]]
    counted = [f"{n} {answer}" for answer in ("flagged", "not flagged") if (n := answers.count(answer))]
    assert done.err == f"warning: 5 images: {', '.join(counted)}, 1 could not be read\n"
    assert command("predict", photographs, "--model", "gone.onnx", "-q").err.startswith("error: gone.onnx: ")


def test_verbose_says_what_the_model_is(command: Command, model_file: Path, photographs: Path) -> None:
    done = command("predict", photographs, "--model", model_file, "-v")
    assert f"detail: model file: {model_file}\n" in done.err
    assert (
        "detail: operating point youden: melanoma from P = 0.4 on; sensitivity 0.50, specificity 0.75"
        in done.err
    )


def test_verbose_says_what_is_read(command: Command, image_folder: Callable[..., Path]) -> None:
    folder = image_folder(melanoma=2, nevus=3)
    done = command("data", folder, "--verbose")
    assert f"detail: {folder}: layout folder, 5 images; labels: melanoma 2, nevus 3\n" in done.err
    assert done.out == command("data", folder, "--quiet").out


def test_an_unexpected_error_is_one_line_and_verbose_shows_where(
    command: Command, model_file: Path, photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("no such\nthing")

    monkeypatch.setattr("dermdistill.cli.predict.score_files", broken)
    arguments = ("predict", photographs, "--model", model_file)
    done = command(*arguments)
    assert done.code == 1
    assert "Traceback" not in done.err
    line = done.err.splitlines()[-1]
    assert line.startswith("error: unexpected KeyError: ")
    assert line.endswith("; --verbose shows where it happened")
    verbose = command(*arguments, "--verbose")
    assert verbose.code == 1
    assert "Traceback" in verbose.err
    assert "in broken" in verbose.err


@pytest.mark.parametrize(
    ("verbosity", "said"),
    [
        (messages.Verbosity.QUIET, ["warning: w"]),
        (messages.Verbosity.NORMAL, ["warning: w", "note: n", "i"]),
        (messages.Verbosity.VERBOSE, ["warning: w", "note: n", "i", "detail: d"]),
    ],
)
def test_what_is_said_at_each_verbosity(
    verbosity: messages.Verbosity, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    messages.set_verbosity(verbosity)
    try:
        messages.warn("w")
        messages.note("n")
        messages.inform("i")
        messages.detail("d")
    finally:
        messages.set_verbosity(messages.Verbosity.NORMAL)
    assert capsys.readouterr().err.splitlines() == said
