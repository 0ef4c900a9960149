"""Cells of a CSV that no spreadsheet takes for a formula, whatever a file is called.

A spreadsheet computes a cell that begins with ``=``, ``+``, ``-`` or ``@`` (OWASP, "CSV Injection"), in East
Asian settings also with the full-width forms. A path gets ``./`` before it, which names the same file; other
text gets ``'``, by which spreadsheets mark text, and which ``text_of`` takes away.
"""

import unicodedata
from collections.abc import Iterable

_FORMULA = "=+-@"
_SEPARATORS = ',;"\t\r\n'
"""What divides cells in one country or another."""


def path_cell(path: str) -> str:
    """A path as a cell; it still names the same file."""
    return f"./{path}" if _is_formula(path) else path


def text_cell(text: str) -> str:
    """Any other text as a cell."""
    return f"'{text}" if _is_formula(text.lstrip("'")) else text


def text_of(cell: str) -> str:
    """The text that ``text_cell`` made a cell of."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell.lstrip("'")) else cell


def csv_line(cells: Iterable[str]) -> str:
    """A row of a CSV, ending with a line feed; cells with any separator are quoted."""
    return ",".join(map(_quoted, cells)) + "\n"


def _is_formula(text: str) -> bool:
    first = text[:1]
    if first in ("\t", "\r", "\n"):
        return True
    if "!" <= first <= "~":  # nearly every text
        return first in _FORMULA
    visible = next((c for c in text if not (c.isspace() or unicodedata.category(c) in ("Cc", "Cf"))), "")
    return visible != "" and unicodedata.normalize("NFKC", visible)[0] in _FORMULA


def _quoted(cell: str) -> str:
    if not any(separator in cell for separator in _SEPARATORS):
        return cell
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'
