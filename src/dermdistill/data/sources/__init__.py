"""Reading published data sets: each module knows one layout, and nothing else in the program knows any."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Protocol

from dermdistill.data.sources import arrays, folder, ham10000, isic
from dermdistill.data.sources.names import check_names
from dermdistill.data.sources.united import source_names, unite
from dermdistill.data.sources.walk import unwrapped
from dermdistill.errors import UserError
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet


class Source(Protocol):
    """What a module of this package offers."""

    LAYOUT: str
    LOOKED_FOR: str

    def matches(self, path: Path, reading: Reading) -> bool:
        """Whether ``path`` has this layout."""
        ...

    def read(self, path: Path, reading: Reading) -> DataSet:
        """Read it; raises UserError where it is not as it should be."""
        ...


_TABLES: Sequence[Source] = (ham10000, arrays, isic)
"""The most particular layout first."""

_SOURCES: Sequence[Source] = (*_TABLES, folder)


def read_sources(paths: Sequence[Path], reading: Reading = AS_FOUND) -> DataSet:
    """Read the data sets at ``paths`` as one data set; every record knows its source. See ``unite``.

    Raises:
        UserError: a path is given twice, one cannot be read, they contradict each other, none shows melanoma,
            or a name that the user gives occurs in none.
    """
    dataset = unite([read_source(path, reading) for path in paths], source_names(paths))
    where = " and ".join(map(str, paths))
    check_names(where, dataset.names, [record.diagnosis for record in dataset.records], reading)
    return dataset


def read_data(path: Path, reading: Reading = AS_FOUND) -> DataSet:
    """Read the data set at ``path`` (a folder, or a CSV beside its images), finding its layout.

    Raises:
        UserError: there is no such path, it has none of the layouts, it is damaged, no image shows melanoma,
            or a name that the user gives occurs nowhere.
    """
    dataset = read_source(path, reading)
    check_names(str(path), dataset.names, [record.diagnosis for record in dataset.records], reading)
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
        for source, candidate in [*product(_TABLES, unwrapped(path)), (folder, path)]:
            if source.matches(candidate, reading):
                return source.read(candidate, reading)
        looked_for = "; ".join(f"{source.LOOKED_FOR} ({source.LAYOUT})" for source in _SOURCES)
        near_miss = isic.near_miss(path) or folder.near_miss(path)
    except OSError as error:
        raise UserError(f"{error.filename or path}: cannot read ({error.strerror or error})") from error
    found = f" ({near_miss})" if near_miss else ""
    raise UserError(f"{path}: not a known layout{found}; looked for {looked_for}")
