"""A training as several processes can be given it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from dermdistill.config import TrainingRecipe
from dermdistill.data.loader import images_in_batch
from dermdistill.distillation.objective import Objective
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo
from dermdistill.runs import ModelFolder
from dermdistill.training.engine import Trainer, TrainingData, TrainingResult
from dermdistill.training.history import EpochRow
from dermdistill.training.ranks import ALONE, RankDiedError, Ranks, Together
from dermdistill.training.reporter import Reporter

Pixels = Mapping[int, NDArray[np.uint8]]
"""Decoded images ``(N, S, S, 3)`` by their side S."""


class PixelSource(Protocol):
    """Where a process finds the decoded images of a run."""

    def read(self) -> Pixels:
        """All of them; may be memory-mapped."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A network and all that its training needs.

    Attributes:
        teacher: None where the objective needs none.
        label: what the reporter calls it.
        identity: digest of all that shapes it.
    """

    network: nn.Module
    info: ModelInfo
    objective: Objective
    teacher: FrozenTeacher | None
    recipe: TrainingRecipe
    seed: int
    data: TrainingData
    label: str
    identity: str

    def train(
        self, folder: ModelFolder, device: torch.device, reporter: Reporter, ranks: Ranks = ALONE
    ) -> TrainingResult:
        """Train ``network``, together with the processes that ``assist``, if there are any.

        Raises:
            UserError: see ``Trainer.fit``; a batch has fewer images than there are processes.
        """
        if isinstance(ranks, Together) and ranks.part.index == 0:
            batch = images_in_batch(len(self.data.train), self.recipe.batch_size)
            if batch < ranks.part.count:
                raise UserError(
                    f"{self.label}: a batch of {batch} images cannot be divided among "
                    f"{ranks.part.count} processes"
                )
            ranks.share(self._without_pixels())
        trainer = Trainer(
            self.network,
            self.info,
            objective=self.objective,
            teacher=self.teacher,
            recipe=self.recipe,
            seed=self.seed,
            device=device,
            reporter=reporter,
            ranks=ranks,
        )
        return trainer.fit(self.data, folder, label=self.label, identity=self.identity)

    def _without_pixels(self) -> "Job":
        """To send; what is left of the images says their size."""
        sizes = {self.data.train.size, self.data.val.size}
        return self._with({size: np.empty((0, size, size, 3), dtype=np.uint8) for size in sizes})

    def _with(self, pixels: Pixels) -> "Job":
        data = self.data
        train = replace(data.train, pixels=pixels[data.train.size])
        val = replace(data.val, pixels=pixels[data.val.size])
        return replace(self, data=replace(data, train=train, val=val))

    def assist(self, pixels: Pixels, device: torch.device, ranks: Together) -> None:
        """Take part in a training of the first process, which learns of every failure itself."""
        try:
            self._with(pixels).train(ModelFolder(Path()), device, _Silent(), ranks)
        except RankDiedError:
            raise
        except UserError:
            return


def assist(ranks: Together, device: torch.device) -> None:
    """Take part in all trainings of the first process, until it says that there are no more.

    Raises:
        RankDiedError: another process has ended.
    """
    pixels: Pixels | None = None
    waiting: Job | PixelSource | None = None
    while (message := ranks.share(waiting)) is not None:
        if isinstance(message, Job):
            assert pixels is not None
            message.assist(pixels, device, ranks)
        else:
            pixels = message.read()


class _Silent:
    """The reporter of a process that assists."""

    def batch_done(self, name: str, epoch: int, epochs: int, share: float) -> None: ...

    def epoch_done(self, name: str, row: EpochRow, epochs: int) -> None: ...

    def note(self, name: str, text: str) -> None: ...
