"""Random changes of whole batches, on the device that trains."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from dermdistill.config import AugmentRecipe
from dermdistill.data import artefacts
from dermdistill.data.draws import Draws, coins, uniform

_LUMINANCE = (0.299, 0.587, 0.114)


class Augment:
    """Draws new changes of geometry and colour, and new artefacts, for every image of a batch.

    Parameters are drawn on the CPU, so that one seed gives the same changes on every device.

    Args:
        recipe: how large the changes are.
    """

    def __init__(self, recipe: AugmentRecipe) -> None:
        self._recipe = recipe

    def __call__(self, images: Tensor, draws: Draws, *sizes: int) -> tuple[Tensor, ...]:
        """Change images, and give them as networks of each input size see them.

        Args:
            images: ``(N, 3, S, S)``, float in [0, 1].
            draws: of this batch.
            sizes: sides of the networks' inputs, at most S.

        Returns:
            For each size the images of that size, in the same range.
        """
        # Compression comes last, as a camera does it.
        images, share = self._changed(images, draws), self._recipe.jpeg
        seen = {size: artefacts.resized(images, size) for size in sizes}
        if share:
            drawn = uniform(draws, len(images), 3)
            seen = {size: artefacts.jpeg(each, share, drawn) for size, each in seen.items()}
        return tuple(seen[size] for size in sizes)

    def of_pixels(self, pixels: NDArray[np.uint8], draws: Draws, *sizes: int) -> list[NDArray[np.uint8]]:
        """The same for decoded images ``(N, S, S, 3)``."""
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
        return [
            (255 * seen).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
            for seen in self(images, draws, *sizes)
        ]

    def _changed(self, images: Tensor, draws: Draws) -> Tensor:
        """All changes but compression, which depends on what a network looks at."""
        # Sampling and blurring are twice as fast a channel at a time.
        images = images.contiguous()
        moves = self._moves(len(images), draws)
        if moves is not None:
            grid = F.affine_grid(moves.to(images.device), list(images.shape), align_corners=False)
            images = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
        images = self._spoiled(images, draws)
        colour, contrast = self._colours(len(images), draws)
        colour, contrast = colour.to(images.device), contrast.to(images.device)
        images = torch.einsum("nij,njhw->nihw", colour, images)
        mean = images.mean(dim=(2, 3), keepdim=True)
        return (mean + contrast.view(-1, 1, 1, 1) * (images - mean)).clamp(0, 1)

    def _moves(self, count: int, draws: Draws) -> Tensor | None:
        """Affine matrices ``(N, 2, 3)`` from output to input coordinates; None where nothing moves."""
        recipe = self._recipe
        if not (recipe.rotate or recipe.flip or recipe.scale or recipe.stretch or recipe.shift):
            return None
        angle = _symmetric(count, draws) * (math.pi if recipe.rotate else 0.0)
        zoom = (1 + recipe.scale) ** _symmetric(count, draws)
        flips = coins(draws, count, 2) * 2.0 - 1.0
        if not recipe.flip:
            flips = torch.ones_like(flips)
        # grid_sample's coordinates run from -1 to 1: a shift by the whole side is 2.
        shift = 2 * recipe.shift * torch.stack([_symmetric(count, draws) for _ in range(2)], dim=1)
        rotation = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], dim=1).view(-1, 2, 2)
        matrix = rotation * flips.unsqueeze(1) * zoom.view(-1, 1, 1)
        if recipe.stretch:
            # On the side of the input: along the photograph's own width and height, however it is turned.
            enlarged = (1 + recipe.stretch) ** uniform(draws, count, 2)
            matrix = matrix / enlarged.unsqueeze(2)
        return torch.cat([matrix, shift.unsqueeze(2)], dim=2)

    def _spoiled(self, images: Tensor, draws: Draws) -> Tensor:
        """Blur and all that is drawn; before the colours, because the light falls on it too."""
        recipe = self._recipe
        if recipe.hair:
            images = artefacts.hair(images, recipe.hair, draws)
        if recipe.stickers:
            images = artefacts.stickers(images, recipe.stickers, draws)
        if recipe.reflections:
            images = artefacts.reflections(images, recipe.reflections, draws)
        if recipe.frames:
            images = artefacts.frames(images, recipe.frames, draws)
        if recipe.corners:
            images = artefacts.corners(images, recipe.corners, draws)
        if recipe.blur:
            images = artefacts.blur(images, recipe.blur, draws)
        return images

    def _colours(self, count: int, draws: Draws) -> tuple[Tensor, Tensor]:
        """Colour matrices ``(N, 3, 3)`` and contrasts ``(N,)``."""
        recipe = self._recipe
        brightness = 1 + recipe.brightness * _symmetric(count, draws)
        contrast = 1 + recipe.contrast * _symmetric(count, draws)
        saturation = 1 + recipe.saturation * _symmetric(count, draws)
        gains = torch.stack([1 + recipe.channel * _symmetric(count, draws) for _ in range(3)], dim=1)
        grey = torch.tensor(_LUMINANCE).expand(3, 3)
        blend = saturation.view(-1, 1, 1) * torch.eye(3) + (1 - saturation).view(-1, 1, 1) * grey
        return brightness.view(-1, 1, 1) * gains.unsqueeze(2) * blend, contrast


def _symmetric(count: int, draws: Draws) -> Tensor:
    return 2 * uniform(draws, count) - 1
