"""Reading published data sets: each module knows one layout, and nothing else in the program knows any."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Protocol

from dermdistill.data.class_names import check_names
from dermdistill.data.sources import arrays, derm7pt, folder, ham10000, label_table, labelled_arrays, milk10k
from dermdistill.data.sources.on_disk.walk import unwrapped
from dermdistill.data.sources.united import source_names, unite
from dermdistill.data.sources.unknown import unknown_layout
from dermdistill.errors import UserError, printable
from dermdistill.messages import detail
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet


class Source(Protocol):
    """What a module of this package offers."""

    def matches(self, path: Path, reading: Reading) -> bool:
        """Whether ``path`` has this layout."""
        ...

    def read(self, path: Path, reading: Reading) -> DataSet:
        """Read it; raises UserError where it is not as it should be."""
        ...


_TABLES: Sequence[Source] = (ham10000, derm7pt, milk10k, arrays, labelled_arrays, label_table)
"""The most particular layout first."""


def read_sources(paths: Sequence[Path], reading: Reading = AS_FOUND) -> DataSet:
    """Read the data sets at ``paths`` as one data set; every record knows its source. See ``unite``.

    Raises:
        UserError: a path is given twice, one cannot be read, they contradict each other, none shows melanoma,
            or a name that the user gives occurs in none.
    """
    label_table.check_columns(paths, reading)
    dataset = unite(
        [read_source(path, reading) for path in paths],
        source_names(paths),
        contradictions=reading.contradictions,
    )
    where = " and ".join(map(str, paths))
    check_names(where, dataset.names, [record.diagnosis for record in dataset.records], reading)
    return dataset


def read_source(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read one source of several: it need not hold melanomas, nor all the names that the user gives.

    A folder whose only images and tables lie in one folder, as archives often unpack, stands for that folder.

    Raises:
        UserError: there is no such path, it has none of the layouts, or it is damaged.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    try:
        # Tables say more than folders, so all folders that may only wrap them are searched for tables first.
        for source, candidate in _candidates(path, reading):
            if source.matches(candidate, reading):
                dataset = source.read(candidate, reading)
                detail(_summary(candidate, dataset))
                return dataset
        raise unknown_layout(path)
    except OSError as error:
        raise UserError(f"{error.filename or path}: cannot read ({error.strerror or error})") from error


def _summary(path: Path, dataset: DataSet) -> str:
    labels = ", ".join(f"{printable(name)} {count:,}" for name, count in dataset.names.items())
    return f"{path}: layout {dataset.layout}, {len(dataset.records):,} images; labels: {labels or 'none'}"


def _candidates(path: Path, reading: Reading) -> list[tuple[Source, Path]]:
    """What is tried in turn; only tables have the columns that the user names."""
    if label_table.has_chosen(path, reading):
        return [(label_table, each) for each in unwrapped(path)]
    return [*product(_TABLES, unwrapped(path)), (folder, path)]
