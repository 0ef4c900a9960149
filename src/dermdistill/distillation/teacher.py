"""The teacher while a student learns: it stays in evaluation mode."""

from typing import Self

import torch
from torch import Tensor, nn


class FrozenTeacher(nn.Module):
    """Wraps a trained network: always in eval mode, no gradients, not even through ``train()``."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> Self:
        """Stay in eval mode; batch statistics and dropout must not change the soft targets."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Logits ``(N, C)`` of normalised images ``(N, 3, H, W)``."""
        logits: Tensor = self.network(images)
        return logits
