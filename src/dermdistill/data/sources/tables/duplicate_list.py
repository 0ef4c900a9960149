"""Lists of duplicates beside a table of labels, such as ``ISIC_2020_Training_Duplicates.csv``.

Every row names images of one photograph: in columns ``image_name_1`` and ``image_name_2``, or in any
columns if the file is called duplicates. Or a row names one image and the group of copies that it is in.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from dermdistill.data.listing import image_name
from dermdistill.data.sources.tables.csv_table import CsvTable, read_header

_CALLED_SO = re.compile(r"duplicate|dupes")
_GROUP = re.compile(r"(?:.*[_ ])?(?:group|cluster)(?:[_ ]?(?:id|no|nr|number))?|md5|hash|phash")
_NUMBERED = re.compile(r"((?:isic|image|img|file).*?)_?(?:1|2|a|b)")


def is_list(path: Path) -> bool:
    """Whether a CSV is a list of duplicates, by its name or its columns."""
    columns = read_header(path)
    numbered = [found[1] for name in columns if (found := _NUMBERED.fullmatch(name))]
    return _CALLED_SO.search(path.stem.lower()) is not None or any(
        numbered.count(stem) > 1 for stem in numbered
    )


def keys_of_duplicates(table: CsvTable, image_ids: Sequence[str]) -> list[list[str]]:
    """A key for each image: those that a row of the list names together share it."""
    keys = [image_id.casefold() for image_id in image_ids]
    known = set(keys)
    rows: dict[str, list[str]] = {}
    # A list without names of columns begins with two images.
    lines = [(1, dict(zip(table.columns, table.columns, strict=True)) if len(set(table.columns)) > 1 else {})]
    for line, cells in [*lines, *((row.line, row.cells) for row in table.rows)]:
        named = {image_name(cell).casefold() for cell in cells.values()}
        together = [name for name in named if name in known]
        groups = [f"{name} {cell}" for name, cell in cells.items() if cell and _GROUP.fullmatch(name)]
        for name in together:
            rows.setdefault(name, []).extend([f"line {line}"] if len(together) > 1 else groups)
    return [rows.get(key, []) for key in keys]
