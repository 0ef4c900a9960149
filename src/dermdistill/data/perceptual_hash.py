"""Recognise a photograph that was saved again: smaller, compressed, mirrored, turned, or cut to a square.

The luminance is resized to 32 x 32 px and transformed by the discrete cosine transform, as in pHash (Zauner
2010, "Implementation and benchmarking of perceptual image hash functions"). The hash is the signs of the
lowest 90 coefficients. It is compared by magnitude: the distance of an image from a hash is the share of the
image's magnitude that lies in coefficients of another sign. Dermoscopic photographs are all alike, a dark
lesion in the middle of skin: where signs are only counted, other lesions come near before all copies do.

Operating points, measured among 4,786 photographs (docs/log.md, "Which perceptual hash"). A whole hash
recognises every photograph that was compressed (to JPEG quality 30), resized (to 28 or 1024 px), stretched,
mirrored or turned, 98 % of whole frames by their centre square, 85 % where 2 % and 3 % where 5 % were cut off
each side. It takes at most 0.1 % of the images of other lesions for known ones. For a short hash these are
96 to 100 %, 93 %, 31 %, 1 %, and 0.1 to 0.2 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermdistill.data.image_pairs import ImagePairs, near_pairs
from dermdistill.records import Pixels

Coefficients = NDArray[np.float32]
"""``(..., 2, 90)``: of both views of an image, see `coefficients`; all 0 in a view that says too little."""

Signs = NDArray[np.bool_]
"""``(N, 90)``, or ``(N, 54)`` of short hashes: whether a coefficient is positive."""

BITS = 90
"""Coefficients whose frequencies add up to 12 at most."""

SHORT_BITS = 54
"""Those that add up to 9 at most: the beginning of a hash, which a model file has room for."""

SAME_PHOTOGRAPH = 0.008
"""Two images are the same photograph up to this distance of whole hashes."""

SAME_BY_SHORT_HASH = 0.0012
"""The same for short hashes."""

_SIDE = 32
_LARGEST_SUM = 12
# Rounding to whole grey levels and compression move a coefficient by about 1, seldom by more than this.
_NOISE = 4.0
_LARGE = 4 * _SIDE
_LEAST_FIRM = SHORT_BITS // 2
_BLOCK_BYTES = 8 * 2**20

_FREQUENCIES = np.array(
    [(down, total - down) for total in range(1, _LARGEST_SUM + 1) for down in range(total + 1)]
)
_DOWN, _ACROSS = _FREQUENCIES.T


def _cosines() -> NDArray[np.float64]:
    """The orthonormal DCT-II from `_SIDE` values to their first frequencies, ``(13, 32)``."""
    frequency = np.arange(_LARGEST_SUM + 1)
    place = np.arange(_SIDE) + 0.5
    cosines: NDArray[np.float64] = np.cos(np.pi / _SIDE * np.outer(frequency, place)) * np.sqrt(2 / _SIDE)
    cosines[0] /= np.sqrt(2)
    return cosines


_COSINES = _cosines()


@dataclass(frozen=True, slots=True)
class _Orientation:
    """A mirrored or quarter-turned image: its coefficient ``i`` is ``factor[i] * original[order[i]]``."""

    order: NDArray[np.intp]
    factor: NDArray[np.float32]

    @classmethod
    def of(cls, upside_down: bool, mirrored: bool, transposed: bool) -> "_Orientation":
        row = {(down, across): i for i, (down, across) in enumerate(_FREQUENCIES.tolist())}
        swapped = [row[across, down] for down, across in _FREQUENCIES.tolist()]
        order = np.array(swapped if transposed else range(BITS))
        # A cosine of an odd frequency changes its sign when it is mirrored.
        factor = (-1.0) ** (upside_down * _DOWN + mirrored * _ACROSS)
        return cls(order, factor.astype(np.float32))

    def turn(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Coefficients ``(..., n)`` of the turned images; ``n`` is `BITS` or `SHORT_BITS`."""
        bits = values.shape[-1]
        return values[..., self.order[:bits]] * self.factor[:bits]


