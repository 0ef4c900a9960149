"""A command that stops and waits at one place of its training, so that no kill can come too late.

    python -m tests.end_to_end.held PLACE HISTORY MARK ARGUMENTS

makes MARK and waits as soon as the training calls ``training.engine.PLACE`` while the file HISTORY exists.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

REPOSITORY = Path(__file__).parents[2]
LONGER_THAN_ANY_TEST = 3600


@dataclass(frozen=True)
class Hold:
    """Where the training waits.

    Attributes:
        place: ``normalise`` is between the batches of an epoch, ``write_history`` between an epoch's files.
        history: of the model that is training; it has one finished epoch.
    """

    place: Literal["normalise", "write_history"]
    history: Path


def start(
    arguments: Sequence[object], log: Path, hold: Hold = Hold("normalise", Path("never"))
) -> "subprocess.Popen[bytes]":
    """The command in a process of its own, without measuring speed; its output goes to ``log``."""
    words = map(str, (hold.place, hold.history, _mark(log), *arguments))
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", __spec__.name, *words], cwd=REPOSITORY, stderr=output, stdout=output
        )


def end_in(hold: Hold, arguments: Sequence[object], log: Path, by: signal.Signals) -> int:
    """Start the command, send it the signal where it waits; its exit status."""
    _mark(log).unlink(missing_ok=True)
    process = start(arguments, log, hold)
    try:
        while not _mark(log).exists():
            assert process.poll() is None, log.read_text()
            time.sleep(0.01)
        process.send_signal(by)
        return process.wait()
    finally:
        process.kill()
        process.wait()


def _mark(log: Path) -> Path:
    return log.with_suffix(".held")


def main() -> None:
    """Run the command."""
    place, history, mark = sys.argv[1:4]
    sys.argv[1:4] = []
    # Ignored by all that a shell starts in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from dermdistill.cli import main as command
    from dermdistill.pipeline import run
    from dermdistill.training import engine

    real = getattr(engine, place)

    def waiting(*arguments: object) -> object:
        if Path(history).exists():
            Path(mark).touch()
            time.sleep(LONGER_THAN_ANY_TEST)
        return real(*arguments)

    setattr(engine, place, waiting)
    vars(run)["measure_speed"] = lambda context, recipe: None
    command()


if __name__ == "__main__":
    main()
