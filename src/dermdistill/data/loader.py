"""Batches of decoded pixels, read one ahead of the training step."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dermdistill.data.draws import WHOLE, Part


@dataclass(frozen=True, slots=True)
class LabelledPixels:
    """Decoded images and their classes.

    Attributes:
        pixels: RGB uint8 ``(M, S, S, 3)``; usually the memory-mapped cache of the whole data set.
        rows: ``(N,)`` rows of ``pixels`` that belong to this split.
        labels: ``(N,)`` class indices.
        sources: N names of data sets; all are empty where none is given.
    """

    pixels: NDArray[np.uint8]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.sources:
            object.__setattr__(self, "sources", ("",) * len(self.rows))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def size(self) -> int:
        """Side of the images, pixels."""
        return int(self.pixels.shape[1])

    def by_source(self) -> dict[str, NDArray[np.int64]]:
        """Positions ``(M,)`` among the N images of each source, in the order in which they first occur."""
        names = np.array(self.sources)
        return {name: np.flatnonzero(names == name) for name in dict.fromkeys(self.sources)}


def batches(
    data: LabelledPixels, batch_size: int, generator: torch.Generator, part: Part = WHOLE
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """One epoch in a fresh random order: ``(pixels (B, S, S, 3) uint8, labels (B,), positions (B,))``.

    Positions count from 0 among the images of ``data``. All are on the CPU; of each batch only ``part``, the
    same order whatever it is.

    An incomplete last batch is left out, because batch norm is poor on few images; the order changes every
    epoch, so every image takes part. Fewer images than ``batch_size`` make one batch.
    """
    order = torch.randperm(len(data), generator=generator).numpy()
    size = images_in_batch(len(data), batch_size)
    groups = [order[start : start + size] for start in range(0, len(data) - size + 1, size)]
    with ThreadPoolExecutor(max_workers=1) as reader:
        upcoming = reader.submit(_read, data, groups[0], part)
        for following in [*groups[1:], None]:
            batch = upcoming.result()
            if following is not None:
                upcoming = reader.submit(_read, data, following, part)
            yield batch


def images_in_batch(images: int, batch_size: int) -> int:
    """How many images each batch of ``batches`` has, all its parts together."""
    return min(batch_size, images)


def batches_in_epoch(images: int, batch_size: int) -> int:
    """How many batches ``batches`` gives."""
    return images // images_in_batch(images, batch_size)


def _read(data: LabelledPixels, chosen: NDArray[np.int64], part: Part) -> tuple[Tensor, Tensor, Tensor]:
    # Sorted rows read a memory-mapped file in one direction.
    chosen = np.sort(chosen)[part.of(len(chosen))]
    pixels, labels = data.pixels[data.rows[chosen]], data.labels[chosen]
    return torch.from_numpy(pixels), torch.from_numpy(labels), torch.from_numpy(chosen)
