"""Folders named by diagnosis, such as ``melanoma`` and ``nevus``, perhaps under ``train``, ``val``, ``test``.

Images may lie deeper inside a folder of a diagnosis. Byte-for-byte copies, and images with the same ISIC
number, show the same lesion, which no split may divide. Where the only folders are ``benign`` and
``malignant``, malignant means melanoma, as in the widely used data sets of that layout.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.diagnoses import BENIGN, canonical
from dermdistill.data.images import ImageFile
from dermdistill.data.listing import is_hidden, is_image, kinds, suffix
from dermdistill.data.sources.catalogue import lesions_unknown
from dermdistill.data.sources.copies import unite_copies
from dermdistill.data.sources.walk import visible_files
from dermdistill.errors import UserError
from dermdistill.records import MELANOMA, DataSet, Record, SplitName

LAYOUT = "folder"
LOOKED_FOR = (
    "folders of images named by diagnosis, melanoma (or mel, or malignant beside benign) among them, "
    "on their own or under train, val and test"
)

_SPLITS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_MALIGNANT = frozenset({"malignant", "malign"})
_ISIC_NUMBER = re.compile(r"ISIC_\d{7}")


@dataclass(frozen=True, slots=True)
class _Found:
    """An image file and what the folders above it say."""

    path: Path
    image_id: str
    folder: str
    split: SplitName | None


def matches(path: Path) -> bool:
    """Whether one of the folders is named after melanoma."""
    return any(
        canonical(folder.name) == MELANOMA or folder.name.lower() in _MALIGNANT
        for parent, _ in _parents(path)
        for folder in _folders(parent)
    )


def read(path: Path) -> DataSet:
    """Read all images in folders of diagnoses; a folder ``train``, ``val`` or ``test`` above is the split.

    Raises:
        UserError: there are no images, an image is under two diagnoses, or ``malignant`` may mean more than
            melanoma.
    """
    found = [
        image
        for parent, split in _parents(path)
        for folder in _folders(parent)
        for image in _images(path, folder, split)
    ]
    if not found:
        held = kinds(Counter(suffix(str(file)) for file in visible_files(path)))
        raise UserError(f"{path}: the folders of diagnoses hold no images{f', only {held}' if held else ''}")
    names = _diagnoses(path, {image.folder for image in found})
    records, notes = unite_copies(
        [
            Record(
                image_id=image.image_id,
                image=ImageFile(image.path),
                lesion_id=image.image_id,
                diagnosis=names[image.folder],
                split=image.split,
            )
            for image in found
        ],
        [_picture(image) for image in found],
    )
    return DataSet(LAYOUT, path, records, notes=(*notes, *_notes(path, records, names)))


def _parents(path: Path) -> list[tuple[Path, SplitName | None]]:
    """The folders whose folders are diagnoses, with the split that each stands for."""
    splits: list[tuple[Path, SplitName | None]] = [
        (folder, _SPLITS[folder.name.lower()]) for folder in _folders(path) if folder.name.lower() in _SPLITS
    ]
    return splits or [(path, None)]


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return sorted(folder for folder in path.iterdir() if folder.is_dir() and not is_hidden(folder.name))


def _images(root: Path, folder: Path, split: SplitName | None) -> list[_Found]:
    return [
        _Found(path, path.relative_to(root).as_posix(), folder.name, split)
        for path in visible_files(folder)
        if is_image(str(path))
    ]


def _diagnoses(path: Path, folders: set[str]) -> dict[str, str]:
    """The diagnosis that each folder name stands for."""
    names = {folder: canonical(folder) for folder in folders}
    malignant = sorted(folder for folder in folders if folder.lower() in _MALIGNANT)
    if malignant:
        others = sorted(name for folder, name in names.items() if folder not in malignant and name != BENIGN)
        if others:
            raise UserError(
                f"{path}: beside {', '.join(others)}, the folder {malignant[0]} does not say whether its "
                "images show melanoma; name it by diagnosis"
            )
        names.update(dict.fromkeys(malignant, MELANOMA))
    return names


def _picture(image: _Found) -> str:
    number = _ISIC_NUMBER.match(image.path.name)
    return image.image_id if number is None else number.group()


def _notes(path: Path, records: Sequence[Record], names: dict[str, str]) -> list[str]:
    notes: list[str] = []
    if any(folder.lower() in _MALIGNANT for folder in names):
        notes.append("malignant is taken for melanoma, as in the data sets with folders benign and malignant")
    notes.append(lesions_unknown(len(records), len(records)))
    kept = {record.image_id for record in records}
    left_out = [file for file in visible_files(path) if file.relative_to(path).as_posix() not in kept]
    if left_out:
        counts = kinds(Counter(suffix(str(file)) for file in left_out))
        notes.append(f"{len(left_out)} files left out, not images in a folder of a diagnosis: {counts}")
    return notes
