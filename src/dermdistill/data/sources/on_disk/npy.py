"""Images of an array in a ``.npy`` file, mapped from disk, so that memory stays flat."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.sources.on_disk.pixels import check_shape, to_pixels
from dermdistill.errors import UserError
from dermdistill.records import Pixels


@dataclass(frozen=True, slots=True)
class ArrayImage:
    """One image of an array on disk."""

    path: Path
    index: int
    factor: float = 1.0

    @property
    def name(self) -> str:
        return f"{self.path}[{self.index}]"

    def digest(self) -> str:
        """Hex digest of the image's shape and pixels."""
        return digest_of(self.decode())

    def decode(self) -> Pixels:
        return to_pixels(open_array(self.path)[self.index], self.factor)


def digest_of(pixels: Pixels) -> str:
    """Hex digest of an image's shape and pixels."""
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def open_array(path: Path) -> NDArray[np.generic]:
    """The images of a ``.npy`` file, mapped from disk.

    Raises:
        UserError: it cannot be read, or holds no images.
    """
    try:
        # Memory-mapping never unpickles: an array of Python objects is a ValueError.
        array: NDArray[np.generic] = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read the array ({error}); expected images") from None
    check_shape(str(path), array.shape, array.dtype)
    return array
