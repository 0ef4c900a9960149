"""What a process of a cluster does to finish one cell of a plan; knows nothing of Ray."""

import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dermdistill.errors import UserError
from dermdistill.files import disk_is_full
from dermdistill.pipeline.cells import finish
from dermdistill.pipeline.executor import reason_of
from dermdistill.pipeline.mirror import Mirror
from dermdistill.pipeline.plan import Cell, Plan, RunContext
from dermdistill.runs import RunFolder
from dermdistill.training.history import EpochRow
from dermdistill.training.memory import keep_freed_memory
from dermdistill.training.ranks import RankDiedError

Event = tuple[str, str, tuple[object, ...]]
"""The name of a method of ``Board``, that of a cell, and the further arguments."""
Tell = Callable[[Event], None]

_BATCHES_EVERY = 1.0  # seconds; a message a batch would be thousands


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cell.

    Attributes:
        failure: why it could not be trained; None where it is finished.
        is_disk_full: the trouble of all: the run must end.
    """

    cell: str
    failure: str | None = None
    is_disk_full: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run's files are for the processes of a cluster.

    Attributes:
        manifest: of the run folder, by which a process knows the folder that it sees.
        mirror: None where all nodes see the run folder.
    """

    manifest: bytes
    mirror: Mirror | None


def carry_out(cell: Cell, plan: Plan, context: RunContext, place: Place, tell: Tell) -> Outcome:
    """Finish a cell whose needs are finished; one that a dead process began goes on from its last epoch."""
    keep_freed_memory()
    tell(("begin", cell.name, ()))
    try:
        with _run_folder(cell, plan, context.run, place) as run:
            here = replace(context, run=run)
            if not run.model(cell.name).summary.exists():
                finish(cell, plan, here, _Teller(here, place.mirror, tell))
            if place.mirror is not None and place.mirror.summary(run.model(cell.name)) is None:
                place.mirror.push(run.model(cell.name))
    except RankDiedError:  # as if this process had died
        raise
    except Exception as error:  # one model's trouble, whatever it is, must not stop the others
        return Outcome(cell.name, reason_of(cell, error), disk_is_full(error))
    return Outcome(cell.name)


@contextmanager
def _run_folder(cell: Cell, plan: Plan, run: RunFolder, place: Place) -> Iterator[RunFolder]:
    """The run folder as this process has it, with what the cell needs; with a mirror a temporary one."""
    if place.mirror is None:
        _check_seen(run, place.manifest)
        yield run
        return
    with tempfile.TemporaryDirectory(prefix="dermdistill-") as folder:
        own = RunFolder(Path(folder))
        place.mirror.pull_split(own)
        for each in (*plan.needs(cell), cell):
            place.mirror.pull(own.model(each.name))
        yield own


def _check_seen(run: RunFolder, manifest: bytes) -> None:
    try:
        seen = run.manifest.read_bytes() == manifest
    except OSError:
        seen = False
    if not seen:
        raise UserError(
            f"{run.path}: the node {socket.gethostname()} does not see this folder; put --output on a disk "
            "that all nodes share, or give --storage URL"
        )


class _Teller:
    """Reports to the driver, and mirrors every epoch (see ``training.reporter``)."""

    def __init__(self, context: RunContext, mirror: Mirror | None, tell: Tell) -> None:
        self._run = context.run
        self._mirror = mirror
        self._tell = tell
        self._told = 0.0

    def batch_done(self, name: str, epoch: int, epochs: int, share: float) -> None:
        if time.monotonic() - self._told >= _BATCHES_EVERY:
            self._told = time.monotonic()
            self._tell(("batch_done", name, (epoch, epochs, share)))

    def epoch_done(self, name: str, row: EpochRow, epochs: int) -> None:
        if self._mirror is not None:
            self._mirror.push_epoch(self._run.model(name))
        self._tell(("epoch_done", name, (row, epochs)))

    def note(self, name: str, text: str) -> None:
        self._tell(("note", name, (text,)))
