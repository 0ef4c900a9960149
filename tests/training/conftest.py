from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dermdistill.config import AugmentRecipe, StudentRecipe
from dermdistill.data.augment import Augment
from dermdistill.data.images import InputSpec
from dermdistill.data.loader import LabelledPixels
from dermdistill.distillation.objectives import OBJECTIVES
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.inference.model_info import ModelInfo
from dermdistill.models.dsnet import DSNet
from dermdistill.training.engine import Trainer, TrainingData

SIZE = 20
INFO = ModelInfo("dsnet", ("other", "melanoma"), InputSpec(SIZE, (0.5,) * 3, (0.25,) * 3))


@dataclass
class Heard:
    """A reporter that remembers what it was told."""

    shares: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def batch_done(self, name: str, epoch: int, epochs: int, share: float) -> None:
        self.shares.append(share)

    def epoch_done(self, name: str, row: dict[str, float], epochs: int) -> None: ...

    def note(self, name: str, text: str) -> None:
        self.notes.append(f"{name}: {text}")


@dataclass(frozen=True)
class Setup:
    """Makes equal trainers: same data, same initial student and teacher every time."""

    data: TrainingData
    student: Callable[[], nn.Module] = lambda: DSNet(SIZE, 2)
    heard: Heard = field(default_factory=Heard)

    def teacher(self) -> FrozenTeacher:
        torch.manual_seed(99)
        return FrozenTeacher(
            nn.Sequential(nn.Flatten(), nn.BatchNorm1d(3 * SIZE * SIZE), nn.Linear(3 * SIZE * SIZE, 2))
        )

    def trainer(
        self, recipe: StudentRecipe, objective: str = "hinton", seed: int = 0, *, asks: bool = True
    ) -> Trainer:
        """Without a teacher to ask, the student learns from recorded answers."""
        torch.manual_seed(seed)
        student = self.student()
        made = OBJECTIVES[objective].of(recipe, training_images=40, class_weights=None)
        return Trainer(
            student,
            INFO,
            objective=made,
            teacher=self.teacher() if asks else None,
            recipe=recipe,
            seed=seed,
            device=torch.device("cpu"),
            reporter=self.heard,
        )


def _normed() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(4 * 9 * 9, 2),
    )


@pytest.fixture
def normed(setup: Setup) -> Setup:
    """A student with batch norm."""
    return Setup(setup.data, _normed)


@pytest.fixture
def script_aucs() -> Callable[..., None]:
    """Let validation find these AUCs, one an epoch; those of a real training depend on the processor."""

    def script(monkeypatch: pytest.MonkeyPatch, *aucs: float) -> None:
        found = {f"epoch {i}": auc for i, auc in enumerate(aucs, start=1)}
        monkeypatch.setattr(Trainer, "_validate", lambda self, val, whose: (found.get(whose, 0.5), {}))

    return script


@pytest.fixture
def setup() -> Setup:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    pixels = rng.integers(0, 256, (60, SIZE, SIZE, 3), dtype=np.uint8)
    pixels[labels == 1, :, :, 0] //= 3
    train = LabelledPixels(pixels, np.arange(40), labels[:40])
    val = LabelledPixels(pixels, np.arange(40, 60), labels[40:])
    return Setup(TrainingData(train, val, Augment(AugmentRecipe())))


@pytest.fixture
def kill_after() -> Callable[[pytest.MonkeyPatch, int], None]:
    """Let ``n`` checkpoints be written, then fail as a killed process would: between two batches."""

    def arrange(monkeypatch: pytest.MonkeyPatch, epochs: int) -> None:
        real = Trainer._step
        steps = 0

        def step(self: Trainer, *args: object) -> object:
            nonlocal steps
            steps += 1
            if steps == epochs * 5 + 3:
                raise KeyboardInterrupt
            return real(self, *args)  # type: ignore[arg-type]

        monkeypatch.setattr(Trainer, "_step", step)

    return arrange


@pytest.fixture
def model_path(tmp_path: Path) -> Path:
    return tmp_path / "model"
