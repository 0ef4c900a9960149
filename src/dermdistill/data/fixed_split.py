"""``--split FILE``: a split of the user's own, such as a paper's, as a CSV of images and train, val, test.

The run folder's ``split.csv`` is such a file.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from dermdistill.data import splits
from dermdistill.data.grouping import connected
from dermdistill.data.images import IMAGE_SUFFIXES
from dermdistill.data.sources.tables.column_roles import IMAGE_NAMES, IMAGE_PATHS, LESION, image_column
from dermdistill.data.sources.tables.csv_table import read_table
from dermdistill.errors import UserError
from dermdistill.records import SPLIT_NAMES, DataSet, Record, SplitName
from dermdistill.spreadsheet import text_of

_NAME = "name"
"""An image's, where no other column names the images."""
_SPLIT = ("split", "set", "subset", "partition", "fold")
_MEANING: Mapping[str, SplitName] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the file puts one image; ``split`` is None where it is left out."""

    image: str
    line: int
    value: str
    split: SplitName | None
    lesion_id: str | None


@dataclass(frozen=True, slots=True)
class FixedSplit:
    """The rows of a split file, each image once, and a digest of the file's content."""

    path: Path
    places: tuple[_Place, ...]
    digest: str


def read_fixed_split(path: Path) -> FixedSplit:
    """Read a table of image names and splits; anything but train, val and test leaves the image out.

    Raises:
        UserError: the file cannot be read, a column is missing, a row names no image, an image is in two
            splits, or no row says train, val or test.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file; expected a CSV with the columns image_id and split")
    table = read_table(path, {*IMAGE_NAMES, *IMAGE_PATHS, _NAME, *_SPLIT, *LESION})
    image = image_column(table.columns) or (_NAME if _NAME in table.columns else "")
    split = next((name for name in _SPLIT if name in table.columns), "")
    if not image or not split:
        raise UserError(
            f"{path}: no column {'names the images' if not image else 'holds the split'}; expected image_id "
            f"and split, found {', '.join(table.columns) or 'nothing'}"
        )
    places: dict[str, _Place] = {}
    for row in table.rows:
        name, value = text_of(row.cells[image]), row.cells[split]
        if not name:
            raise UserError(f"{path}, line {row.line}: names no image")
        lesion = text_of(row.first(LESION) or "") or None
        place = _Place(name, row.line, value, _MEANING.get(value.lower()), lesion)
        earlier = places.setdefault(name, place)
        if earlier.split != place.split:
            raise UserError(
                f"{path}, line {row.line}: image {name} is {value!r} here and {earlier.value!r} in line "
                f"{earlier.line}; keep the right one"
            )
    if not any(place.split for place in places.values()):
        values = ", ".join(sorted({repr(place.value) for place in places.values()})[:5]) or "no row"
        raise UserError(f"{path}: column {split} holds {values}; expected {', '.join(SPLIT_NAMES)}")
    return FixedSplit(
        path, tuple(places.values()), hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    )


def with_split(dataset: DataSet, fixed: FixedSplit) -> DataSet:
    """The images that the file puts into train, val or test; no split of the data's own is kept.

    Images are matched by their names, with or without ending, source and folders. Lesions are united with
    those of the file.

    Raises:
        UserError: a name of the file fits different lesions of the data, two rows put one image into two
            splits, or no image of the data is in the file.
    """
    rows_of = _rows_by_name(dataset.records)
    chosen: dict[int, _Place] = {}
    missing = 0
    for place in fixed.places:
        rows = next((rows_of[name] for name in _names(place.image) if name in rows_of), [])
        missing += not rows
        _check_one_lesion(fixed, place, [dataset.records[row] for row in rows])
        for row in rows:
            earlier = chosen.setdefault(row, place)
            if earlier.split != place.split:
                raise UserError(
                    f"{fixed.path}, line {place.line}: image {place.image} is {place.value!r} here and, as "
                    f"{earlier.image}, {earlier.value!r} in line {earlier.line}; keep the right one"
                )
    if not chosen:
        raise UserError(
            f"{fixed.path}: none of its {len(fixed.places)} images is in the data; it names "
            f"{fixed.places[0].image}, the data {dataset.records[0].image_id}"
        )
    records = _united_lesions(dataset.records, chosen)
    notes = _notes(fixed, dataset.records, chosen, missing)
    return replace(
        dataset,
        records=tuple(
            replace(records[row], split=place.split) for row, place in sorted(chosen.items()) if place.split
        ),
        notes=(*dataset.notes, *notes),
    )


def check_leaks(dataset: DataSet, fixed: FixedSplit) -> None:
    """Make sure that no lesion, no patient and no copy of a picture is in two splits of the file.

    Raises:
        UserError: one is; the message names the file, the images and their splits.
    """
    try:
        splits.check_split(dataset.records, [record.split for record in dataset.records])
    except UserError as error:
        raise UserError(f"{fixed.path}: {error}") from None


def _rows_by_name(records: Sequence[Record]) -> dict[str, list[int]]:
    """Rows of the records that a name may stand for; the full name of an image stands for no other."""
    exact = {record.image_id: [row] for row, record in enumerate(records)}
    others: defaultdict[str, list[int]] = defaultdict(list)
    for row, record in enumerate(records):
        for name in _names(record.image_id.removeprefix(f"{record.source}/")):
            others[name].append(row)
    return {**others, **exact}


def _names(name: str) -> list[str]:
    """A name as it is, without ending, and without folders and ending."""
    path = PurePosixPath(name.replace("\\", "/"))
    bare = str(path.with_suffix("")) if path.suffix.lower() in IMAGE_SUFFIXES else str(path)
    return list(dict.fromkeys((name, bare, PurePosixPath(bare).name)))


def _check_one_lesion(fixed: FixedSplit, place: _Place, records: Sequence[Record]) -> None:
    other = next((record for record in records if record.lesion_id != records[0].lesion_id), None)
    if other is not None:
        raise UserError(
            f"{fixed.path}, line {place.line}: {place.image} may be {records[0].image_id} or "
            f"{other.image_id}; write one of these names"
        )


def _united_lesions(records: Sequence[Record], chosen: Mapping[int, _Place]) -> list[Record]:
    """Images that the file gives one lesion id belong to one lesion."""
    keys = [[f"lesion:{record.lesion_id}"] for record in records]
    for row, place in chosen.items():
        if place.lesion_id is not None:
            keys[row].append(f"lesion:{place.lesion_id}")
    return [
        replace(record, lesion_id=records[first].lesion_id)
        for record, first in zip(records, connected(keys), strict=True)
    ]


def _notes(
    fixed: FixedSplit, records: Sequence[Record], chosen: Mapping[int, _Place], missing: int
) -> list[str]:
    name = fixed.path.name
    left_out = Counter(place.value or "blank" for place in chosen.values() if place.split is None)
    notes = [f"{name}: {count} images left out: {value}" for value, count in sorted(left_out.items())]
    unlisted = len(records) - len(chosen)
    if unlisted:
        notes.append(f"{name}: {unlisted} images of the data left out: the file does not name them")
    if missing:
        notes.append(f"{name}: {missing} of its {len(fixed.places)} images are not in the data")
    named = {place.split for place in chosen.values()}
    if "train" in named:
        notes += [
            f"{name}: names no {split} images of the data; training cuts them out of its train images"
            for split in SPLIT_NAMES
            if split not in named
        ]
    own = sum(record.split is not None for record in records)
    if own:
        notes.append(f"{name}: takes the place of the data's own split")
    return notes
