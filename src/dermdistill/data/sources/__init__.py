"""Reading published data sets: each module knows one layout, and nothing else in the program knows any."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from dermdistill.data.sources import arrays, folder, ham10000, isic
from dermdistill.errors import UserError
from dermdistill.records import DataSet


class Source(Protocol):
    """What a module of this package offers."""

    LAYOUT: str
    LOOKED_FOR: str

    def matches(self, path: Path) -> bool:
        """Whether ``path`` has this layout; cheap."""
        ...

    def read(self, path: Path) -> DataSet:
        """Read it; raises UserError where it is not as it should be."""
        ...


_SOURCES: Sequence[Source] = (ham10000, arrays, isic, folder)
"""The most particular layout first."""


def read_data(path: Path) -> DataSet:
    """Read the data set at ``path`` (a folder, or a CSV beside its images), finding its layout.

    A folder that holds nothing but one other folder, as archives often unpack, stands for that folder.

    Raises:
        UserError: there is no such path, it has none of the layouts, or it is damaged.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    try:
        for candidate in (path, *_only_folder(path)):
            for source in _SOURCES:
                if source.matches(candidate):
                    return source.read(candidate)
    except OSError as error:
        raise UserError(f"{error.filename or path}: cannot read ({error.strerror or error})") from error
    looked_for = "; ".join(f"{source.LOOKED_FOR} ({source.LAYOUT})" for source in _SOURCES)
    near_miss = isic.near_miss(path)
    found = f" ({near_miss})" if near_miss else ""
    raise UserError(f"{path}: not a known layout{found}; looked for {looked_for}")


def _only_folder(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    visible = [entry for entry in path.iterdir() if not entry.name.startswith((".", "__"))]
    return visible if len(visible) == 1 and visible[0].is_dir() else []
