"""Markdown that reads well as plain text too."""

import textwrap
from collections.abc import Iterable, Sequence

_WIDTH = 110


def paragraph(text: str, first: str = "", others: str = "") -> str:
    """Wrapped text; ``first`` and ``others`` begin its lines, such as ``- `` and two spaces."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def bullets(texts: Iterable[str]) -> str:
    """A list."""
    return "\n".join(paragraph(text, "- ", "  ") for text in texts)


def quotation(texts: Iterable[str]) -> str:
    """Paragraphs set off from the text around them."""
    return "\n>\n".join(paragraph(text, "> ", "> ") for text in texts)


def table(rows: Sequence[Sequence[str]]) -> str:
    """A pipe table whose columns are aligned in the source; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *others = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    lines = [head, ["-" * width for width in widths], *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
