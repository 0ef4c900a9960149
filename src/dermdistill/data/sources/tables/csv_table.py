"""Strict reading of the CSV files that describe data sets.

Commas, semicolons or tabs part the cells. The text is UTF-8, UTF-16 with its byte-order mark (as Excel's
"Unicode text"), or else Windows-1252, which a note says. Column names are compared in one spelling:
``Image ID``, ``imageId`` and ``IMAGE_ID`` are ``image_id``.
"""

import codecs
import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.diagnoses import canonical
from dermdistill.data.images import IMAGE_SUFFIXES
from dermdistill.data.listing import suffix
from dermdistill.data.sources.on_disk.photographs import archive_id
from dermdistill.errors import UserError

WITHOUT_HEADER = ("image", "label")
"""The columns of a table of two columns whose first line is not a header, as in the challenge of 2016."""

_BLANK = frozenset({"nan", "none", "null", "na", "n/a", "unknown", "not provided", "-1", "-1.0"})
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FOR_EXCEL = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""A first line that tells Excel the separator."""

_OTHER_FORMATS = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb"), "an Excel workbook"),
    ".ods": "an OpenDocument spreadsheet",
    ".numbers": "a Numbers spreadsheet",
    **dict.fromkeys((".parquet", ".feather", ".pkl", ".pickle", ".rds", ".sav", ".mat"), "a table in binary"),
    **dict.fromkeys((".json", ".jsonl", ".xml", ".txt"), "text, but no CSV"),
}


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: the line that it ends on in the file, and its cells by column ("" where they say nothing)."""

    line: int
    cells: dict[str, str]

    def first(self, columns: Sequence[str]) -> str | None:
        """The first cell of these columns that says something; None if none does."""
        return next((cell for cell in map(self.cells.get, columns) if cell), None)


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file; ``columns`` are all its column names in one spelling, rows hold the wanted ones."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[CsvRow, ...]
    notes: tuple[str, ...] = ()


def other_format(path: Path) -> str | None:
    """What a file of labels is, by its ending, if it is no CSV; None if nothing is known of it."""
    return _OTHER_FORMATS.get(path.suffix.lower())


def spelling(name: str) -> str:
    """A column's name as all names are compared."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\s\-]+", "_", parted).lower()


def read_header(path: Path, renamed: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The column names of a CSV file; whatever the file is, for a first look.

    Args:
        path: the file.
        renamed: other names for some columns, by their name; "" takes a column away.
    """
    encoding = "utf-16" if _has_utf_16_mark(path) else "utf-8-sig"
    with path.open(newline="", encoding=encoding, errors="replace") as handle:
        first = handle.readline(65536)
        told = _FOR_EXCEL.fullmatch(first)
        line = handle.readline(65536) if told else first
    cells = next(csv.reader([line], delimiter=told[1] if told else _delimiter(line)), [])
    names = WITHOUT_HEADER if _is_no_header(cells) else tuple(map(spelling, cells))
    return tuple((renamed or {}).get(name, name) for name in names)


def read_table(path: Path, wanted: Collection[str], renamed: Mapping[str, str] | None = None) -> CsvTable:
    """Read a table; only the ``wanted`` columns are kept. See ``read_header`` for ``renamed``.

    Raises:
        UserError: the file cannot be read, a column name occurs twice, or a row has another number of cells.
    """
    columns = read_header(path, renamed)
    twice = sorted({name for name in columns if columns.count(name) > 1 and name in wanted})
    if twice:
        raise UserError(f"{path}: column {twice[0]!r} occurs twice; keep one of them")
    kept = [(position, name) for position, name in enumerate(columns) if name in wanted]
    try:
        encoding, notes = _encoding(path)
        rows = tuple(
            CsvRow(line, {name: _meaning(cells[at]) for at, name in kept})
            for line, cells in _rows(path, encoding, len(columns))
        )
    except (OSError, UnicodeError, csv.Error) as error:
        raise UserError(
            f"{path}: cannot read the table ({error}); expected CSV text: save it as CSV in UTF-8"
        ) from None
    return CsvTable(path, columns, rows, notes)


def _rows(path: Path, encoding: str, columns: int) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header that are not blank, each with its line and as many cells as columns."""
    with path.open(newline="", encoding=encoding) as handle:
        first = handle.readline()
        told = _FOR_EXCEL.fullmatch(first)
        separator = told[1] if told else _delimiter(first)
        if not told:
            handle.seek(0)
        reader = csv.reader(handle, delimiter=separator)
        for number, cells in enumerate(reader):
            if not any(map(str.strip, cells)) or (number == 0 and not _is_no_header(cells)):
                continue
            line = reader.line_num + bool(told)
            if len(cells) < columns or any(map(str.strip, cells[columns:])):
                raise UserError(
                    f"{path}, line {line}: {len(cells)} cells, but the first line names {columns} columns; "
                    "mend or remove the line"
                )
            yield line, cells


def _encoding(path: Path) -> tuple[str, tuple[str, ...]]:
    """How a file's text is encoded, with a note where that is not certain."""
    if _has_utf_16_mark(path):
        return "utf-16", ()
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as handle:
        try:
            while content := handle.read(1 << 20):
                if b"\0" in content:
                    raise UserError(f"{path}: is not text, despite its name; save the table as CSV in UTF-8")
                decoder.decode(content)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252", (
                f"{path.name}: not in UTF-8, so it was read as Windows-1252 (Western European)",
            )
    return "utf-8-sig", ()


def _has_utf_16_mark(path: Path) -> bool:
    with path.open("rb") as handle:
        return handle.read(2) in _UTF_16


def _is_no_header(cells: Sequence[str]) -> bool:
    """Whether a first line is a row already: an image and its label."""
    if len(cells) != 2:
        return False
    image, label = (cell.strip() for cell in cells)
    is_image = archive_id(image) is not None or suffix(image) in IMAGE_SUFFIXES
    return is_image and (canonical(label) is not None or re.fullmatch(r"\d+([.,]\d+)?", label) is not None)


def _meaning(cell: str) -> str:
    text = cell.strip()
    return "" if text.lower() in _BLANK else text


def _delimiter(header: str) -> str:
    outside = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=outside.count)
