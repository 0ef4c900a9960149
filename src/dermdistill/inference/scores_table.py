"""Read the CSV of ``predict``, also one that a kill has cut off."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.files import begins_with
from dermdistill.inference.decision import REFER
from dermdistill.inference.rows import FIRST_COLUMNS
from dermdistill.inference.stream import path_of
from dermdistill.records import MELANOMA

# Names that are no UTF-8 come back as the very bytes that they are.
ENCODING, ERRORS = "utf-8", "surrogateescape"


@dataclass(frozen=True, slots=True)
class ScoresRow:
    """What matters of a row of the table.

    Attributes:
        name: the cell ``path``, with the frame where there are several.
        file_bytes: size of the file that was scored; None where there was none.
        is_error: whether the file could not be scored.
        decision: empty where the file could not be scored.
    """

    name: str
    file_bytes: int | None
    is_error: bool
    decision: str

    @classmethod
    def of(cls, values: dict[str, str]) -> "ScoresRow":
        """From the cells by column; raises ValueError where they are none of this program."""
        size = values["file_bytes"]
        return cls(values["path"], int(size) if size else None, values["error"] != "", values["decision"])

    @property
    def path(self) -> str:
        """Of the file, as a cell."""
        return path_of(self.name) or self.name

    @property
    def is_frame(self) -> bool:
        """Whether it is one of several images in a file."""
        return path_of(self.name) is not None

    def goes_on(self, before: "ScoresRow | None") -> bool:
        """Whether this is a further frame of the file of the row before."""
        return (
            before is not None
            and self.is_frame
            and before.is_frame
            and before.path == self.path
            and _frame(self.name) > _frame(before.name)
        )


@dataclass(slots=True)
class Counts:
    """What a table holds: rows, how many are flagged or referred, and how many could not be scored."""

    rows: int = 0
    flagged: int = 0
    errors: int = 0
    referred: int = 0

    def add(self, decision: str, times: int = 1) -> None:
        """Count a row, whose decision is empty where it is an error; -1 times where it is taken away."""
        self.rows += times
        self.flagged += times * (decision == MELANOMA)
        self.errors += times * (not decision)
        self.referred += times * (decision == REFER)


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A whole row in the file: its first byte, the one behind it, and its cells."""

    start: int
    end: int
    cells: tuple[str, ...]


def is_table(path: Path) -> bool:
    """Whether a file begins as every table of ``predict`` does."""
    return begins_with(path, (",".join(FIRST_COLUMNS) + ",").encode())


def found_rows(path: Path) -> Iterator[FoundRow]:
    """The whole rows of a CSV, with the header; what a kill left of one at the end is passed over.

    A row ends with a line feed outside quotes: there an even number of quotes has gone by. Raises csv.Error
    where a row is not CSV.
    """
    start = position = quotes = 0
    pieces: list[bytes] = []
    with path.open("rb") as handle:
        for piece in handle:
            pieces.append(piece)
            position += len(piece)
            quotes += piece.count(b'"')
            if piece.endswith(b"\n") and quotes % 2 == 0:
                text = b"".join(pieces).decode(ENCODING, ERRORS)
                yield FoundRow(start, position, tuple(next(csv.reader([text], strict=True))))
                start = position
                pieces.clear()


def table_rows(found: Iterable[FoundRow], columns: Sequence[str]) -> Iterator[tuple[FoundRow, ScoresRow]]:
    """The rows without the header; raises ValueError or csv.Error where one is none of this program."""
    rows = iter(found)
    next(rows, None)
    for row in rows:
        yield row, ScoresRow.of(dict(zip(columns, row.cells, strict=True)))


def numbered(rows: Iterable[tuple[FoundRow, ScoresRow]]) -> Iterator[tuple[int, FoundRow, ScoresRow]]:
    """The rows with the number of their file, from 0; the frames of one file share a number."""
    number, before = -1, None
    for found, row in rows:
        number += not row.goes_on(before)
        before = row
        yield number, found, row


def _frame(name: str) -> int:
    return int(name.rpartition("=")[2])
