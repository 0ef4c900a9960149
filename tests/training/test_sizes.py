"""Training on images that are larger than the network's input: those of a teacher that sees more."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from dermdistill.config import AugmentRecipe, StudentRecipe
from dermdistill.data.augment import Augment
from dermdistill.data.images import resize
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.runs import ModelFolder

from .conftest import INFO, SIZE, Setup

UNCHANGED = AugmentRecipe(
    rotate=False, flip=False, scale=0, shift=0, brightness=0, contrast=0, saturation=0, channel=0
)


def test_a_student_sees_made_smaller_what_its_teacher_sees(setup: Setup, model_path: Path) -> None:
    side = 2 * SIZE - 3
    pixels = np.random.default_rng(0).integers(0, 256, (60, side, side, 3), dtype=np.uint8)
    data = replace(setup.data, train=replace(setup.data.train, pixels=pixels), augment=Augment(UNCHANGED))
    trainer = setup.trainer(StudentRecipe(epochs=1, batch_size=8))
    teacher = _Remembers()
    trainer._teacher = FrozenTeacher(teacher)
    seen: list[Tensor] = []

    def remember(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if torch.is_grad_enabled():
            seen.append(inputs[0].clone())

    trainer._network.register_forward_pre_hook(remember)
    trainer.fit(data, ModelFolder(model_path), label="student", identity="a")
    shown = torch.cat(teacher.seen)
    assert shown.shape == (40, 3, side, side)
    whole = ((shown * 0.25 + 0.5) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    expected = INFO.input.normalise(np.stack([resize(image, SIZE) for image in whole]))
    # Pillow rounds to 1/255 after each of the two directions.
    np.testing.assert_allclose(torch.cat(seen).numpy(), expected, atol=1.01 / 255 / 0.25)
    assert sorted(whole.reshape(40, -1).tolist()) == sorted(pixels[:40].reshape(40, -1).tolist())


class _Remembers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(images.clone())
        return torch.zeros(len(images), 2)
