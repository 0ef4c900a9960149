"""Several networks as one: the teacher of a run with more than one member."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """The mean of its members' logits, which makes softmax the geometric mean of theirs, normalised.

    Hinton et al. 2015 (arXiv:1503.02531), section 3, allow the arithmetic or the geometric mean of the
    members' predictions as the soft targets.

    Input ``(N, 3, H, W)``, output logits ``(N, classes)``.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> Tensor:
        """Logits ``(N, classes)`` of normalised images ``(N, 3, H, W)``."""
        return torch.stack([member(images) for member in self.members]).mean(dim=0)
