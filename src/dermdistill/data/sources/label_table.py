"""A table of labels beside a folder of images: of the ISIC Archive, of published data sets, or one's own.

An export of the archive (``metadata.csv``), the ground truth of the challenges of 2016 to 2020 and 2024,
PAD-UFES-20, DDI, Fitzpatrick17k, or any table that names images and diagnoses. Tables without diagnoses, such
as ``ISIC_2019_Training_Metadata.csv``, add what they know of the same images; lists of duplicates say which
show the same photograph. Where there are several tables of diagnoses, their names must say which split each
is; or the path names the one to read.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dermdistill.data.listing import is_hidden
from dermdistill.data.sources.on_disk.walk import unwrapped
from dermdistill.data.sources.tables import column_roles as roles
from dermdistill.data.sources.tables.csv_table import WITHOUT_HEADER, read_header, read_table, spelling
from dermdistill.data.sources.tables.diagnosis_columns import has_labels
from dermdistill.data.sources.tables.duplicate_list import is_list
from dermdistill.data.sources.tables.known_tables import known_table
from dermdistill.data.sources.tables.labelled_rows import LabelTable
from dermdistill.data.sources.tables.table_records import (
    header,
    in_words,
    read_details,
    read_labels,
    read_records,
)
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet, SplitName

LAYOUT = "table"

_SPLIT_WORDS: tuple[tuple[str, SplitName], ...] = (("train", "train"), ("val", "val"), ("test", "test"))

# Some challenges pack the ground truth into a folder of its own, or the metadata beside the images.
_OF_TABLES = re.compile(
    r".*groundtruth.*|labels?|annotations?|meta(?:_?data)?|csvs?|tables?|.*_(?:data|input)", re.IGNORECASE
)
_OF_2016 = re.compile(r"isbi[_-]?2016|isic[_-]?2016", re.IGNORECASE)


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether the path is a CSV, or a folder with a CSV that names images and diagnoses."""
    return _is_table(path) or bool(_tables(path, reading)[0])


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read the images that the tables of a folder, or the table at ``path``, give a diagnosis.

    Raises:
        UserError: a table lacks a column, it is not clear which table to read, or an image is missing, listed
            twice or has two diagnoses.
    """
    root = path.parent if _is_table(path) else path
    with_labels, without_labels = _tables(root, reading)
    chosen = [path] if _is_table(path) else with_labels
    labelled = _labelled(chosen, reading)
    side_tables = [read_details(table, reading) for table in without_labels if table != path]
    duplicates = [read_table(table, read_header(table)) for table in _duplicates(root) if table != path]
    found = read_records(root, labelled, side_tables, duplicates=duplicates, reading=reading)
    layout, remark = known_table(labelled[0].table)
    notes = (*((remark,) if remark else ()), *found.notes)
    return DataSet(layout or LAYOUT, root, found.records, notes=notes, names=found.names)


def check_columns(paths: Sequence[Path], reading: Reading) -> None:
    """Raise UserError where the user names a column that no table of all sources has."""
    if reading.columns:
        columns = {name for path in paths for name in _columns(path)}
        roles.refuse_unknown(columns, reading, " and ".join(map(str, paths)))


def has_chosen(path: Path, reading: Reading) -> bool:
    """Whether a table at ``path`` has a column that the user names, so that tables are to be read."""
    given = {spelling(name) for name in reading.columns.values()}
    return bool(given) and not given.isdisjoint(_columns(path))


def _columns(path: Path) -> set[str]:
    """The columns of all tables at a path, or in folders that it only wraps."""
    with suppress(OSError):  # which is said when the data is read
        tables = [path] if _is_table(path) else []
        tables += [table for folder in unwrapped(path) if folder.is_dir() for table in _all_tables(folder)]
        return {name for table in tables for name in read_header(table)}
    return set()


def near_miss(path: Path) -> str:
    """What a folder's tables lack to be read; empty if there are none."""
    if not path.is_dir():
        return ""
    for table in _all_tables(path):
        columns = read_header(table)
        lacking = "the image" if roles.image_column(columns) is None else "the diagnosis"
        option = "--image-column" if roles.image_column(columns) is None else "--label-column"
        return f"{table.name} has no column for {lacking} among {in_words(columns)}; say {option} NAME"
    return ""


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in (".csv", ".tsv", ".tab") and path.is_file()


def _tables(root: Path, reading: Reading) -> tuple[list[Path], list[Path]]:
    """Tables that name images: those with diagnoses, and those without."""
    if not root.is_dir():
        return [], []
    tables = [table for table in _all_tables(root) if not is_list(table)]
    # Kaggle's example of a submission has a column of invented targets.
    tables = [table for table in tables if not table.name.lower().startswith("sample_submission")]
    columns = {table: header(table, reading) for table in tables}
    naming_images = [table for table in tables if roles.image_column(columns[table]) is not None]
    with_labels = [table for table in naming_images if has_labels(columns[table])]
    return with_labels, [table for table in naming_images if table not in with_labels]


def _duplicates(root: Path) -> list[Path]:
    return [table for table in _all_tables(root) if is_list(table)]


def _all_tables(root: Path) -> list[Path]:
    folders = [
        root,
        *sorted(each for each in root.iterdir() if each.is_dir() and _OF_TABLES.fullmatch(each.name)),
    ]
    return [
        table
        for folder in folders
        for table in sorted(folder.iterdir())
        if _is_table(table) and not is_hidden(table.name)
    ]


def _labelled(tables: list[Path], reading: Reading) -> list[LabelTable]:
    if len(tables) == 1:
        return [_read_labels(tables[0], None, reading)]
    splits = [_split_of(table.stem) for table in tables]
    if None in splits or len(set(splits)) != len(splits):
        names = ", ".join(table.name for table in tables)
        raise UserError(
            f"{tables[0].parent}: several tables hold diagnoses ({names}); give the path of the one to read"
        )
    return [_read_labels(table, split, reading) for table, split in zip(tables, splits, strict=True)]


def _read_labels(path: Path, split: SplitName | None, reading: Reading) -> LabelTable:
    # The challenge of 2016 says malignant and means melanoma, as that of 2020 does under these names.
    of_2016 = _OF_2016.search(path.name) and read_header(path) == WITHOUT_HEADER
    renamed = {"image": "image_name", "label": "target"} if of_2016 else None
    return read_labels(path, split, reading, renamed)


def _split_of(stem: str) -> SplitName | None:
    found = [split for word, split in _SPLIT_WORDS if word in stem.lower()]
    return found[0] if len(found) == 1 else None
