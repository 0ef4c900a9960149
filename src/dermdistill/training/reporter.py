"""Who tells the user how a training goes: bars and lines, or the table of all models in a comparison."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from dermdistill.progress import bar, say
from dermdistill.training.history import Row, one_line

T = TypeVar("T")


class Reporter(Protocol):
    """What a training says of itself while it runs; every call names the model."""

    def batches(self, batches: Iterable[T], *, name: str, epoch: int, epochs: int, count: int) -> Iterable[T]:
        """The same batches, ``count`` of them, shown as the progress of one epoch of ``epochs``."""
        ...

    def epoch_done(self, name: str, row: Row, epochs: int) -> None:
        """An epoch of ``epochs`` is stored."""
        ...

    def note(self, name: str, text: str) -> None:
        """Something that the user should know."""
        ...


class Lines:
    """A bar for the epoch that runs (on a terminal), a line for each that is done, on stderr."""

    def batches(self, batches: Iterable[T], *, name: str, epoch: int, epochs: int, count: int) -> Iterable[T]:
        """See ``Reporter``."""
        shown: Iterable[T] = bar(batches, label=f"{name} {epoch}/{epochs}", unit="batch", total=count)
        return shown

    def epoch_done(self, name: str, row: Row, epochs: int) -> None:
        """See ``Reporter``."""
        self.note(name, one_line(row))

    def note(self, name: str, text: str) -> None:
        """See ``Reporter``."""
        say(f"{name}: {text}")
