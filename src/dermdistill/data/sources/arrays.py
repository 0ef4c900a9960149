"""The four arrays of the paper's own code: benign and malignant images for training and testing.

``benign_train.npy``, ``malign_train.npy``, ``benign_test.npy`` and ``malign_test.npy``, each uint8 RGB
``(n, H, W, 3)``. They are read from disk image by image. "Malignant" means melanoma there. Arrays of Python
objects are refused, because reading them can run code.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.diagnoses import BENIGN
from dermdistill.data.sources.catalogue import lesions_unknown
from dermdistill.data.sources.names import users_word
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import MELANOMA, DataSet, Pixels, Record, SplitName

LAYOUT = "arrays"
LOOKED_FOR = "benign_train.npy, malign_train.npy, benign_test.npy and malign_test.npy"

_FILES: tuple[tuple[str, str, SplitName | None], ...] = (
    ("benign_train", BENIGN, None),
    ("malign_train", MELANOMA, None),
    ("benign_test", BENIGN, "test"),
    ("malign_test", MELANOMA, "test"),
)


@dataclass(frozen=True, slots=True)
class ArrayImage:
    """One image of an array on disk."""

    path: Path
    index: int

    @property
    def name(self) -> str:
        return f"{self.path}[{self.index}]"

    def digest(self) -> str:
        """Hex digest of the image's shape and pixels."""
        return _digest(self.decode())

    def decode(self) -> Pixels:
        return np.array(_open(self.path)[self.index])


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether the folder holds any of the four arrays."""
    return any((path / f"{stem}.npy").is_file() for stem, _, _ in _FILES)


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read the four arrays; the test arrays are the test split, the others are left to be divided.

    Raises:
        UserError: an array is missing, pickled, or not uint8 ``(n, H, W, 3)``.
    """
    missing = [f"{stem}.npy" for stem, _, _ in _FILES if not (path / f"{stem}.npy").is_file()]
    if missing:
        raise UserError(f"{path}: {', '.join(missing)} missing; expected {LOOKED_FOR}")
    records = tuple(
        Record(
            image_id=f"{stem}-{index:05d}",
            image=ArrayImage(path / f"{stem}.npy", index),
            lesion_id=f"{stem}-{index:05d}",
            diagnosis=users_word([stem.partition("_")[0]], reading) or diagnosis,
            split=split,
        )
        for stem, diagnosis, split in _FILES
        for index in range(len(_open(path / f"{stem}.npy")))
    )
    unknown = lesions_unknown(len(records), len(records))
    notes = ("malignant means melanoma in these arrays", unknown, *_copies(path))
    names = Counter(record.image_id.partition("_")[0] for record in records)
    return DataSet(LAYOUT, path, records, notes=notes, names=names)


def _copies(path: Path) -> list[str]:
    """A note on test images that are training images too; they stay, as the arrays are those of the paper.

    Every image is read from disk once.
    """
    training = {digest for stem, _, split in _FILES if split is None for digest in _digests(path, stem)}
    test = [digest for stem, _, split in _FILES if split == "test" for digest in _digests(path, stem)]
    copies = sum(digest in training for digest in test)
    of_all = f"{copies} of {len(test)} test images"
    return [f"{of_all} are exact copies of training images, which flatters the results"] if copies else []


def _digests(path: Path, stem: str) -> Iterator[str]:
    return map(_digest, _open(path / f"{stem}.npy"))


def _digest(pixels: Pixels) -> str:
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def _open(path: Path) -> NDArray[np.uint8]:
    expected = "expected uint8 RGB images (n, height, width, 3)"
    try:
        # Memory-mapping never unpickles: an array of Python objects is a ValueError.
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read the array ({error}); {expected}") from None
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] != 3 or 0 in array.shape:
        raise UserError(f"{path}: the array is {array.dtype} {array.shape}; {expected}")
    return array
