"""Pictures that are no dermoscopic photographs, to fit the detector on."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from dermdistill.config import AugmentRecipe
from dermdistill.data.augment import Augment
from dermdistill.data.images import read_image, resize
from dermdistill.records import Pixels

Images = NDArray[np.uint8]

_AT_LEAST = 1500
"""Views made of the pictures of a folder, so that some dozen pictures become a kind."""
_MOST_VIEWS = 40
_DRAWN = 800
_BATCH = 128
_VIEWS = AugmentRecipe(
    scale=0.5,
    stretch=1 / 3,
    shift=0.2,
    brightness=0.15,
    contrast=0.15,
    saturation=0.2,
    channel=0.05,
    blur=0.01,
    jpeg=0.3,
)
_FRAMES = AugmentRecipe(scale=0.1, stretch=1 / 3, shift=0.05, brightness=0.1, contrast=0.15, channel=0.05)


def views(pictures: Images) -> Images:
    """Pictures ``(N, S, S, 3)`` and random changes of them: closer, turned, brighter, of other colours."""
    more = min(max(-(-_AT_LEAST // max(len(pictures), 1)) - 1, 0), _MOST_VIEWS)
    return np.concatenate([pictures, *(_changed(pictures, _VIEWS, seed) for seed in range(more))])


def framed_anew(images: Images) -> Images:
    """Dermoscopic images ``(N, S, S, 3)``, and each in another frame and colours ``(2N, S, S, 3)``.

    They are dermoscopic still. Without them the detector takes closer crops for something else.
    """
    return np.concatenate([images, _changed(images, _FRAMES, 0)])


def _changed(images: Images, recipe: AugmentRecipe, seed: int) -> Images:
    augment, generator = Augment(recipe), torch.Generator().manual_seed(seed)
    changed, size = np.empty_like(images), images.shape[1]
    for start in range(0, len(images), _BATCH):
        (batch,) = augment.of_pixels(images[start : start + _BATCH], generator, size)
        changed[start : start + _BATCH] = batch
    return changed


def read_pictures(paths: Sequence[Path], size: int) -> Images:
    """Files as a network of this input size sees them ``(N, S, S, 3)``; errors as of ``read_image``."""
    return np.stack([resize(read_image(path).pixels, size) for path in paths])


def drawn(training: Images, seed: int = 0) -> Images:
    """Pictures that need no file ``(N, S, S, 3)``: colours, gradients, noise, patterns, pages, small lesions.

    Args:
        training: dermoscopic images ``(M, S, S, 3)``; some are drawn small, on skin.
        seed: of the drawing.
    """
    rng = np.random.default_rng(seed)
    size = training.shape[1]
    pictures = []
    for i in range(_DRAWN):
        kind = i % (len(_KINDS) + 1)
        if kind < len(_KINDS):
            pictures.append(_KINDS[kind](rng, size))
        else:
            pictures.append(_far_away(rng, training[rng.integers(len(training))]))
    return np.stack(pictures)


def _even(rng: np.random.Generator, size: int) -> Pixels:
    """One colour, often black, white or grey, with a little noise."""
    colour = (
        rng.choice([0.0, 255.0, rng.uniform(0, 255)]) * np.ones(3) if rng.random() < 0.5 else _colour(rng)
    )
    return _pixels(colour + rng.normal(0, rng.uniform(0, 4), (size, size, 3)))


def _gradient(rng: np.random.Generator, size: int) -> Pixels:
    """From one colour to another, in any direction."""
    down, across = np.mgrid[0:size, 0:size] / max(size - 1, 1)
    angle = rng.uniform(0, 2 * np.pi)
    share = (np.cos(angle) * across + np.sin(angle) * down + 1.5)[..., None] / 3
    return _pixels(_colour(rng) * share + _colour(rng) * (1 - share))


def _noise(rng: np.random.Generator, size: int) -> Pixels:
    """Noise, grey or coloured, of any grain."""
    grain = int(rng.integers(1, max(size // 3, 2)))
    shape = (-(-size // grain), -(-size // grain), rng.choice([1, 3]))
    coarse = rng.normal(rng.uniform(60, 200), rng.uniform(15, 90), shape)
    return _enlarged(_pixels(coarse * np.ones(3)), size, smooth=bool(rng.integers(2)))


def _pattern(rng: np.random.Generator, size: int) -> Pixels:
    """Stripes or a chequerboard of two colours."""
    down, across = np.mgrid[0:size, 0:size] // int(rng.integers(1, max(size // 4, 2)))
    chosen = (down * rng.integers(2) + across) % 2
    return _pixels(np.where(chosen[..., None], _colour(rng), _colour(rng)))


def _page(rng: np.random.Generator, size: int) -> Pixels:
    """A page or a screen: a light or dark ground, lines of "text", boxes of other colours."""
    is_dark = rng.random() < 0.3
    page = np.full((size, size, 3), rng.uniform(0, 50) if is_dark else rng.uniform(215, 255))
    for _ in range(rng.integers(0, 4)):
        top, left, height, width = rng.integers(0, size, 4)
        page[top : top + height // 2, left : left + width // 2] = _colour(rng)
    ink, step = (220.0 if is_dark else 30.0), int(rng.integers(4, max(size // 8, 6)))
    for top in range(step, size - step, step):
        words = rng.random(size // 2 + 1).repeat(2)[:size] < rng.uniform(0.4, 0.8)
        words[int(rng.uniform(0.5, 1) * size) :] = False
        page[top : top + max(step // 3, 1), words] = ink
    return _pixels(page)


def _far_away(rng: np.random.Generator, image: Pixels) -> Pixels:
    """A lesion photographed from far away: an image made small, on skin of its border's colour."""
    size = len(image)
    side = max(int(rng.uniform(0.08, 0.35) * size), 2)
    border = np.concatenate([image[[0, -1]].reshape(-1, 3), image[:, [0, -1]].reshape(-1, 3)])
    skin = np.median(border, axis=0)
    light = (
        _enlarged(_pixels(rng.normal(128, 12, (4, 4, 1)) * np.ones(3)), size, smooth=True).astype(float) - 128
    )
    picture = skin + light + rng.normal(0, 2, (size, size, 1))
    small = np.array(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR), dtype=float)
    top, left = rng.integers(0, size - side, 2)
    window = picture[top : top + side, left : left + side]
    across = np.hypot(*(np.mgrid[0:side, 0:side] - (side - 1) / 2)) / (side / 2)
    inside = np.clip(3 * (1 - across), 0, 1)[..., None]
    window[:] = inside * small + (1 - inside) * window
    return _pixels(picture)


_KINDS: tuple[Callable[[np.random.Generator, int], Pixels], ...] = (_even, _gradient, _noise, _pattern, _page)


def _colour(rng: np.random.Generator) -> NDArray[np.float64]:
    """Any colour, or one of skin."""
    if rng.random() < 0.5:
        return rng.uniform(0, 255, 3)
    return np.array([225.0, 180.0, 155.0]) * rng.uniform(0.3, 1.1) + rng.normal(0, 8, 3)


def _enlarged(coarse: Pixels, size: int, *, smooth: bool) -> Pixels:
    filter_ = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    return np.array(Image.fromarray(coarse).resize((size, size), filter_))


def _pixels(values: NDArray[np.float64]) -> Pixels:
    return values.clip(0, 255).round().astype(np.uint8)
