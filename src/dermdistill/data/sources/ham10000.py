"""HAM10000 as it is published (Tschandl et al. 2018, doi:10.7910/DVN/DBW86T).

``HAM10000_metadata.csv`` (or ``.tab``, or without an ending), with the images in any folders beside it.
Where ``ISIC2018_Task3_Test_GroundTruth.csv`` lies there too, that official test set is the test split, and
the images of the metadata are left to be divided into training and validation.
"""

from pathlib import Path

from dermdistill.data.sources.tables.table_records import read_labels, read_records
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet

LAYOUT = "ham10000"
LOOKED_FOR = "HAM10000_metadata.csv"

_ENDINGS = (".csv", ".tab", "")
_NEEDED = ("image_id", "lesion_id", "dx")
_TEST = "ISIC2018_Task3_Test_GroundTruth"


def matches(path: Path, reading: Reading = AS_FOUND) -> bool:
    """Whether the folder holds HAM10000's metadata."""
    return _table(path, "HAM10000_metadata") is not None


def read(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read HAM10000, with the official test set where it is there.

    Raises:
        UserError: a table lacks a column, or an image is missing, listed twice or has two diagnoses.
    """
    metadata = _table(path, "HAM10000_metadata")
    if metadata is None:
        raise UserError(f"{path}: no {LOOKED_FOR} here")
    labelled = [read_labels(metadata)]
    missing = [name for name in _NEEDED if name not in labelled[0].table.columns]
    if missing:
        raise UserError(f"{metadata}: column {missing[0]!r} is missing; expected {', '.join(_NEEDED)}")
    # Its archive may be unpacked into a folder of the same name.
    test = _table(path, _TEST) or _table(path / _TEST, _TEST)
    if test is not None:
        labelled.append(read_labels(test, split="test"))
    found = read_records(path, labelled, reading=reading)
    return DataSet(LAYOUT, path, found.records, notes=found.notes, names=found.names)


def _table(folder: Path, stem: str) -> Path | None:
    candidates = (folder / f"{stem}{ending}" for ending in _ENDINGS)
    return next((candidate for candidate in candidates if candidate.is_file()), None)
