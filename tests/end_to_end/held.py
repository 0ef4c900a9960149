"""A command in a process of its own that waits at one place of its training: no kill can come too late.

The processes are forked from one that has imported PyTorch once: imports take longer than these trainings.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Literal

REPOSITORY = Path(__file__).parents[2]

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["dermdistill.cli.app", "dermdistill.pipeline.run", "torch._dynamo"])


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
) -> ForkServerProcess:
    """The command in a process of its own, without measuring speed; its output goes to ``log``."""
    words = [str(word) for word in arguments]
    process = _CONTEXT.Process(target=_command, args=(words, log, hold, dict(os.environ)))
    process.start()
    return process


def end_of(process: ForkServerProcess) -> int:
    """Its exit status, once it has ended."""
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def end_in(hold: Hold, arguments: Sequence[object], log: Path, by: signal.Signals) -> int:
    """Start the command, send it the signal where it waits; its exit status."""
    _mark(log).unlink(missing_ok=True)
    process = start(arguments, log, hold)
    try:
        wait_until_held(process, log)
        assert process.pid is not None
        os.kill(process.pid, by)
        return end_of(process)
    finally:
        process.kill()
        process.join()


def wait_until_held(process: ForkServerProcess, log: Path) -> None:
    """Until it waits at its place."""
    while not _mark(log).exists():
        assert process.is_alive(), log.read_text()
        time.sleep(0.01)


def let_go(log: Path) -> None:
    """Let the command that waits go on to its end."""
    _mark(log).unlink()


def _mark(log: Path) -> Path:
    return log.with_suffix(".held")


def _command(words: Sequence[str], log: Path, hold: Hold, environment: Mapping[str, str]) -> None:
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(REPOSITORY)
    sys.argv = ["dermdistill", *words]
    # Ignored by all that a shell starts in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from dermdistill.cli import main
    from dermdistill.pipeline import run
    from dermdistill.training import engine

    real, waited = getattr(engine, hold.place), False

    def waiting(*arguments: object) -> object:
        nonlocal waited
        if hold.history.exists() and not waited:
            waited = True
            _mark(log).touch()
            while _mark(log).exists():
                time.sleep(0.01)
        return real(*arguments)

    setattr(engine, hold.place, waiting)
    vars(run)["measure_speed"] = lambda context, recipe: None
    main()
