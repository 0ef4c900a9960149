"""Strict reading of the CSV files that describe published data sets."""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.errors import UserError

_BLANK = frozenset({"nan", "none", "null", "na", "n/a", "unknown", "not provided", "-1"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line that it ends on in the file, and its cells by column ("" where they say nothing)."""

    line: int
    cells: dict[str, str]

    def first(self, columns: Sequence[str]) -> str | None:
        """The first cell of these columns that says something; None if none does."""
        return next((cell for cell in map(self.cells.get, columns) if cell), None)


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file; ``columns`` are all its column names in lower case, rows hold the wanted ones."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_header(path: Path) -> tuple[str, ...]:
    """The column names of a CSV file, stripped and in lower case; whatever the file is, for a first look."""
    with path.open("rb") as handle:
        line = handle.readline(65536).decode("utf-8-sig", errors="replace")
    return _columns(next(csv.reader([line], delimiter=_delimiter(line)), []))


def read_table(path: Path, wanted: Collection[str]) -> Table:
    """Read a table separated by commas, semicolons or tabs; only the ``wanted`` columns are kept.

    Raises:
        UserError: the file cannot be read, a column name occurs twice, or a row has another number of cells.
    """
    columns = read_header(path)
    twice = sorted({name for name in columns if columns.count(name) > 1 and name in wanted})
    if twice:
        raise UserError(f"{path}: column {twice[0]!r} occurs twice; keep one of them")
    kept = [(position, name) for position, name in enumerate(columns) if name in wanted]
    rows: list[Row] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            separator = _delimiter(handle.readline())
            handle.seek(0)
            reader = csv.reader(handle, delimiter=separator)
            next(reader, None)
            for cells in reader:
                if not any(cells):
                    continue
                if len(cells) != len(columns):
                    raise UserError(
                        f"{path}, line {reader.line_num}: {len(cells)} cells, but the first line names "
                        f"{len(columns)} columns; mend or remove the line"
                    )
                rows.append(Row(reader.line_num, {name: _meaning(cells[at]) for at, name in kept}))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot read the table ({error}); expected CSV text in UTF-8") from None
    return Table(path, columns, tuple(rows))


def _meaning(cell: str) -> str:
    text = cell.strip()
    return "" if text.lower() in _BLANK else text


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _columns(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in names)
