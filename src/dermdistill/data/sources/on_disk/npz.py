"""Images of an array in a ``.npz`` file, read one after the other, so that memory stays flat."""

import os
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.sources.on_disk.npy import digest_of
from dermdistill.data.sources.on_disk.pixels import check_shape, to_pixels
from dermdistill.errors import UserError
from dermdistill.records import Pixels


@dataclass(frozen=True, slots=True)
class NpzImage:
    """One image of an array in a ``.npz`` file."""

    path: Path
    array: str
    index: int
    factor: float

    @property
    def name(self) -> str:
        return f"{self.path}[{self.array}][{self.index}]"

    def digest(self) -> str:
        """Hex digest of the image's shape and pixels."""
        return digest_of(self.decode())

    def decode(self) -> Pixels:
        return to_pixels(images_of(self.path, self.array).image(self.index), self.factor)


class PackedImages:
    """The images of one array; quickest in their order, as the file is compressed as a whole.

    Raises:
        UserError: the file cannot be read, or the array holds no images.
    """

    def __init__(self, path: Path, array: str) -> None:
        self._name = f"{path}[{array}]"
        self._lock = threading.Lock()
        try:
            self._archive = zipfile.ZipFile(path)
            self._stream = self._archive.open(f"{array}.npy")
            version = np.lib.format.read_magic(self._stream)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            self.shape, in_columns, self.dtype = read(self._stream)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise UserError(f"{self._name}: cannot read the array ({error}); expected images") from None
        check_shape(self._name, self.shape, self.dtype)
        if in_columns:
            raise UserError(f"{self._name}: is stored column by column; save it with numpy.ascontiguousarray")
        self._start = self._stream.tell()

    def __len__(self) -> int:
        return int(self.shape[0])

    def __iter__(self) -> Iterator[NDArray[np.generic]]:
        return map(self.image, range(len(self)))

    def image(self, index: int) -> NDArray[np.generic]:
        """One image as it is stored.

        Raises:
            UserError: the file is damaged.
        """
        size = int(np.prod(self.shape[1:])) * self.dtype.itemsize
        try:
            with self._lock:
                self._stream.seek(self._start + index * size)
                content = self._stream.read(size)
            return np.frombuffer(content, self.dtype).reshape(self.shape[1:])
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise UserError(
                f"{self._name}[{index}]: cannot read ({error}); download the file again"
            ) from None


def images_of(path: Path, array: str) -> PackedImages:
    """The images of one array, opened once a process."""
    return _opened(path, array, os.getpid())


@lru_cache(maxsize=6)
def _opened(path: Path, array: str, process: int) -> PackedImages:
    """``process`` keeps processes from sharing one open file."""
    return PackedImages(path, array)
