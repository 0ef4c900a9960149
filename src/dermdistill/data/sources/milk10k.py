"""MILK10k (ISIC 2025, doi:10.34970/648456): a clinical and a dermoscopic photograph of each lesion.

``MILK10k_Training_GroundTruth.csv`` has one row per lesion and one column of 0 and 1 per diagnosis;
``MILK10k_Training_Metadata.csv`` names the images of each lesion. The dermoscopic photographs are read.
"""

from dataclasses import replace
from pathlib import Path

from dermdistill.data.sources.tables.column_roles import image_column
from dermdistill.data.sources.tables.csv_table import CsvRow
from dermdistill.data.sources.tables.diagnosis_columns import diagnosis_columns
from dermdistill.data.sources.tables.labelled_rows import LabelTable
from dermdistill.data.sources.tables.table_records import header, read_details, read_records
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet

LAYOUT = "milk10k"

_METADATA = frozenset({"isic_id", "lesion_id", "image_type"})


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether the folder holds a table of diagnoses by lesion, and one of the images of each lesion."""
    return None not in _tables(path)


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read the dermoscopic photographs.

    Raises:
        UserError: a table is missing or lacks a column, or an image is missing or listed twice.
    """
    truth_path, metadata_path = _tables(path)
    if truth_path is None or metadata_path is None:
        raise UserError(f"{path}: no ground truth by lesion, or no metadata of its images, here")
    truth = read_details(truth_path, reading)
    metadata = read_details(metadata_path, reading)
    images: dict[str, list[CsvRow]] = {}
    clinical: set[str] = set()
    for row in metadata.rows:
        if (row.first(["image_type"]) or "").lower().startswith("clinical"):
            clinical.add(row.cells["isic_id"])
        else:
            images.setdefault(row.cells["lesion_id"], []).append(row)
    rows = [
        CsvRow(row.line, {**image.cells, **row.cells})
        for row in truth.rows
        for image in images.get(row.cells["lesion_id"], [])
    ]
    alone = sum(row.cells["lesion_id"] not in images for row in truth.rows)
    notes = [
        *([f"{len(clinical)} clinical photographs left out: dermoscopic ones are read"] if clinical else []),
        *([f"{alone} lesions left out: no dermoscopic photograph"] if alone else []),
    ]
    columns = tuple(dict.fromkeys((*metadata.columns, *truth.columns)))
    joined = replace(truth, columns=columns, rows=tuple(rows))
    found = read_records(
        path, [LabelTable(joined, passed_over=clinical, notes=tuple(notes))], reading=reading
    )
    return DataSet(LAYOUT, path, found.records, notes=found.notes, names=found.names)


def _tables(path: Path) -> tuple[Path | None, Path | None]:
    """The ground truth and the metadata."""
    if not path.is_dir():
        return None, None
    columns = {table: header(table) for table in sorted(path.glob("*.csv"))}
    truth = [
        table
        for table, names in columns.items()
        if "lesion_id" in names and image_column(names) is None and len(diagnosis_columns(names)) > 1
    ]
    # The test images have metadata too, but no ground truth.
    metadata = [
        table
        for table, names in columns.items()
        if set(names) >= _METADATA and "test" not in table.name.lower()
    ]
    return next(iter(truth), None), next(iter(metadata), None)
