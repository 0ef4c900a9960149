"""The live board of a run: what is done, what runs, what failed, and when all will be ready.

On a terminal it is a table that is redrawn in place; elsewhere every epoch and every model is a line.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dermdistill.judgement.names import network_name
from dermdistill.messages import is_quiet
from dermdistill.pipeline.forecast import Forecast
from dermdistill.pipeline.plan import Cell
from dermdistill.progress import say
from dermdistill.report.numbers import duration
from dermdistill.training.history import EpochRow, one_line


@dataclass(slots=True)
class Running:
    """A training under way."""

    since: float
    doing: str = "begins"


@dataclass(slots=True)
class Board:
    """What is known of every model; an executor's events come here, and those of trainings (``Reporter``).

    Attributes:
        cells: all models of the run.
        done: validation AUC of the kept weights, by name.
        failed: reasons, by name.
        running: the trainings under way, by name.
    """

    cells: Sequence[Cell]
    forecast: Forecast
    done: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    _live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the table while the block runs; it stays on the screen afterwards."""
        # Variables such as FORCE_COLOR would make rich take a log for a terminal.
        console = Console(stderr=True, force_interactive=sys.stderr.isatty())
        if is_quiet() or not console.is_interactive:
            yield
            return
        with Live(get_renderable=self.table, console=console, refresh_per_second=2) as self._live:
            yield
        self._live = None

    def begin(self, cell: Cell) -> None:
        """A training begins, or goes on."""
        self.running[cell.name] = Running(time.monotonic())

    def finish(self, cell: Cell, val_auc: float, seconds: float) -> None:
        """A model is ready; ``seconds`` of training teach the forecast."""
        self.done[cell.name] = val_auc
        self.forecast.learn(cell, seconds)
        if self.running.pop(cell.name, None) is not None:
            self._line(cell.name, f"validation AUC {val_auc:.3f}, {duration(seconds)}; {self.summary()}")

    def fail(self, cell: Cell, reason: str) -> None:
        """A model could not be trained."""
        self.failed[cell.name] = reason
        self.running.pop(cell.name, None)
        self.note(cell.name, f"failed: {reason}")

    def batch_done(self, name: str, epoch: int, epochs: int, share: float) -> None:
        """See ``Reporter``."""
        self.running[name].doing = f"epoch {epoch}/{epochs}, {share:.0%}"

    def epoch_done(self, name: str, row: EpochRow, epochs: int) -> None:
        """See ``Reporter``."""
        self.running[name].doing = f"epoch {row['epoch']:.0f}/{epochs}, AUC {row['val_auc']:.3f}"
        self._line(name, one_line(row))

    def note(self, name: str, text: str) -> None:
        """See ``Reporter``; above the table where there is one."""
        if self._live is None:
            say(f"{name}: {text}")
        else:
            self._live.console.print(Text(f"{name}: {text}"), soft_wrap=True)

    def stage(self, what: str, seconds: float) -> None:
        """All is trained, and ``what`` follows."""
        self.note(what, f"about {duration(seconds)} left")

    def table(self) -> Table:
        """One row for each network or sweep point, one column for each objective."""
        objectives = list(dict.fromkeys(cell.objective for cell in self.cells))
        title = self.summary()
        table = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False)
        table.min_width = len(title)  # or the title would be wrapped
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
        """How far the run is, in one line; the time left is that of judging and measuring, too."""
        words = [f"{len(self.done)} of {len(self.cells)} models trained"]
        words += [f"{len(self.failed)} failed"] if self.failed else []
        left = [cell for cell in self.cells if cell.name not in self.done and cell.name not in self.failed]
        training = self._training(left)
        rest = self.forecast.judging + self.forecast.measuring
        words.append("no estimate yet" if training is None else f"about {duration(training + rest)} left")
        return ", ".join(words)

    def _training(self, left: Sequence[Cell]) -> float | None:
        """Seconds that these take, those under way side by side, less what they have had of their own."""
        of_all = self.forecast.training(left)
        if of_all is None:
            return None
        now = time.monotonic()
        running = dict(
            self.running
        )  # the table is drawn by a thread of its own, and this may change meanwhile
        for cell in left:
            if cell.name in running:
                of_all -= min(now - running[cell.name].since, self.forecast.training([cell]) or 0)
        return of_all / max(1, len(running))

    def _entry(self, cells: Sequence[Cell]) -> str:
        """``2/3 0.861, epoch 4/5, 30%``: models done, their mean validation AUC, and what goes on."""
        done = [self.done[cell.name] for cell in cells if cell.name in self.done]
        words = [f"{len(done)}/{len(cells)}" + (f" {sum(done) / len(done):.3f}" if done else "")]
        running = dict(self.running)
        words += [running[cell.name].doing for cell in cells if cell.name in running]
        failed = sum(cell.name in self.failed for cell in cells)
        words += [f"{failed} failed"] if failed else []
        return ", ".join(words)

    def _line(self, name: str, text: str) -> None:
        """A line where there is no table."""
        if self._live is None:
            self.note(name, text)


def _row_name(cell: Cell) -> str:
    network = network_name(cell.architecture)
    if cell.role == "teacher":
        return f"teacher, {network}"
    swept = cell.group.removeprefix(f"{cell.architecture}-{cell.objective}").removeprefix("-")
    return f"{network}, {swept}" if swept else network
