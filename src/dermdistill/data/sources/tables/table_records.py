"""Records from tables of labels and the image files beside them."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.cache import default_cache_dir
from dermdistill.data.grouping import id_key
from dermdistill.data.sources.on_disk.copies import by_list, by_name, unite_copies
from dermdistill.data.sources.on_disk.image_files import ImageFiles, name_in
from dermdistill.data.sources.on_disk.photographs import Named, versions
from dermdistill.data.sources.tables import column_roles as roles
from dermdistill.data.sources.tables.csv_table import CsvRow, CsvTable, read_header, read_table
from dermdistill.data.sources.tables.diagnosis_columns import LABEL_COLUMNS, diagnosis_columns, has_labels
from dermdistill.data.sources.tables.duplicate_list import keys_of_duplicates
from dermdistill.data.sources.tables.labelled_rows import (
    FURTHER_COLUMNS,
    LabelledRow,
    LabelTable,
    labelled_rows,
)
from dermdistill.data.unusable import unusable
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import ImageSource, Record, SplitName

SMALLEST_TABLE = "image,diagnosis / photo1.jpg,melanoma"
"""The smallest CSV that would do, two lines of it on one."""

_COLUMNS = roles.DETAIL_COLUMNS.union(roles.IMAGE_NAMES, roles.IMAGE_PATHS, LABEL_COLUMNS, FURTHER_COLUMNS)
"""All columns that records are made of, but for those that are named after diagnoses."""

_SEX = {"male": "male", "m": "male", "female": "female", "f": "female"}
_FITZPATRICK = ("I", "II", "III", "IV", "V", "VI")


@dataclass(frozen=True, slots=True)
class TableRecords:
    """What tables say of their images; see ``DataSet`` for the meaning of each."""

    records: tuple[Record, ...]
    notes: tuple[str, ...]
    names: Mapping[str, int]


def header(path: Path, reading: Reading = AS_FOUND) -> tuple[str, ...]:
    """The columns of a table, with the user's word on them."""
    columns = read_header(path)
    labels = (*LABEL_COLUMNS, *diagnosis_columns(columns))
    return read_header(path, roles.renamed(columns, reading, labels))


def read_details(
    path: Path, reading: Reading = AS_FOUND, renamed: Mapping[str, str] | None = None
) -> CsvTable:
    """Read a table with all columns that records are made of.

    Args:
        path: the table.
        reading: the user's word on its columns.
        renamed: other names for some columns, where the layout says so and the user does not.

    Raises:
        UserError: it cannot be read.
    """
    columns = read_header(path)
    labels = (*LABEL_COLUMNS, *diagnosis_columns(columns))
    names = {**(renamed or {}), **roles.renamed(columns, reading, labels)}
    return read_table(path, _COLUMNS.union(diagnosis_columns(columns)), names)


def read_labels(
    path: Path,
    split: SplitName | None = None,
    reading: Reading = AS_FOUND,
    renamed: Mapping[str, str] | None = None,
) -> LabelTable:
    """Read a table that must name images and their diagnoses; see ``read_details``.

    Raises:
        UserError: it does not, or cannot be read.
    """
    table = read_details(path, reading, renamed)
    for found, what, option in (
        (roles.image_column(table.columns), "names the images", "--image-column"),
        (has_labels(table.columns), "holds diagnoses", "--label-column"),
    ):
        if not found:
            raise UserError(
                f"{path}: no column {what}; it has {in_words(read_header(path))}; say {option} NAME, or "
                f"write a CSV such as {SMALLEST_TABLE}"
            )
    return LabelTable(table, split)


def in_words(columns: Sequence[str]) -> str:
    """The columns of a table, for a message."""
    named = [name for name in columns if name]
    return ", ".join(named[:12]) + (" ..." if len(named) > 12 else "")


def read_records(
    root: Path,
    labelled: Sequence[LabelTable],
    side_tables: Sequence[CsvTable] = (),
    *,
    duplicates: Sequence[CsvTable] = (),
    reading: Reading = AS_FOUND,
) -> TableRecords:
    """The records of all labelled rows, in their order, and notes on what was left out.

    Args:
        root: the images are looked for in this folder and all folders below it, by name.
        labelled: the tables of labels.
        side_tables: further columns (lesion, age, ...) for the same images; they fill the cells that the
            tables of labels, and earlier side tables, leave blank.
        duplicates: tables whose rows name images of the same photograph.
        reading: the user's word on the labels.

    Raises:
        UserError: an image is listed twice, has no file, or has two diagnoses, lesions or patients; a label
            is not understood; no row can be used.
    """
    found = labelled_rows(labelled, side_tables, reading)
    files = ImageFiles(root)
    images = _images(found.rows, files)
    spelled: dict[str, str] = {}
    records = [_record(entry, image, spelled) for entry, image in zip(found.rows, images, strict=True)]
    ids = [record.image_id for record in records]
    evidence_of_copies = [
        by_name(versions([Named(image_id) for image_id in ids])),
        *(by_list(keys_of_duplicates(table, ids), table.path.name) for table in duplicates),
    ]
    united, copies = unite_copies(records, evidence_of_copies, contradictions=reading.contradictions)
    passed_over = {name for source in labelled for name in source.passed_over}
    useless = [
        f"{table.path.name}: a list of duplicates by its name, but no row names two images of the data"
        for table, evidence in zip(duplicates, evidence_of_copies[1:], strict=True)
        if not any(evidence.keys)
    ]
    notes = (*found.notes, *copies, *useless, *_remarks(found.rows, records, files, passed_over))
    return TableRecords(united, notes, found.names)


