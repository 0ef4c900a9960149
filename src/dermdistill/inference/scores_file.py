"""The CSV of ``predict``: written row by row, and gone on with after a kill at any moment.

Rows go to ``FILE.partial``, which becomes FILE when all are there, so FILE is never half a table. A partial
file that is found is gone on with: its rows are compared with the images asked for, one by one, and only what
is missing is scored.
"""

import csv
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import StringIO, TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Self

from dermdistill.errors import UserError
from dermdistill.files import cannot_write, lock
from dermdistill.inference.model import Model
from dermdistill.inference.rows import Value, columns, record
from dermdistill.inference.stream import Row, path_of

# Names that are no UTF-8 come back as the very bytes that they are.
_ENCODING, _ERRORS = "utf-8", "surrogateescape"


@dataclass(slots=True)
class ScoresFile:
    """An open table; use as a context manager, which makes it whole or leaves it to be gone on with.

    Attributes:
        path: where the whole table will be.
        model: that scores.
        rows_before: how many rows an interrupted command left.
        errors_before: how many of them tell of a file that cannot be scored.
    """

    path: Path
    model: Model
    rows_before: int = 0
    errors_before: int = 0
    _skip: int = field(default=0, repr=False)
    _handle: TextIOWrapper | None = field(default=None, repr=False)

    @property
    def partial(self) -> Path:
        """Where the rows are until all are there."""
        return self.path.with_name(self.path.name + ".partial")

    def begin(self, paths: Iterable[str]) -> Iterator[str]:
        """Open the table; the paths that it does not have yet.

        Raises:
            UserError: the partial table is of another list, model or threshold, or cannot be written.
        """
        try:
            handle = self.partial.open("a", newline="", encoding=_ENCODING, errors=_ERRORS)
            try:
                lock(handle, self.partial)
                end = _end_of_whole_rows(self.partial)
                remaining = self._compare(iter(paths), end)
                handle.truncate(end)
            except BaseException:
                handle.close()
                raise
            self._handle = handle
            if end == 0:
                self._write(columns(self.model))
        except OSError as error:
            raise cannot_write(self.partial, error) from error
        return remaining

    def add(self, row: Row) -> bool:
        """Append a row, safe from a kill from then on; False where the table has it already."""
        if self._skip:
            self._skip -= 1
            return False
        values = record(row, self.model)
        self._write([_text(values[name]) for name in columns(self.model)])
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._handle is None:
            return
        try:
            self._handle.flush()
            os.fsync(self._handle.fileno())
            self._handle.close()
            if kind is None:
                self.partial.replace(self.path)
        except OSError as error:
            raise cannot_write(self.partial, error) from error

    def _write(self, values: Iterable[str]) -> None:
        assert self._handle is not None
        try:
            self._handle.write(_line(values))
            self._handle.flush()
        except OSError as error:
            raise cannot_write(self.partial, error) from error

    def _compare(self, remaining: Iterator[str], end: int) -> Iterator[str]:
        """Check the rows up to byte ``end`` against the images asked for; the images still to be scored.

        A file of several frames that comes last may lack some: it is scored again, and its rows that are
        there are passed over.
        """
        path: str | None = None
        frames = 0
        expected = record(Row("", None), self.model)
        constant = {name: _text(expected[name]) for name in _CONSTANT}
        self._check_header(end)
        for row in csv.DictReader(_lines(self.partial, end)):
            if {name: row[name] for name in _CONSTANT} != constant:
                raise self._another("its rows are of another model or threshold")
            of_frame = path_of(row["path"])
            if of_frame is None or of_frame != path:
                path, frames = next(remaining, None), 0
            if path is None or path not in (row["path"], of_frame):
                raise self._another(f"row {self.rows_before + 1} is {row['path']!r}, not {path!r}")
            frames += path != row["path"]
            self.rows_before += 1
            self.errors_before += bool(row["error"])
        if path is None or not frames:
            return remaining
        self._skip = frames
        return chain([path], remaining)

    def _check_header(self, end: int) -> None:
        """Refuse a file that does not begin as this table does, or that a kill cut off in its first line."""
        header = _line(columns(self.model)).encode(_ENCODING)
        with self.partial.open("rb") as handle:
            begun = handle.read(len(header))
        if not (begun == header or (end == 0 and header.startswith(begun))):
            raise self._another("its columns are those of another model")

    def _another(self, what: str) -> UserError:
        return UserError(
            f"{self.partial}: begun with other images or another model ({what}); delete it to begin anew, "
            "or choose another --csv"
        )


_CONSTANT = ("operating_point", "threshold", "prevalence", "model")


def _line(values: Iterable[str]) -> str:
    """A row of CSV, ending with a line feed."""
    line = StringIO()
    # Before Python 3.13 a carriage return in a name is quoted only where lines end with one.
    csv.writer(line, lineterminator="\r\n").writerow(values)
    return line.getvalue().removesuffix("\r\n") + "\n"


def _text(value: Value) -> str:
    # repr keeps every bit of a number.
    return "" if value is None else value if isinstance(value, str) else repr(value)


def _end_of_whole_rows(path: Path) -> int:
    """The byte behind the last whole row; what follows is what a kill left of one.

    A row ends with a line feed outside quotes: there an even number of quotes has gone by.
    """
    end = position = quotes = 0
    with path.open("rb") as handle:
        for line in handle:
            position += len(line)
            quotes += line.count(b'"')
            if line.endswith(b"\n") and quotes % 2 == 0:
                end = position
    return end


def _lines(path: Path, end: int) -> Iterator[str]:
    """The lines of a file up to a byte."""
    position = 0
    with path.open("rb") as handle:
        while position < end:
            line = handle.readline()
            position += len(line)
            yield line.decode(_ENCODING, _ERRORS)
