"""Random numbers for the images of a batch, the same however many processes share the batch.

Every process draws for all images of the batch and takes those of its own, so that what happens to an image
follows from seed, epoch and its place in the epoch alone.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Part:
    """One of ``count`` consecutive parts of any batch, as equal as can be."""

    index: int = 0
    count: int = 1

    def of(self, images: int) -> slice:
        """Where this part lies among so many images."""
        return slice(self.index * images // self.count, (self.index + 1) * images // self.count)


WHOLE = Part()


@dataclass(frozen=True, slots=True)
class PartOfDraws:
    """A generator on the CPU for batches of ``images``, of which this process has a part."""

    generator: torch.Generator
    images: int
    part: Part


Draws = torch.Generator | PartOfDraws


def uniform(draws: Draws, images: int, *shape: int) -> Tensor:
    """Numbers in [0, 1), ``(images, *shape)``, for the images of this process."""
    if isinstance(draws, torch.Generator):
        return torch.rand(images, *shape, generator=draws)
    return _own(torch.rand(draws.images, *shape, generator=draws.generator), draws, images)


def coins(draws: Draws, images: int, *shape: int) -> Tensor:
    """0 or 1 with equal probability, ``(images, *shape)``, for the images of this process."""
    if isinstance(draws, torch.Generator):
        return torch.randint(0, 2, (images, *shape), generator=draws)
    return _own(torch.randint(0, 2, (draws.images, *shape), generator=draws.generator), draws, images)


def _own(drawn: Tensor, draws: PartOfDraws, images: int) -> Tensor:
    own = drawn[draws.part.of(draws.images)]
    if len(own) != images:
        raise ValueError(f"{images} images; this process has {len(own)} of {draws.images}")
    return own
