"""All pairs of similar images, found a block of rows at a time: memory is bounded, whatever their number."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_PAIRS = 20
"""Pairs that are kept of one image, the nearest: a thousand copies of one image make half a million."""

_BLOCK_BYTES = 4 * 2**20

Distances = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""The distances ``(R, N)`` of R rows from all N images, a new array; infinite where there is no pair."""


@dataclass(frozen=True, slots=True)
class ImagePairs:
    """Pairs of images, the most similar first.

    Attributes:
        first, second: ``(P,)`` rows; ``first`` is the smaller.
        distance: ``(P,)``, rising.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.first)

    def take(self, which: NDArray[np.bool_]) -> "ImagePairs":
        """Those of the pairs for which ``which`` ``(P,)`` is True."""
        return ImagePairs(self.first[which], self.second[which], self.distance[which])

    def as_tuples(self) -> Iterator[tuple[int, int, float]]:
        """First row, second row and distance of each pair."""
        return zip(self.first.tolist(), self.second.tolist(), self.distance.tolist(), strict=True)


def near_pairs(distances: Distances, images: int, *, limit: float, most: int = MOST_PAIRS) -> ImagePairs:
    """Every pair at most ``limit`` apart, once, at the lesser of its two distances.

    Args:
        distances: between the images; need not be the same in both directions.
        images: N.
        limit: the largest distance.
        most: pairs that are looked for from one image, the nearest.
    """
    rows = max(1, _BLOCK_BYTES // (4 * max(1, images)))
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = [
        (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
    ]
    for start in range(0, images, rows):
        block = np.arange(start, min(start + rows, images))
        table = distances(block)
        table[np.arange(len(block)), block] = np.inf
        row, column = np.nonzero(_nearest(table, limit, most))
        one, other = block[row], column
        parts.append((np.minimum(one, other), np.maximum(one, other), table[row, column]))
    first, second, distance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return _once(first, second, distance)


def _nearest(table: NDArray[np.float32], limit: float, most: int) -> NDArray[np.bool_]:
    """``(R, N)``: up to ``most`` of each row that are at most ``limit``."""
    near = table <= limit
    for row in np.flatnonzero(near.sum(axis=1) > most):
        near[row] = False
        near[row, np.argpartition(table[row], most)[:most]] = True
    return near


def _once(first: NDArray[np.int64], second: NDArray[np.int64], distance: NDArray[np.float32]) -> ImagePairs:
    order = np.lexsort((distance, second, first))
    first, second, distance = first[order], second[order], distance[order]
    new = np.ones(len(first), dtype=bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    order = np.flatnonzero(new)[np.argsort(distance[new], kind="stable")]
    return ImagePairs(first[order], second[order], distance[order])
