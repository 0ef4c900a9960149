"""How much work a comparison's models are: to share it among machines, and to say when it will be done."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Self

import torch

from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.models import cost
from dermdistill.models.checkpoint import build
from dermdistill.pipeline.cells import Cell


@dataclass(frozen=True, slots=True)
class Part:
    """One machine's share of a comparison, ``number`` of ``count``."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2/3``; raises UserError for anything else."""
        number, slash, count = text.partition("/")
        if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
            raise UserError(f"--part {text}: expected K/N, such as 1/3 for the first of three machines")
        return cls(int(number), int(count))


class Workload:
    """Multiply-accumulates of every model's training, for one training image."""

    def __init__(self, cells: Iterable[Cell], recipe: Recipe) -> None:
        cells = list(cells)
        self._macs = {name: _macs(name, recipe) for name in {cell.architecture for cell in cells}}
        self._teacher = sum(_macs(name, recipe) for name in recipe.teacher.networks)

    def of(self, cell: Cell) -> float:
        """Of all epochs, none of a composed teacher's; a backward pass is taken for two forward ones."""
        if cell.members:
            return 0
        return cell.recipe.epochs * (3 * self._macs[cell.architecture] + self._teacher * cell.distils)

    def share(self, cells: Sequence[Cell], part: Part) -> list[Cell]:
        """The cells of one machine, in their order: the largest first, each to whoever has the least."""
        loads = [0.0] * part.count
        mine: set[str] = set()
        for cell in sorted(cells, key=lambda cell: (-self.of(cell), cell.name)):
            least = loads.index(min(loads))
            loads[least] += self.of(cell)
            if least == part.number - 1:
                mine.add(cell.name)
        return [cell for cell in cells if cell.name in mine]


@dataclass(slots=True)
class Forecast:
    """Learns from models that are done how long the others will take."""

    workload: Workload
    seconds: dict[tuple[str, bool], list[float]] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)

    def learn(self, cell: Cell, seconds: float) -> None:
        """A training of this cell took so long; a composed teacher's seconds are its members'."""
        if cell.members:
            return
        key = (cell.architecture, cell.distils)
        self.seconds.setdefault(key, []).append(seconds / cell.recipe.epochs)
        if work := self.workload.of(cell):
            self.rates.append(seconds / work)

    def remaining(self, cells: Collection[Cell]) -> float | None:
        """Seconds that these cells will take one after the other; None before anything is known.

        A network that was seen with the same objective's cost takes as long an epoch again; another one as
        long for its multiply-accumulates as those seen.
        """
        if not self.rates:
            return None
        return sum(self._of(cell) for cell in cells)

    def _of(self, cell: Cell) -> float:
        seen = self.seconds.get((cell.architecture, cell.distils))
        if seen:
            return mean(seen) * cell.recipe.epochs
        return mean(self.rates) * self.workload.of(cell)


def _macs(architecture: str, recipe: Recipe) -> int:
    """Of one image; none where the network cannot take it: its training then ends before it begins."""
    try:
        with torch.device("meta"):
            return cost.macs(build(architecture, 2, recipe.data.size), recipe.data.size)
    except Exception:  # whatever it is, the training says it
        return 0
