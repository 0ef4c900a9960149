"""Lists of duplicates beside a table of labels, such as ``ISIC_2020_Training_Duplicates.csv``.

Every row names images of one photograph: in columns ``image_name_1`` and ``image_name_2``, or in any
columns if the file is called duplicates.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from dermdistill.data.listing import image_name
from dermdistill.data.sources.tables import Table, read_header

_CALLED_SO = re.compile(r"duplicate|dupes")
_NUMBERED = re.compile(r"((?:isic|image|img|file).*?)_?(?:1|2|a|b)")


def is_list(path: Path) -> bool:
    """Whether a CSV is a list of duplicates, by its name or its columns."""
    columns = read_header(path)
    numbered = [found[1] for name in columns if (found := _NUMBERED.fullmatch(name))]
    return _CALLED_SO.search(path.stem.lower()) is not None or any(
        numbered.count(stem) > 1 for stem in numbered
    )


def pairs(table: Table, image_ids: Sequence[str]) -> list[list[str]]:
    """A key for each image: those that a row of the list names together share it."""
    known = set(image_ids)
    rows: dict[str, list[str]] = {}
    for row in table.rows:
        named = [image_name(cell) for cell in row.cells.values()]
        together = [name for name in named if name in known]
        for name in together if len(together) > 1 else []:
            rows.setdefault(name, []).append(f"line {row.line}")
    return [rows.get(image_id, []) for image_id in image_ids]
