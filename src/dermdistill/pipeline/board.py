"""The live table of a comparison: what is done, what runs, what failed, and when all will be ready.

On a terminal it is redrawn in place; elsewhere every finished model is a line.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dermdistill.messages import is_quiet
from dermdistill.pipeline.cells import Cell
from dermdistill.pipeline.workload import Forecast
from dermdistill.report.groups import network_name
from dermdistill.report.numbers import duration
from dermdistill.training.history import Row

T = TypeVar("T")


@dataclass(slots=True)
class Running:
    """The training under way."""

    cell: Cell
    since: float
    doing: str = "begins"


@dataclass(slots=True)
class Board:
    """What is known of every model; it is also the ``Reporter`` of their trainings.

    Attributes:
        cells: all models of the comparison.
        mine: names of those that this process is to train.
        done: validation AUC of the kept weights, by name.
        failed: reasons, by name.
        elsewhere: names of those that another process is training.
    """

    cells: Sequence[Cell]
    mine: frozenset[str]
    forecast: Forecast
    done: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    running: Running | None = None
    _console: Console = field(
        # Variables such as FORCE_COLOR would make rich take a log for a terminal.
        default_factory=lambda: Console(stderr=True, quiet=is_quiet(), force_interactive=sys.stderr.isatty())
    )
    _live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the table while the block runs; it stays on the screen afterwards."""
        if not self._console.is_interactive:
            yield
            return
        with Live(get_renderable=self.table, console=self._console, refresh_per_second=2) as self._live:
            yield
        self._live = None

    def begin(self, cell: Cell) -> None:
        """A training begins, or goes on."""
        self.elsewhere.discard(cell.name)
        self.running = Running(cell, time.monotonic())

    def finished(self, cell: Cell, val_auc: float, seconds: float) -> None:
        """A model is ready; ``seconds`` of training teach the forecast."""
        self.done[cell.name] = val_auc
        self.elsewhere.discard(cell.name)
        self.forecast.learn(cell, seconds)
        if self.running is not None:
            self.running = None
            self._line(cell, f"validation AUC {val_auc:.3f}, {duration(seconds)}")

    def fail(self, cell: Cell, reason: str) -> None:
        """A model could not be trained."""
        self.failed[cell.name] = reason
        self.running = None
        self.note(cell.name, f"failed: {reason}")

    def batches(self, batches: Iterable[T], *, name: str, epoch: int, epochs: int, count: int) -> Iterable[T]:
        """See ``Reporter``."""
        for i, batch in enumerate(batches):
            self._doing(f"epoch {epoch}/{epochs}, {i / count:.0%}")
            yield batch

    def epoch_done(self, name: str, row: Row, epochs: int) -> None:
        """See ``Reporter``."""
        self._doing(f"epoch {row['epoch']:.0f}/{epochs}, AUC {row['val_auc']:.3f}")

    def note(self, name: str, text: str) -> None:
        """See ``Reporter``; above the table where there is one."""
        self._console.print(Text(f"{name}: {text}"), soft_wrap=True)

    def table(self) -> Table:
        """A row a network or sweep point, a column an objective."""
        objectives = list(dict.fromkeys(cell.objective for cell in self.cells))
        table = Table(title=self.summary(), title_justify="left", title_style="", box=None, pad_edge=False)
        table.add_column("trained on")
        for objective in objectives:
            table.add_column(objective)
        rows: dict[str, dict[str, list[Cell]]] = {}
        for cell in self.cells:
            rows.setdefault(_row_name(cell), {}).setdefault(cell.objective, []).append(cell)
        for name, of_row in rows.items():
            entries = (
                self._entry(of_row[objective]) if objective in of_row else "" for objective in objectives
            )
            table.add_row(name, *entries)
        return table

    def summary(self) -> str:
        """How far it is, in one line."""
        left = [cell for cell in self.cells if cell.name in self.mine - self.done.keys() - self.failed.keys()]
        words = [f"{len(self.done)} of {len(self.cells)} models trained"]
        words += [f"{len(self.failed)} failed"] if self.failed else []
        words += (
            [f"{len(self.cells) - len(self.mine)} of other parts"] if len(self.mine) < len(self.cells) else []
        )
        if left:
            remaining = self._remaining([cell for cell in left if cell.name not in self.elsewhere])
            words.append("no estimate yet" if remaining is None else f"about {duration(remaining)} left")
        return ", ".join(words)

    def _remaining(self, cells: Sequence[Cell]) -> float | None:
        """Seconds that these take, less what the one under way has had; at most its own share of them."""
        remaining = self.forecast.remaining(cells)
        running = self.running  # the table is drawn by a thread of its own, and this may change meanwhile
        if remaining is None or running is None:
            return remaining
        of_running = self.forecast.remaining([running.cell]) or 0
        return remaining - min(time.monotonic() - running.since, of_running)

    def _entry(self, cells: Sequence[Cell]) -> str:
        """``2/3 0.861, epoch 4/5, 30%``: models done, their mean validation AUC, and what goes on."""
        done = [self.done[cell.name] for cell in cells if cell.name in self.done]
        words = [f"{len(done)}/{len(cells)}" + (f" {sum(done) / len(done):.3f}" if done else "")]
        running = self.running
        if running is not None and running.cell in cells:
            words.append(running.doing)
        for what, names in (("failed", self.failed.keys()), ("elsewhere", self.elsewhere)):
            number = sum(cell.name in names for cell in cells)
            words += [f"{number} {what}"] if number else []
        return ", ".join(words)

    def _doing(self, what: str) -> None:
        if self.running is not None:
            self.running.doing = what

    def _line(self, cell: Cell, text: str) -> None:
        if self._live is None:
            self.note(cell.name, f"{text}; {self.summary()}")


def _row_name(cell: Cell) -> str:
    network = network_name(cell.architecture)
    if cell.role == "teacher":
        return f"teacher, {network}"
    swept = cell.group.removeprefix(f"{cell.architecture}-{cell.objective}").removeprefix("-")
    return f"{network}, {swept}" if swept else network
