"""The CSV of ``predict``: written row by row, and gone on with after a kill or when photographs have arrived.

Rows go to ``FILE.partial``, which becomes FILE when all are there, so FILE is never half a table. What either
has already is compared with the images asked for, by path and size, and the rest is scored.
"""

import csv
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Self

from dermdistill.digits import six_digits
from dermdistill.errors import UserError, printable
from dermdistill.files import cannot_write, lock, replacing
from dermdistill.inference.model import Model
from dermdistill.inference.rows import cell, columns, header_line, old_header_line, row_dict, row_line
from dermdistill.inference.scored_before import ScoredBefore
from dermdistill.inference.scores_table import (
    ENCODING,
    ERRORS,
    Counts,
    FoundRow,
    ScoresRow,
    found_rows,
    is_table,
    numbered,
    table_rows,
)
from dermdistill.inference.stream import ScoredImage
from dermdistill.records import MELANOMA
from dermdistill.spreadsheet import csv_line

_CONSTANT = ("operating_point", "threshold", "prevalence", "model")
_PIECE = 1 << 20


@dataclass(slots=True)
class ScoresFile:
    """An open table; use as a context manager, which makes it whole or leaves it to be gone on with.

    Attributes:
        path: where the whole table will be.
        model: that scores.
        overwrite: replace the table at ``path``, whatever it holds.
        counts: of the table as far as it is.
        rows_before: how many rows there were at the beginning.
        notes: what a user should know of these, a line each.
        is_written: whether this command has written the file at ``path``.
    """

    path: Path
    model: Model
    overwrite: bool = False
    counts: Counts = field(default_factory=Counts)
    rows_before: int = 0
    notes: list[str] = field(default_factory=list)
    is_written: bool = False
    _before: ScoredBefore = field(default_factory=lambda: ScoredBefore.of((), 0), repr=False)
    _end_before: int = field(default=0, repr=False)
    _is_copy: bool = field(default=False, repr=False)
    _has_added: bool = field(default=False, repr=False)
    _is_checked: bool = field(default=False, repr=False)
    _handle: TextIOWrapper | None = field(default=None, repr=False)

    @property
    def partial(self) -> Path:
        """Where the rows are until all are there."""
        return self.path.with_name(self.path.name + ".partial")

    def begin(self, paths: Iterable[str]) -> Iterator[str]:
        """Open the table; the paths that it has no answer for yet.

        Args:
            paths: read twice, first to see whether the table is theirs; an iterator is read once, and a table
                that is not theirs is refused only at the end.

        Raises:
            UserError: the table is of other images, another model or threshold, or cannot be written.
        """
        try:
            self._handle = self._opened()
            try:
                self._read_what_is_there(paths, self._handle)
                if self._end_before == 0:
                    self._write(header_line(self.model))
            except BaseException:
                self._give_up(self._handle)
                self._handle = None
                raise
        except OSError as error:
            raise cannot_write(self.partial, error) from error
        return (path for path in paths if not self._before.has(path))

    def add(self, row: ScoredImage) -> None:
        """Append a row, safe from a kill from then on; a file that failed before and again keeps its row."""
        prediction = row.prediction
        if self._before.keeps_error(row.path, failed=prediction is None and row.frame is None):
            return
        self._write(row_line(row, self.model))
        self._has_added = True
        self.counts.add(
            is_melanoma=prediction is not None and prediction.decision == MELANOMA,
            is_error=prediction is None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._handle is None:
            return
        try:
            with self._handle as handle:
                handle.flush()
                os.fsync(handle.fileno())
                if kind is None:
                    self._finish(handle)
        except OSError as error:
            raise cannot_write(self.partial, error) from error

    def _opened(self) -> TextIOWrapper:
        """The partial file, locked, with the rows of FILE in it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not os.path.lexists(self.partial)
        if not is_new and (self.partial.is_symlink() or not self.partial.is_file()):
            raise UserError(
                f"{_name(self.partial)}: is not a regular file; move it, or choose another --output"
            )
        handle = self.partial.open("a", newline="", encoding=ENCODING, errors=ERRORS)
        try:
            lock(handle, self.partial)
            if not (
                self.partial.exists() and os.path.samestat(os.fstat(handle.fileno()), self.partial.stat())
            ):
                raise UserError(f"{_name(self.path)}: another command has just written it; repeat this one")
            if self.path.exists() and is_new:
                shutil.copymode(self.path, self.partial)
            if self.path.exists() and not self.overwrite:
                self._take_over(handle)
        except BaseException:
            handle.close()
            raise
        return handle

    def _take_over(self, handle: TextIOWrapper) -> None:
        """Begin with the rows of FILE, unless the partial file has them; a kill may have cut the copying."""
        with self.path.open("rb") as whole, self.partial.open("rb") as part:
            whole_length, part_length = (os.fstat(file.fileno()).st_size for file in (whole, part))
            shared = _shared_length(whole, part)
            if shared < min(whole_length, part_length):
                raise UserError(
                    f"{_name(self.path)} and {_name(self.partial)} hold different rows; move one of them away"
                )
            if part_length <= whole_length and whole_length:
                self._is_copy = True
                whole.seek(part_length)
                shutil.copyfileobj(whole, handle.buffer, _PIECE)
                handle.flush()

    def _read_what_is_there(self, paths: Iterable[str], handle: TextIOWrapper) -> None:
        """Find what is there already and belongs to these images; all else is refused, or cut off."""
        written_ns = self.shown.stat().st_mtime_ns
        try:
            self._end_before = self._end_of_whole_files()
            self._before = ScoredBefore.of(self._counted(), written_ns)
            if not isinstance(paths, Iterator):
                for path in paths:
                    self._before.has(path)
                self._check_asked()
                self._before.forget()
        except UserError:
            if not (self.overwrite and is_table(self.partial)):
                raise
            self.counts, self.notes, self._end_before = Counts(), [], 0
            self._before = ScoredBefore.of((), written_ns)
        self.rows_before = self.counts.rows
        handle.truncate(self._end_before)

    def _end_of_whole_files(self) -> int:
        """The byte behind the last row that can stay; a film that comes last may lack some of its frames."""
        # An older table keeps its header.
        headers = [line(self.model).encode(ENCODING) for line in (header_line, old_header_line)]
        with self.partial.open("rb") as handle:
            begun = handle.readline(max(map(len, headers)))
        end = start = 0
        before: ScoresRow | None = None
        for found, row in self._rows():
            if not row.goes_on(before):
                start = found.start
            end, before = found.end, row
        if before is None:
            end = len(begun) if begun in headers else 0
        if not (begun in headers or (end == 0 and any(header.startswith(begun) for header in headers))):
            raise self._another("its columns are those of another model")
        return start if before is not None and before.is_frame and not self._is_copy else end

    def _counted(self) -> Iterator[tuple[int, ScoresRow]]:
        """The rows that stay, each with the number of its file; all of this model and threshold."""
        names = columns(self.model)
        of_model = row_dict(ScoredImage("", None), self.model)
        constant = [(names.index(name), cell(name, of_model[name])) for name in _CONSTANT]
        for number, found, row in numbered(self._rows()):
            if found.end > self._end_before:
                return
            if any(_six_digits(found.cells[i]) != value for i, value in constant):
                raise self._another("its rows are of another model, threshold or prevalence")
            self.counts.add(is_melanoma=row.is_melanoma, is_error=row.is_error)
            yield number, row

    def _check_asked(self) -> None:
        """Refuse a table of photographs that are there and not asked for, or of none as it is now.

        Files of two folders may have the same names, and a table of the one is not one of the other.
        """
        self._is_checked = True
        not_asked = self._before.not_asked
        others = int(not_asked.sum())
        if others:
            for number, found, row in numbered(self._rows()):
                if found.end > self._end_before:
                    break
                if not_asked[number] and os.path.lexists(row.path):
                    raise self._another(f"of {row.path!r}, which is not among the images asked for")
            self.notes.append(f"{others:,} of the files in the table are gone; their rows stay")
        outdated = int(self._before.outdated.sum())
        if len(not_asked) and others + outdated == len(not_asked):
            raise self._another("none of its files is among the images asked for as it was then")
        if outdated:
            self.notes.append(f"{outdated:,} of the files in the table have changed and are scored again")

    def _finish(self, handle: TextIOWrapper) -> None:
        """Make the partial file FILE."""
        if not self._is_checked:
            try:
                self._check_asked()
            except UserError:
                handle.truncate(self._end_before)
                self._give_up(handle)
                raise
        if os.name == "nt":  # which neither renames nor removes an open file; elsewhere it stays locked
            handle.close()
        outdated = self._before.outdated
        self.is_written = bool(outdated.any()) or self._has_added or not self._is_copy
        if outdated.any():
            self._write_without(outdated.tolist())
        if outdated.any() or not self.is_written:
            self.partial.unlink()
        else:
            self.partial.replace(self.path)

    def _write_without(self, outdated: list[bool]) -> None:
        """Write FILE without the rows in whose place others answer."""
        with (
            replacing(self.path) as temporary,
            temporary.open("w", newline="", encoding=ENCODING, errors=ERRORS) as out,
        ):
            out.write(header_line(self.model))
            for number, found, row in numbered(self._rows()):
                if found.end <= self._end_before and outdated[number]:
                    self.counts.add(is_melanoma=row.is_melanoma, is_error=row.is_error, times=-1)
                else:
                    out.write(csv_line(found.cells))

    def _rows(self) -> Iterator[tuple[FoundRow, ScoresRow]]:
        try:
            yield from table_rows(found_rows(self.partial), columns(self.model))
        except (ValueError, csv.Error) as error:
            raise self._another("its columns are those of another model") from error

    def _write(self, text: str) -> None:
        assert self._handle is not None
        try:
            self._handle.write(text)
            self._handle.flush()
        except OSError as error:
            raise cannot_write(self.partial, error) from error

    def _give_up(self, handle: TextIOWrapper) -> None:
        """Close the partial file, and leave none where none was needed."""
        needless = self._is_copy or not handle.tell()
        handle.close()
        if needless:
            self.partial.unlink()

    @property
    def shown(self) -> Path:
        """The file that the rows which are there come from."""
        return self.path if self._is_copy else self.partial

    def _another(self, what: str) -> UserError:
        if not is_table(self.shown):
            return UserError(
                f"{_name(self.shown)}: is not a table of `dermdistill predict`; move it away, or choose "
                "another --output"
            )
        return UserError(
            f"{_name(self.shown)}: is not a table of these images by this model and threshold ({what}); "
            "choose another --output, or start again with --overwrite"
        )


def _six_digits(text: str) -> str:
    """A cell of this version or an older one, which wrote more digits."""
    try:
        return repr(six_digits(float(text)))
    except ValueError:
        return text


def _name(path: Path) -> str:
    return printable(str(path))


def _shared_length(one: IO[bytes], other: IO[bytes]) -> int:
    """How many bytes two files have in common at their beginning, to a piece."""
    shared = 0
    while True:
        a, b = one.read(_PIECE), other.read(_PIECE)
        length = min(len(a), len(b))
        if a[:length] != b[:length] or not length:
            return shared
        shared += length
