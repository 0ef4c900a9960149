"""Listing the files of a data set."""

import os
from collections.abc import Iterator
from pathlib import Path

from dermdistill.data.listing import is_hidden


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
