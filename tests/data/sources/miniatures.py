"""A data set of a few images: what lies on disk, and what each image shows."""

import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermdistill.reading import AS_FOUND, Reading

Lines = Sequence[str]


@dataclass(frozen=True)
class Miniature:
    """A data set of a few images.

    Attributes:
        title: what it is.
        tables: lines of text, by path.
        images: paths of small pictures, all different.
        more: makes what is neither.
        at: which path in it is read; the folder unless given.
        shows: the diagnosis, and the split after a slash, of each image by id; None where it is refused.
        reading: the user's options, and as they are typed.
    """

    title: str
    tables: Mapping[str, Lines | bytes] = field(default_factory=dict)
    images: Sequence[str] = ()
    more: Callable[[Path], None] | None = None
    at: str = ""
    shows: Mapping[str, str] | None = None
    reading: Reading = AS_FOUND
    options: str = ""

    def build(self, root: Path) -> Path:
        """Write it; returns the path to read."""
        root.mkdir(parents=True, exist_ok=True)
        for name, content in self.tables.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else "\n".join([*content, ""]).encode())
        for name in self.images:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            picture(name).save(root / name)
        if self.more is not None:
            self.more(root)
        return root / self.at


def picture(name: str) -> Image.Image:
    """A small picture of one colour, made of its name."""
    mark = zlib.crc32(name.encode())
    return Image.new("RGB", (8, 6), (mark % 256, mark // 256 % 256, 60))


def pixels(count: int, seed: int, size: int = 8) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def hdf5(root: Path) -> None:
    """The images of the challenge of 2024: each an encoded JPEG under its id."""
    with h5py.File(root / "train-image.hdf5", "w") as file:
        for name in ("ISIC_0000001", "ISIC_0000002", "ISIC_0000003", "ISIC_0000004"):
            stream = io.BytesIO()
            picture(name).save(stream, "JPEG")
            file[name] = np.void(stream.getvalue())


def dermamnist(root: Path) -> None:
    labels = {"train": [4, 5, 0], "val": [5, 4], "test": [2, 4]}
    arrays: dict[str, NDArray[np.uint8]] = {}
    for seed, (split, numbers) in enumerate(labels.items()):
        arrays[f"{split}_images"] = pixels(len(numbers), seed)
        arrays[f"{split}_labels"] = np.array(numbers, dtype=np.uint8).reshape(-1, 1)
    np.savez_compressed(root / "dermamnist.npz", **arrays)  # type: ignore[arg-type]


def paper(root: Path) -> None:
    for seed, name in enumerate(("benign_train", "malign_train", "benign_test", "malign_test")):
        np.save(root / f"{name}.npy", pixels(2, seed))


def float_grey(root: Path) -> None:
    for seed, name in enumerate(("benign_train", "malign_train", "benign_test", "malign_test")):
        np.save(root / f"{name}.npy", (pixels(2, seed)[..., 0] / 255).astype(np.float32))


def normalised(root: Path) -> None:
    for seed, name in enumerate(("benign_train", "malign_train", "benign_test", "malign_test")):
        np.save(root / f"{name}.npy", (pixels(2, seed) / 64 - 2).astype(np.float32))


def numbered_arrays(root: Path) -> None:
    for seed, split in enumerate(("train", "test")):
        np.save(root / f"X_{split}.npy", pixels(2, seed))
        np.save(root / f"y_{split}.npy", np.array([0, 1]))


def jpgs(folder: str, *names: str) -> list[str]:
    return [f"{folder}/{name}.jpg" for name in names]
