"""The seven-point checklist data set, derm7pt (Kawahara et al. 2019, doi:10.1109/JBHI.2018.2824327).

``meta/meta.csv`` has one row per case, with a clinical photograph (``clinic``) and a dermoscopic one
(``derm``); ``meta/train_indexes.csv``, ``valid_indexes.csv`` and ``test_indexes.csv`` number the rows of each
split, from 0. The dermoscopic photographs are read.
"""

from dataclasses import replace
from pathlib import Path

from dermdistill.data.sources.on_disk.image_files import name_in
from dermdistill.data.sources.tables.csv_table import CsvRow, CsvTable, read_header, read_table
from dermdistill.data.sources.tables.labelled_rows import LabelTable
from dermdistill.data.sources.tables.table_records import read_labels, read_records
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet

LAYOUT = "derm7pt"

_COLUMNS = frozenset({"diagnosis", "derm", "clinic"})
_INDEXES = {"train": "train_indexes.csv", "val": "valid_indexes.csv", "test": "test_indexes.csv"}


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether the folder holds the table of cases."""
    return _table(path) is not None


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read the dermoscopic photographs, in the published splits where their lists are there.

    Raises:
        UserError: a table lacks a column, a list numbers a row that is not there, or an image is missing.
    """
    table = _table(path)
    if table is None:
        raise UserError(f"{path}: no meta.csv with the columns derm and clinic here")
    labelled = read_labels(table, reading=reading, renamed={"derm": "image"})
    clinical = {name_in(row.cells["clinic"]) for row in read_table(table, ["clinic"]).rows}
    dermoscopic = {name_in(row.cells["image"]) for row in labelled.table.rows if "image" in row.cells}
    left_out = clinical - dermoscopic - {""}
    note = f"{len(left_out)} clinical photographs left out: the dermoscopic ones of the same lesions are read"
    labelled = LabelTable(
        _with_splits(labelled.table), passed_over=left_out, notes=(note,) if left_out else ()
    )
    found = read_records(path, [labelled], reading=reading)
    return DataSet(LAYOUT, path, found.records, notes=found.notes, names=found.names)


def _table(path: Path) -> Path | None:
    for table in (path / "meta" / "meta.csv", path / "meta.csv"):
        if table.is_file() and set(read_header(table)) >= _COLUMNS:
            return table
    return None


def _with_splits(table: CsvTable) -> CsvTable:
    """The table with one row per lesion, and a column ``split`` from the lists of indexes beside it."""
    splits: dict[int, str] = {}
    for split, name in _INDEXES.items():
        path = table.path.parent / name
        for row in read_table(path, ["indexes"]).rows if path.is_file() else ():
            cell = row.cells.get("indexes", "")
            if not cell.isdecimal() or int(cell) >= len(table.rows):
                raise UserError(
                    f"{path}, line {row.line}: {cell!r} is not a row of {table.path.name}; expected a number "
                    f"from 0 to {len(table.rows) - 1}"
                )
            splits[int(cell)] = split
    rows = [
        CsvRow(row.line, {**row.cells, "lesion_id": f"derm7pt_{number}", "split": splits.get(number, "")})
        for number, row in enumerate(table.rows)
    ]
    return replace(table, rows=tuple(rows))
