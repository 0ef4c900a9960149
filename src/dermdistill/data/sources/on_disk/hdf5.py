"""Images that HDF5 files hold as encoded files, one by id, as in the ISIC challenge of 2024."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dermdistill.data.images import digest_of, read_image_bytes
from dermdistill.errors import UserError
from dermdistill.records import Pixels

_ENDINGS = (".hdf5", ".h5")


@dataclass(frozen=True, slots=True)
class Hdf5Image:
    """One encoded image in an HDF5 file."""

    path: Path
    key: str

    @property
    def name(self) -> str:
        return f"{self.path}[{self.key}]"

    def digest(self) -> str:
        """Hex digest of the encoded image."""
        return digest_of(self.content())

    def decode(self) -> Pixels:
        return read_image_bytes(self.content(), self.name).pixels

    def content(self) -> bytes:
        """The encoded image; raises UserError where it cannot be read."""
        try:
            content = _opened(self.path, os.getpid())[self.key][()]
        except (OSError, KeyError, AttributeError) as error:
            raise UserError(f"{self.name}: cannot read ({error}); download the file again") from None
        return bytes(content) if isinstance(content, bytes) else bytes(content.tobytes())


class Hdf5Images:
    """The images in all HDF5 files that lie directly in a folder."""

    def __init__(self, root: Path) -> None:
        self._files = [path for path in sorted(root.iterdir()) if path.suffix.lower() in _ENDINGS]
        self._images: dict[str, Hdf5Image] | None = None
        self._used: set[str] = set()

    def find(self, name: str) -> Hdf5Image | None:
        """The image of this id; None if there is none.

        Raises:
            UserError: a file cannot be read, or h5py is not installed.
        """
        found = self._all().get(name)
        if found is not None:
            self._used.add(name)
        return found

    def unused(self, but: Collection[str]) -> int:
        """How many images were not asked for, in the files of which some were."""
        files = {self._all()[name].path for name in self._used}
        images = self._images or {}
        return sum(
            image.path in files and name not in self._used and name not in but
            for name, image in images.items()
        )

    def _all(self) -> dict[str, Hdf5Image]:
        """By id; nothing is opened before an image is asked for that has no file of its own."""
        if self._images is None:
            self._images = {key: Hdf5Image(path, key) for path in self._files for key in _keys(path)}
        return self._images


def _keys(path: Path) -> list[str]:
    try:
        return list(_opened(path, os.getpid()))
    except OSError as error:
        raise UserError(f"{path}: cannot read as HDF5 ({error}); download it again") from None


@lru_cache(maxsize=4)
def _opened(path: Path, process: int) -> Any:
    """The open file; ``process`` keeps processes from sharing one."""
    try:
        import h5py
    except ImportError:
        raise UserError(f"{path}: reading it needs h5py; pip install 'dermdistill[train]'") from None
    return h5py.File(path, "r")
