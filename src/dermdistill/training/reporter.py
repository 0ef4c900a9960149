"""What a training says of itself while it runs."""

from typing import Protocol

from dermdistill.training.history import EpochRow


class Reporter(Protocol):
    """Hears how trainings go; every call names the model, and the epochs that it will have in all."""

    def batch_done(self, name: str, epoch: int, epochs: int, share: float) -> None:
        """A batch; ``share`` of the epoch is done, from 0 to 1."""
        ...

    def epoch_done(self, name: str, row: EpochRow, epochs: int) -> None:
        """An epoch is stored."""
        ...

    def note(self, name: str, text: str) -> None:
        """Something that the user should know."""
        ...
