"""When a run will be done, from what it has done so far."""

from collections.abc import Collection, Iterable
from statistics import mean

import torch

from dermdistill.config import Recipe
from dermdistill.models import cost
from dermdistill.models.registry import build
from dermdistill.pipeline.plan import Cell

_JUDGING = 2e-6
"""Seconds for a model, an image and a resample, of its own intervals and those of two paired differences."""


class Forecast:
    """Learns from models that are done how long the rest will take.

    Attributes:
        judging, measuring: seconds of what comes after the trainings.
    """

    def __init__(
        self, cells: Iterable[Cell], recipe: Recipe, *, judging: float = 0, measuring: float = 0
    ) -> None:
        self.judging, self.measuring = judging, measuring
        networks = {(cell.architecture, cell.role) for cell in cells}
        self._macs = {(name, role): _macs(name, recipe.input_size(role)) for name, role in networks}
        self._teacher = sum(_macs(name, recipe.teacher_size) for name in recipe.teacher.networks)
        self._seconds: dict[tuple[str, str, bool], list[float]] = {}
        self._rates: list[float] = []

    def work(self, cell: Cell) -> float:
        """Multiply-accumulates of a training for one image, none of a composed teacher's.

        Of all epochs; a backward pass is taken for two forward ones.
        """
        if cell.members:
            return 0
        own = self._macs[cell.architecture, cell.role]
        return cell.recipe.epochs * (3 * own + self._teacher * cell.distils)

    def learn(self, cell: Cell, seconds: float) -> None:
        """A training of this cell took so long; a composed teacher's seconds are its members'."""
        if cell.members:
            return
        key = (cell.architecture, cell.role, cell.distils)
        self._seconds.setdefault(key, []).append(seconds / cell.recipe.epochs)
        if work := self.work(cell):
            self._rates.append(seconds / work)

    def training(self, cells: Collection[Cell]) -> float | None:
        """Seconds that these cells will take one after the other; None before anything is known.

        A network that was seen with the same objective's cost takes as long an epoch again; another one as
        long for its multiply-accumulates as those seen.
        """
        if cells and not self._rates:
            return None
        return sum(self._of(cell) for cell in cells)

    def _of(self, cell: Cell) -> float:
        seen = self._seconds.get((cell.architecture, cell.role, cell.distils))
        if seen:
            return mean(seen) * cell.recipe.epochs
        return mean(self._rates) * self.work(cell)


def judging_seconds(models: int, images: int, replicates: int) -> float:
    """About how long it takes to judge so many models on so many test images."""
    return _JUDGING * models * images * replicates


def _macs(architecture: str, size: int) -> int:
    """Of one image; none where the network cannot take this size: its training then ends before it begins."""
    try:
        with torch.device("meta"):
            return cost.macs(build(architecture, 2, size), size)
    except Exception:  # whatever it is, the training says it
        return 0
