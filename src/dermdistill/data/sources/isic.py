"""Tables of the ISIC Archive and its challenges, beside a folder of images.

An export of the archive (``metadata.csv``), the ground truth of the challenges of 2018, 2019 and 2020, or a
table of one's own with such columns. Tables without diagnoses, such as ``ISIC_2019_Training_Metadata.csv``,
add what they know of the same images; lists of duplicates say which show the same photograph. Where there are
several tables of diagnoses, their names must say which split each is; or the path names the one to read.
"""

from pathlib import Path

from dermdistill.data.sources.catalogue import (
    COLUMNS,
    IMAGE_COLUMNS,
    Labelled,
    image_column,
    read_catalogue,
    read_labels,
)
from dermdistill.data.sources.duplicates import is_list
from dermdistill.data.sources.labels import LABEL_COLUMNS_IN_WORDS, has_labels
from dermdistill.data.sources.tables import read_header, read_table
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet, SplitName

LAYOUT = "isic"
LOOKED_FOR = (
    f"a CSV with a column for the image ({', '.join(IMAGE_COLUMNS)}) "
    f"and one for its diagnosis ({LABEL_COLUMNS_IN_WORDS})"
)

_SPLIT_WORDS: tuple[tuple[str, SplitName], ...] = (("train", "train"), ("val", "val"), ("test", "test"))


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether the path is a CSV, or a folder with a CSV that names images and diagnoses."""
    return _is_table(path) or bool(_tables(path)[0])


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read the images that the tables of a folder, or the table at ``path``, give a diagnosis.

    Raises:
        UserError: a table lacks a column, it is not clear which table to read, or an image is missing, listed
            twice or has two diagnoses.
    """
    root = path.parent if _is_table(path) else path
    with_labels, without_labels = _tables(root)
    labelled = [read_labels(path)] if _is_table(path) else _labelled(with_labels)
    side_tables = [read_table(table, COLUMNS) for table in without_labels if table != path]
    duplicates = [read_table(table, read_header(table)) for table in _duplicates(root) if table != path]
    found = read_catalogue(root, labelled, side_tables, duplicates=duplicates, reading=reading)
    return DataSet(LAYOUT, root, found.records, notes=found.notes, names=found.names)


def near_miss(path: Path) -> str:
    """What a folder's tables lack to be read; empty if there are none."""
    for table in sorted(path.glob("*.csv")):
        columns = read_header(table)
        if image_column(columns) is not None or has_labels(columns):
            lacking = "the image" if image_column(columns) is None else "the diagnosis"
            return f"{table.name} has no column for {lacking}"
    return ""


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in (".csv", ".tsv", ".tab") and path.is_file()


def _tables(root: Path) -> tuple[list[Path], list[Path]]:
    """Tables that name images: those with diagnoses, and those without."""
    if not root.is_dir():
        return [], []
    tables = [table for table in _all_tables(root) if not is_list(table)]
    # Kaggle's example of a submission has a column of invented targets.
    tables = [table for table in tables if not table.name.lower().startswith("sample_submission")]
    columns = {table: read_header(table) for table in tables}
    naming_images = [table for table in tables if image_column(columns[table]) is not None]
    with_labels = [table for table in naming_images if has_labels(columns[table])]
    return with_labels, [table for table in naming_images if table not in with_labels]


def _duplicates(root: Path) -> list[Path]:
    return [table for table in _all_tables(root) if is_list(table)]


def _all_tables(root: Path) -> list[Path]:
    # Some challenges pack the ground truth into a folder of its own.
    folders = [root, *sorted(folder for folder in root.glob("*GroundTruth*") if folder.is_dir())]
    return [table for folder in folders for table in sorted(folder.iterdir()) if _is_table(table)]


def _labelled(tables: list[Path]) -> list[Labelled]:
    if len(tables) == 1:
        return [read_labels(tables[0])]
    splits = [_split_of(table.stem) for table in tables]
    if None in splits or len(set(splits)) != len(splits):
        names = ", ".join(table.name for table in tables)
        raise UserError(
            f"{tables[0].parent}: several tables hold diagnoses ({names}); give the path of the one to read"
        )
    return [read_labels(table, split) for table, split in zip(tables, splits, strict=True)]


def _split_of(stem: str) -> SplitName | None:
    found = [split for word, split in _SPLIT_WORDS if word in stem.lower()]
    return found[0] if len(found) == 1 else None