_ORIENTATIONS = tuple(
    _Orientation.of(a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)
)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The most similar of many hashes to each of N images.

    Attributes:
        index: ``(N,)``, its row.
        distance: ``(N,)``, 0 (the same photograph) to 1; infinite where the image has no hash.
    """

    index: NDArray[np.int64]
    distance: NDArray[np.float32]


def coefficients(pixels: Pixels) -> Coefficients:
    """The coefficients ``(2, 90)`` of two views of an RGB image ``(H, W, 3)`` of any size.

    The first view is what is remembered of an image: its central square, the whole image where it is square.
    The second is what else a copy of it may show: the whole image where that is not square, and the central
    three quarters of a square, which may be a frame of 4:3 that was stretched. A view in which fewer than
    half of the low coefficients stand out of the noise (a blank image, a smooth one) is all 0.
    """
    image = _luminance(pixels)
    width, height = image.size
    whole = (0.0, 0.0, float(width), float(height))
    if _is_square(width, height):
        views = (whole, (width / 8, 0.0, width * 7 / 8, float(height)))
    else:
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        views = ((left, top, left + side, top + side), whole)
    return np.stack([_of_view(image, box) for box in views])


def signs(of_images: Coefficients) -> Signs:
    """What is remembered ``(N, 90)`` of images with coefficients ``(N, 2, 90)``."""
    return of_images[:, 0] > 0


def to_hex(of_images: Coefficients) -> list[str]:
    """What is remembered of each image as 24 hexadecimal digits; empty without a hash."""
    rows = np.packbits(signs(of_images), axis=1)
    return [
        row.tobytes().hex() if known else "" for row, known in zip(rows, has_hash(of_images), strict=True)
    ]


def from_hex(hashes: Sequence[str]) -> Signs:
    """The inverse of `to_hex`, of images that have a hash.

    Raises:
        ValueError: not such digits.
    """
    rows = np.frombuffer(b"".join(map(bytes.fromhex, hashes)), dtype=np.uint8)
    return np.unpackbits(rows.reshape(len(hashes), (BITS + 7) // 8), axis=1, count=BITS) > 0


def has_hash(of_images: Coefficients) -> NDArray[np.bool_]:
    """``(N,)``: whether an image says enough to be recognised."""
    there: NDArray[np.bool_] = np.any(of_images[:, 0] != 0, axis=-1)
    return there


def nearest(of_images: Coefficients, remembered: Signs) -> Nearest:
    """The most similar of ``remembered`` ``(M, 90 or 54)``, M at least 1, to each image ``(N, 2, 90)``.

    Both views are compared in all 8 orientations, and the least distance counts: the sum of the magnitudes of
    the coefficients whose signs differ, divided by the sum of all. Memory is bounded, whatever N and M.
    """
    bits = remembered.shape[1]
    known = np.where(remembered, np.float32(1), np.float32(-1)).T
    index = np.zeros(len(of_images), dtype=np.int64)
    agreement = np.full(len(of_images), -np.inf, dtype=np.float32)
    rows = max(1, _BLOCK_BYTES // (4 * len(remembered)))
    for first in range(0, len(of_images), rows):
        block = slice(first, first + rows)
        found = _agreement(of_images[block, :, :bits], known)
        index[block] = found.argmax(axis=1)
        agreement[block] = found.max(axis=1)
    # Agreement is (equal - different) / all; rounding may leave it a little above 1.
    distance = np.maximum((1 - agreement) / 2, 0).astype(np.float32)
    return Nearest(index, distance)


def similar_pairs(of_images: Coefficients, limit: float = SAME_PHOTOGRAPH) -> ImagePairs:
    """The pairs among images ``(N, 2, 90)`` whose distance, as in `nearest`, is at most ``limit``.

    Images without a hash are in no pair.
    """
    hashed = has_hash(of_images)
    known = np.where(signs(of_images), np.float32(1), np.float32(-1)).T

    def distances(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        table = _agreement(of_images[rows], known)
        np.clip((1 - table) / 2, 0, None, out=table)
        table[:, ~hashed] = np.inf
        return table

    return near_pairs(distances, len(of_images), limit=limit)


def orientations(remembered: Signs) -> NDArray[np.bool_]:
    """The hashes ``(8, N, n)`` of the mirrored and turned images, the images themselves first."""
    values = np.where(remembered, np.float32(1), np.float32(-1))
    return np.stack([orientation.turn(values) > 0 for orientation in _ORIENTATIONS])


def _agreement(of_images: Coefficients, known: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(N, M)``: (magnitude of equal signs - of different ones) / all; -infinity without a hash."""
    best = np.full((len(of_images), known.shape[1]), -np.inf, dtype=np.float32)
    agreement = np.empty_like(best)
    for view in of_images.transpose(1, 0, 2):
        magnitude = np.abs(view).sum(axis=1, keepdims=True)
        missing = magnitude[:, 0] == 0
        shares = view / np.where(missing[:, None], np.float32(1), magnitude)
        for orientation in _ORIENTATIONS:
            np.matmul(orientation.turn(shares), known, out=agreement)
            agreement[missing] = -np.inf
            np.maximum(best, agreement, out=best)
    return best


def _luminance(pixels: Pixels) -> Image.Image:
    """At a whole fraction of its size where that is large: to average blocks is the cheapest way there."""
    image = Image.fromarray(pixels)
    factor = min(image.size) // _LARGE
    return (image.reduce(factor) if factor > 1 else image).convert("L")


def _is_square(width: int, height: int) -> bool:
    return max(width, height) <= 1.05 * min(width, height)


def _of_view(image: Image.Image, box: tuple[float, float, float, float]) -> Coefficients:
    small = image.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box=box)
    transformed = _COSINES @ np.asarray(small, dtype=np.float64) @ _COSINES.T
    found: Coefficients = transformed[_DOWN, _ACROSS].astype(np.float32)
    firm = np.abs(found[:SHORT_BITS]) > _NOISE
    return found if firm.sum() >= _LEAST_FIRM else np.zeros_like(found)
