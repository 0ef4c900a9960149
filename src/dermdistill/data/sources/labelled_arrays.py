"""Arrays of images beside arrays of labels, one pair per split.

``train_images`` and ``train_labels``, ``val_images`` and so on in one ``.npz`` file, as MedMNIST has them, or
``X_train`` and ``y_train``; or a folder of ``.npy`` files of such names. Labels are numbers, which only
DermaMNIST explains (Yang et al. 2023, doi:10.1038/s41597-022-01721-8); of others the user says which means
melanoma.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.class_names import LEAVE_OUT, meaning_of, refuse_open, with_counts
from dermdistill.data.diagnoses import UNDECIDED
from dermdistill.data.sources.on_disk.class_folders import split_of
from dermdistill.data.sources.on_disk.npy import ArrayImage, open_array
from dermdistill.data.sources.on_disk.npz import NpzImage, images_of
from dermdistill.data.sources.on_disk.pixels import scale
from dermdistill.data.sources.tables.table_records import lesions_unknown
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet, ImageSource, Record, SplitName

LAYOUT = "labelled-arrays"

_DERMAMNIST = re.compile(r"derma_?mnist", re.IGNORECASE)
_CLASSES = (
    "actinic keratoses and intraepithelial carcinoma",
    "basal cell carcinoma",
    "benign keratosis-like lesions",
    "dermatofibroma",
    "melanoma",
    "melanocytic nevi",
    "vascular lesions",
)
"""DermaMNIST's, by number."""

_IMAGES = frozenset({"x", "images", "image", "imgs", "data"})
_LABELS = frozenset({"y", "labels", "label", "targets", "target"})


@dataclass(frozen=True, slots=True)
class _Pair:
    """The arrays of one split by their names in the file or folder."""

    images: str
    labels: str
    split: SplitName | None


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether the path is, or the folder holds, arrays of images and of labels."""
    return bool(_files(path) or _pairs(_npy_names(path)))


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read all pairs of arrays.

    Raises:
        UserError: several files could be meant, an array cannot be read or does not fit the other, or a label
            is not understood.
    """
    files = _files(path)
    if len(files) > 1:
        several = ", ".join(file.name for file in files)
        raise UserError(f"{path}: several files hold images ({several}); give the path of the one to read")
    records: list[Record] = []
    names: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    left_open: Counter[str] = Counter()
    for pair in _pairs(_names_in(files[0]) if files else _npy_names(path)):
        images, labels = _opened_npz(files[0], pair) if files else _opened_npy(path, pair)
        where = str(files[0] if files else path)
        for index, name in enumerate(_named(labels, pair.labels, where, len(images))):
            names[name] += 1
            meaning = meaning_of([name], reading)
            if meaning is None:
                left_open[name] += 1
            elif meaning in (UNDECIDED, LEAVE_OUT):
                left_out[name] += 1
            else:
                image_id = f"{pair.split or 'image'}-{index:05d}"
                records.append(Record(image_id, images[index], image_id, meaning, split=pair.split))
    refuse_open(str(path), left_open)
    notes = [
        *([f"left out, no diagnosis: {with_counts(left_out)}"] if left_out else []),
        lesions_unknown(len(records), len(records)),
    ]
    if files and _DERMAMNIST.search(files[0].name):
        notes.append(
            "DermaMNIST is made from HAM10000 by image: its splits divide lesions, which flatters results"
        )
    layout = "medmnist" if files and "mnist" in files[0].name.lower() else LAYOUT
    return DataSet(layout, path, tuple(records), notes=tuple(notes), names=names)


def _files(path: Path) -> list[Path]:
    """The ``.npz`` files at a path that hold images and labels."""
    candidates = [path] if path.is_file() else sorted(path.glob("*.npz")) if path.is_dir() else []
    return [file for file in candidates if file.suffix.lower() == ".npz" and _pairs(_names_in(file))]


def _names_in(file: Path) -> list[str]:
    try:
        with zipfile.ZipFile(file) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    except zipfile.BadZipFile:
        raise UserError(f"{file}: damaged, or no .npz file; download it again") from None


def _npy_names(path: Path) -> list[str]:
    return sorted(file.stem for file in path.glob("*.npy")) if path.is_dir() else []


def _pairs(names: Sequence[str]) -> list[_Pair]:
    """Arrays of images and of labels whose names differ in nothing else, in the order train, val, test."""
    found: dict[tuple[bool, SplitName | None], str] = {}
    for name in names:
        words = re.split(r"[_-]", name.lower())
        splits = [split for word in words if (split := split_of(word))]
        kinds = [word in _IMAGES for word in words if word in _IMAGES | _LABELS]
        if len(kinds) == 1 and len(kinds) + len(splits) == len(words):
            found[kinds[0], splits[0] if splits else None] = name
    order: tuple[SplitName | None, ...] = ("train", "val", "test", None)
    return [
        _Pair(found[True, split], found[False, split], split)
        for split in order
        if (True, split) in found and (False, split) in found
    ]


def _opened_npz(file: Path, pair: _Pair) -> tuple[list[ImageSource], NDArray[np.generic]]:
    images = images_of(file, pair.images)
    factor = scale(f"{file}[{pair.images}]", images.dtype, images)
    with np.load(file, allow_pickle=False) as arrays:
        labels = _labels_read(lambda: arrays[pair.labels], f"{file}[{pair.labels}]")
    return [NpzImage(file, pair.images, index, factor) for index in range(len(images))], labels


def _opened_npy(folder: Path, pair: _Pair) -> tuple[list[ImageSource], NDArray[np.generic]]:
    path, labels_path = folder / f"{pair.images}.npy", folder / f"{pair.labels}.npy"
    array = open_array(path)
    factor = scale(str(path), array.dtype, array)
    labels = _labels_read(lambda: np.load(labels_path, allow_pickle=False), str(labels_path))
    return [ArrayImage(path, index, factor) for index in range(len(array))], labels


def _labels_read(read: Callable[[], NDArray[np.generic]], name: str) -> NDArray[np.generic]:
    try:
        return read()
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{name}: cannot read the labels ({error}); expected numbers or names") from None


def _named(labels: NDArray[np.generic], array: str, where: str, images: int) -> list[str]:
    """The name of each label: of DermaMNIST its class, else the number or text itself."""
    flat = labels.reshape(len(labels), -1) if labels.ndim else labels.reshape(0, 1)
    if flat.shape[1] > 1:  # one column per class
        if not (np.isin(flat, (0, 1)).all() and (flat.sum(axis=1) == 1).all()):
            raise UserError(f"{where}: {array} has rows of several labels; expected one label per image")
        flat = flat.argmax(axis=1).reshape(-1, 1)
    if len(flat) != images:
        raise UserError(f"{where}: {array} holds {len(flat)} labels for {images} images; save them again")
    texts = [re.sub(r"^(\d+)\.0$", r"\1", str(label)) for label in flat[:, 0]]
    if not _DERMAMNIST.search(Path(where).name):
        return texts
    return [_CLASSES[int(text)] if text.isdecimal() and int(text) < len(_CLASSES) else text for text in texts]
