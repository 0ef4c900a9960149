"""Listing the files of a data set."""

import os
from collections.abc import Iterator
from pathlib import Path

from dermdistill.data.listing import is_hidden, is_image, suffix

_DEEPEST = 20
_TABLES_AND_ARRAYS = frozenset({".csv", ".tsv", ".tab", ".npy", ".npz", ".hdf5", ".h5"})


def visible_files(root: Path) -> Iterator[Path]:
    """All files below ``root`` but hidden ones (``data.listing.is_hidden``), in a stable order.

    Links to folders are followed. Each folder is listed once, by the first path that leads to it, so that
    links that lead in a circle come to an end.
    """
    seen: set[str] = set()
    for folder, below, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(name for name in below if not is_hidden(name))
        yield from (Path(folder, name) for name in sorted(names) if not is_hidden(name))


def unwrapped(path: Path) -> list[Path]:
    """A path, the only folder in it, the only one in that, and so on, as far as archives wrap them.

    Hidden things, and files that are neither images nor tables nor arrays, do not count.
    """
    found = [path]
    while len(found) <= _DEEPEST and (inner := _only_folder(found[-1])):
        found.append(inner)
    return found


def _only_folder(path: Path) -> Path | None:
    if not path.is_dir():
        return None
    entries = [entry for entry in path.iterdir() if not is_hidden(entry.name)]
    folders = [entry for entry in entries if entry.is_dir() and any(map(_is_data, visible_files(entry)))]
    alone = len(folders) == 1 and not any(_is_data(entry) for entry in entries if entry.is_file())
    return folders[0] if alone else None


def _is_data(file: Path) -> bool:
    return suffix(str(file)) in _TABLES_AND_ARRAYS or is_image(str(file))
