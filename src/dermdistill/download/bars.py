"""Bars of a download, on a terminal with the time left."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from dermdistill import progress
from dermdistill.download.client import Position


class Advance(Protocol):
    """Tells a bar how many more are done, and of how many once that is known."""

    def __call__(self, more: int, of: int | None = None) -> None: ...


@contextmanager
def transfer(label: str) -> Iterator[Position]:
    """A bar of bytes that is told where the transfer is."""
    with progress.bar(label=label, unit="B") as bar:
        begun = False

        def position(done: int, total: int | None) -> None:
            nonlocal begun
            bar.total = total
            if not begun:  # what was here before says nothing of the speed
                bar.initial = bar.n = done
                begun = True
            bar.update(done - bar.n)

        yield position


@contextmanager
def counting_bar(label: str, unit: str, total: int | None) -> Iterator[Advance]:
    """A bar of things (``unit`` "B": of bytes) that is told how many more are done."""
    with progress.bar(label=label, unit=unit, total=total) as bar:

        def advance(more: int, of: int | None = None) -> None:
            bar.total = of or bar.total
            bar.update(more)

        yield advance