def _images(rows: Sequence[LabelledRow], files: ImageFiles) -> list[ImageSource]:
    images: list[ImageSource] = []
    missing: list[UserError] = []
    paths = Counter(name_in(entry.cell) for entry in rows)
    for entry in rows:
        alone = paths[name_in(entry.cell)] == 1
        image = files.find(entry.cell, entry.table.path.parent, alone=alone)
        if image is None:
            named = (
                entry.cell if name_in(entry.cell) != entry.cell else f"{entry.cell}.jpg (or another ending)"
            )
            missing.append(
                UserError(
                    f"{entry.table.path}, line {entry.row.line}: no image file {named} in {files.root} or "
                    "below it; complete the download or remove the line"
                )
            )
        else:
            images.append(image)
    if missing:
        raise unusable(missing, of=len(rows), folder=default_cache_dir())
    return images


def _record(entry: LabelledRow, image: ImageSource, spelled: dict[str, str]) -> Record:
    """One record; ``spelled`` remembers how the ids of lesions and patients were first written."""
    row = entry.row
    return Record(
        image_id=entry.image_id,
        image=image,
        lesion_id=_first_spelling(row, roles.LESION, spelled) or entry.image_id,
        diagnosis=entry.diagnosis,
        patient_id=_first_spelling(row, roles.PATIENT, spelled),
        split=entry.split,
        age=_age(entry, row),
        sex=_SEX.get((row.first(roles.SEX) or "").lower()),
        site=row.first(roles.SITE),
        skin_type=_skin_type(row),
        collection=row.first(roles.COLLECTION),
    )


def _first_spelling(row: CsvRow, columns: Sequence[str], spelled: dict[str, str]) -> str | None:
    cell = row.first(columns)
    return None if cell is None else spelled.setdefault(f"{columns[0]}:{id_key(cell)}", cell)


def _age(entry: LabelledRow, row: CsvRow) -> float | None:
    cell = row.first(roles.AGE)
    if cell is None:
        return None
    try:
        age = float(cell.removesuffix("+").replace(",", "."))
    except ValueError:
        age = -1
    if not 0 <= age <= 150:
        raise UserError(
            f"{entry.table.path}, line {entry.row.line}: age {cell!r} of image {entry.image_id} is not a "
            "number of years"
        )
    return age


def _skin_type(row: CsvRow) -> str | None:
    """A Fitzpatrick type as a Roman number; another scale's value as it is."""
    cell = row.first(roles.FITZPATRICK)
    if cell is not None:
        numbers = re.fullmatch(r"(?:type )?(?:([1-6])(?:\.0)?|(i{1,3}|iv|v|vi))", cell.lower())
        if numbers is None:
            return cell
        return _FITZPATRICK[int(numbers[1]) - 1] if numbers[1] else numbers[2].upper()
    tone = row.first(roles.SKIN_TONE)
    return None if tone is None else tone.removesuffix(".0")


def _remarks(
    rows: Sequence[LabelledRow], records: Sequence[Record], files: ImageFiles, passed_over: Collection[str]
) -> list[str]:
    remarks: list[str] = []
    formats = files.in_several_formats()
    if formats:
        remarks.append(
            f"{formats} images are there in several formats: one is read (JPEG or PNG before DICOM)"
        )
    unlisted = files.unused(passed_over)
    if unlisted:
        remarks.append(f"{unlisted} image files left out: no row gives their diagnosis")
    alone = sum(record.patient_id is None and record.lesion_id == record.image_id for record in records)
    if alone:
        remarks.append(lesions_unknown(alone, len(records)))
    kinds = Counter(entry.row.first(["image_type"]) or "dermoscopic" for entry in rows)
    for kind, count in sorted(kinds.items()):
        if kind.lower() != "dermoscopic":
            remarks.append(f"{count} of {len(records)} images are {kind}, not dermoscopic; they are kept")
    return remarks


def lesions_unknown(alone: int, total: int) -> str:
    """The note for images that the source does not assign to a lesion."""
    return f"{alone} of {total} images have no lesion id: each counts as a lesion of its own"
