"""Rows of text in columns, for a terminal."""

import shutil
from collections.abc import Sequence

_GAP = "  "


def align(rows: Sequence[Sequence[str]], *, keys: int = 1, width: int | None = None) -> str:
    """Rows of equal length as text: key columns left, the others right; the first row is the header.

    A table that is too wide becomes several below each other, each with the key columns.

    Args:
        rows: cells.
        keys: how many columns at the left say what a row is.
        width: characters of a line; that of the terminal unless given, 80 where there is none.
    """
    width = width or shutil.get_terminal_size().columns
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    few = len(_blocks(widths, keys, width))
    # As narrow as so many blocks can be: their columns are shared out evenly.
    narrow = next(limit for limit in range(width + 1) if len(_blocks(widths, keys, limit)) == few)
    blocks = _blocks(widths, keys, narrow)
    return "\n\n".join(_block(rows, widths, keys, [*range(keys), *block]) for block in blocks)


def _blocks(widths: Sequence[int], keys: int, limit: int) -> list[list[int]]:
    """The columns behind the keys, divided so that no block is wider than the limit if that is possible."""
    blocks: list[list[int]] = [[]]
    for i in range(keys, len(widths)):
        if blocks[-1] and _length([*widths[:keys], *(widths[j] for j in blocks[-1]), widths[i]]) > limit:
            blocks.append([])
        blocks[-1].append(i)
    return blocks


def _length(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _block(rows: Sequence[Sequence[str]], widths: Sequence[int], keys: int, columns: Sequence[int]) -> str:
    lines = [
        _GAP.join(row[i].ljust(widths[i]) if i < keys else row[i].rjust(widths[i]) for i in columns).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], _GAP.join("-" * widths[i] for i in columns), *lines[1:]])
