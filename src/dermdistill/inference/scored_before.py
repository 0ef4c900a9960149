"""Which photographs a table of ``predict`` has already, by path and size.

A table of N photographs takes 26 bytes of memory each, 26 MB for a million: of a path only a 64-bit digest is
kept. Two of a million paths share one with a probability of 3 in 100 million.
"""

import hashlib
import os
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermdistill.inference.scores_table import ScoresRow
from dermdistill.spreadsheet import path_cell

_NOT_ASKED, _OUTDATED, _KEPT = 0, 1, 2
_NO_FILE = -1


@dataclass(slots=True)
class ScoredBefore:
    """The files of a table, and what is asked of them.

    Attributes:
        written_ns: when the table was last written; a file changed since is scored again.
    """

    written_ns: int
    _keys: NDArray[np.uint64]
    _sizes: NDArray[np.int64]
    _failed: NDArray[np.bool_]
    _order: NDArray[np.int64]
    _state: NDArray[np.uint8]
    _again: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[int, ScoresRow]], written_ns: int) -> "ScoredBefore":
        """From the rows of the table, each with the number of its file."""
        keys, sizes, failed = array("Q"), array("q"), array("B")
        for number, row in rows:
            if number == len(keys):
                keys.append(_digest(row.path))
                sizes.append(_NO_FILE if row.file_bytes is None else row.file_bytes)
                failed.append(row.is_error and not row.is_frame)
        order = np.argsort(_as(keys, np.uint64), kind="stable")
        return cls(
            written_ns,
            _as(keys, np.uint64)[order],
            _as(sizes, np.int64)[order],
            _as(failed, np.bool_)[order],
            order,
            np.zeros(len(keys), dtype=np.uint8),
        )

    def has(self, path: str) -> bool:
        """Whether the table answers for this file as it is now; each row answers once.

        False for a file that could not be scored: it is tried again.
        """
        key = _digest(path_cell(path))
        first = last = bisect_left(self._keys, key)
        while last < len(self._keys) and self._keys[last] == key:
            last += 1
        if first == last:
            return False
        size, changed_ns = _status(path)
        found = None
        for i in range(first, last):
            if self._state[i] == _NOT_ASKED:
                self._state[i] = _OUTDATED
            if found is None and self._state[i] == _OUTDATED and self._sizes[i] == size:
                found = i
        if found is None or self.written_ns < changed_ns <= time.time_ns():
            return False
        self._state[found] = _KEPT
        if self._failed[found]:
            self._again[path] = found
            return False
        return True

    def keeps_error(self, path: str, *, failed: bool) -> bool:
        """What became of a file: whether its old row stays, since it failed again."""
        found = self._again.pop(path, None)
        if found is not None and not failed:
            self._state[found] = _OUTDATED
        return found is not None and failed

    @property
    def not_asked(self) -> NDArray[np.bool_]:
        """By number of the file: whether ``has`` was never asked for it."""
        return self._in_table_order(self._state == _NOT_ASKED)

    @property
    def outdated(self) -> NDArray[np.bool_]:
        """By number of the file: whether another row answers in its place."""
        return self._in_table_order(self._state == _OUTDATED)

    def forget(self) -> None:
        """As if nothing had been asked."""
        self._state[:] = _NOT_ASKED
        self._again.clear()

    def _in_table_order(self, sorted_values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        values = np.empty_like(sorted_values)
        values[self._order] = sorted_values
        return values


def _as(values: Sequence[int], kind: Any) -> NDArray[Any]:
    return np.frombuffer(values, dtype=kind) if len(values) else np.empty(0, dtype=kind)  # type: ignore[call-overload]


def _digest(cell: str) -> int:
    content = cell.encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _status(path: str) -> tuple[int, int]:
    """Size in bytes and time of the last change, ns."""
    try:
        found = os.stat(path)  # noqa: PTH116  a Path object costs more than the call
    except (OSError, ValueError):
        return _NO_FILE, 0
    return found.st_size, found.st_mtime_ns
