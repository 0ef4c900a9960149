"""Folders named by diagnosis, such as ``melanoma`` and ``nevus``, perhaps under ``train``, ``val``, ``test``.

Images may lie deeper inside a folder of a diagnosis. Byte-for-byte copies, and files that are versions of one
photograph by their names, show the same lesion, which no split may divide. Where the only folders are
``benign`` and ``malignant``, malignant means melanoma, as in the widely used data sets of that layout.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.class_names import (
    LEAVE_OUT,
    meaning_of,
    note_on_negatives,
    refuse_open,
    users_word,
    with_counts,
)
from dermdistill.data.diagnoses import BENIGN, OTHER, UNDECIDED, means_malignant
from dermdistill.data.images import ImageFile
from dermdistill.data.listing import kinds, suffix
from dermdistill.data.sources.on_disk.class_folders import (
    ClassFolder,
    Folder,
    find_classes,
    has_no_labels,
    scan,
    split_of,
)
from dermdistill.data.sources.on_disk.copies import by_name, unite_copies
from dermdistill.data.sources.on_disk.photographs import DICOM, Named, archive_id, versions
from dermdistill.data.sources.tables.table_records import lesions_unknown
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import MELANOMA, DataSet, Record, SplitName

LAYOUT = "folder"


@dataclass(frozen=True, slots=True)
class _LabelledFile:
    """An image file and what the folders above it say."""

    path: Path
    image_id: str
    name: str
    split: SplitName | None


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether folders of diagnoses lie in this folder, or in those that wrap them.

    Raises:
        UserError: several data sets lie in it.
    """
    return path.is_dir() and bool(find_classes(scan(path, reading), reading))


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read all images in folders of diagnoses; a folder ``train``, ``val`` or ``test`` above is the split.

    Raises:
        UserError: there are no images, a name is not understood, an image is under two diagnoses, or
            ``malignant`` may mean more than melanoma.
    """
    root = _unwrapped(scan(path, reading), reading)
    path = root.path
    classes = find_classes(root, reading)
    found = [image for each in classes for image in _images(path, each)]
    if not found:
        others = Counter(suffix(str(file)) for folder in root.walk() for file in folder.others)
        only = f", only {kinds(others)}" if others else ""
        raise UserError(f"{path}: the folders of diagnoses hold no images{only}")
    names = Counter(image.name for image in found)
    meanings = _meanings(path, names, reading)
    labelled = [image for image in found if meanings[image.name] not in (UNDECIDED, LEAVE_OUT)]
    kept = _without_second_formats(labelled)
    records = [_record(image, meanings[image.name]) for image in kept]
    named = [Named(i.path.stem, str(i.path.parent), meanings[i.name]) for i in kept]
    united, copies = unite_copies(records, [by_name(versions(named))], contradictions=reading.contradictions)
    notes = (
        *copies,
        *_notes_on_names(names, meanings, reading),
        *([lesions_unknown(len(kept), len(kept))] if kept else []),
        *_notes_on_the_rest(root, classes, labelled, len(kept)),
    )
    return DataSet(LAYOUT, path, united, notes=notes, names=dict(names))


def _record(image: _LabelledFile, diagnosis: str) -> Record:
    return Record(
        image_id=image.image_id,
        image=ImageFile(image.path),
        lesion_id=image.image_id,
        diagnosis=diagnosis,
        split=image.split,
    )


def _unwrapped(root: Folder, reading: Reading) -> Folder:
    """The folder that holds the splits or classes: ``root``, or what it does nothing but wrap."""
    while len(root.holding) == 1:
        (only,) = root.holding
        named = split_of(only.name) is not None or users_word([only.name], reading) is not None
        if named or not find_classes(only, reading):
            break
        root = only
    return root


def near_miss(path: Path) -> str:
    """The folders of images at ``path`` of which none is a diagnosis; empty if there are none."""
    if not path.is_dir():
        return ""
    root = scan(path, AS_FOUND)
    names = {
        folder.path.relative_to(path).as_posix(): len(folder.images)
        for folder in root.walk()
        if folder.images and folder is not root
    }
    if not names:
        return ""
    return (
        f"it holds the folders {with_counts(names)}, none a diagnosis; --positive NAME says which is melanoma"
    )


def _images(root: Path, found: ClassFolder) -> list[_LabelledFile]:
    return [
        _LabelledFile(path, path.relative_to(root).as_posix(), found.folder.name, found.split)
        for path in found.folder.all_images()
    ]


def _meanings(path: Path, names: Mapping[str, int], reading: Reading) -> dict[str, str]:
    """The diagnosis that each folder name stands for, or why it has none."""
    meanings: dict[str, str] = {}
    left_open: dict[str, int] = {}
    for name, count in names.items():
        meaning = _meaning(name, reading)
        if meaning is None:
            left_open[name] = count
        else:
            meanings[name] = meaning
    refuse_open(str(path), left_open)
    malignant = sorted(name for name in names if _is_open_malignant(name, reading))
    if malignant:
        others = sorted(set(meanings.values()) - {BENIGN, UNDECIDED, LEAVE_OUT})
        if others:
            raise UserError(
                f"{path}: beside {', '.join(others)}, the folder {malignant[0]} does not say whether its "
                f"images show melanoma; name it by diagnosis, or say --positive {malignant[0]} or "
                f'--label "{malignant[0]}={LEAVE_OUT}"'
            )
        meanings.update(dict.fromkeys(malignant, MELANOMA))
    return meanings


def _meaning(name: str, reading: Reading) -> str | None:
    given = users_word([name], reading)
    if given is None and (has_no_labels(name) or split_of(name)):
        return UNDECIDED
    return meaning_of([name], reading)


def _is_open_malignant(name: str, reading: Reading) -> bool:
    return means_malignant(name) and users_word([name], reading) is None


def _without_second_formats(found: Sequence[_LabelledFile]) -> list[_LabelledFile]:
    """The images without the DICOM files whose photographs are there in another format too."""
    rasters = {_photograph(image) for image in found if image.path.suffix.lower() != DICOM}
    return [
        image for image in found if image.path.suffix.lower() != DICOM or _photograph(image) not in rasters
    ]


def _photograph(image: _LabelledFile) -> tuple[str, str]:
    known = archive_id(image.path.stem)
    return (image.name, known) if known else (str(image.path.parent), image.path.stem)


def _notes_on_names(names: Mapping[str, int], meanings: Mapping[str, str], reading: Reading) -> list[str]:
    notes: list[str] = []
    if any(_is_open_malignant(name, reading) for name in names):
        notes.append("malignant is taken for melanoma, as in the data sets with folders benign and malignant")
    others = {name: names[name] for name, meaning in meanings.items() if meaning == OTHER}
    notes += note_on_negatives(others, reading)
    unlabelled = {
        name: names[name] for name, meaning in meanings.items() if meaning in (UNDECIDED, LEAVE_OUT)
    }
    if unlabelled:
        notes.append(f"left out, no diagnosis: {with_counts(unlabelled)}")
    return notes


def _notes_on_the_rest(
    root: Folder, classes: Sequence[ClassFolder], labelled: Sequence[_LabelledFile], kept: int
) -> list[str]:
    """What was left out besides: formats, masks, folders, files."""
    notes: list[str] = []
    if kept < len(labelled):
        notes.append(
            f"{len(labelled) - kept} DICOM files left out: the same photographs are there as JPEG or PNG"
        )
    folders = list(root.walk())
    masks = sum(folder.masks for folder in folders)
    if masks:
        notes.append(f"{masks} masks left out (files named _segmentation, _superpixels, _mask and the like)")
    passed_over = {
        path.relative_to(root.path).as_posix(): count
        for folder in folders
        for path, count in folder.passed_over.items()
    }
    if passed_over:
        notes.append(f"left out, folders of no photographs: {with_counts(passed_over)}")
    in_classes = {image for each in classes for image in each.folder.all_images()}
    outside = [image for folder in folders for image in folder.images if image not in in_classes]
    elsewhere = Counter(
        image.parent.relative_to(root.path).as_posix() for image in outside if image.parent != root.path
    )
    if elsewhere:
        notes.append(f"left out, not in a folder of a diagnosis: {with_counts(elsewhere)}")
    files = [image for image in outside if image.parent == root.path]
    files += [file for folder in folders for file in folder.others]
    if files:
        counts = kinds(Counter(suffix(str(file)) for file in files))
        notes.append(f"{len(files)} files left out, not images in a folder of a diagnosis: {counts}")
    return notes
