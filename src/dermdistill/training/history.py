"""One line an epoch: a CSV for people and programs, TensorBoard for those who watch."""

import csv
from pathlib import Path
from typing import cast

from torch.utils.tensorboard import SummaryWriter

from dermdistill.files import replacing

EpochRow = dict[str, float]
"""What is known of an epoch: ``epoch``, ``learning_rate``, losses, validation AUCs, ``seconds``."""


def write_history(path: Path, rows: list[EpochRow]) -> None:
    """Write all epochs so far, atomically; the columns are those of the first row."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


class TensorBoard:
    """The same rows as TensorBoard scalars; epochs of an interrupted attempt are purged on resume."""

    def __init__(self, folder: Path, first_epoch: int) -> None:
        self._writer = SummaryWriter(str(folder), purge_step=first_epoch)

    def add(self, row: EpochRow) -> None:
        """Write one epoch."""
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name, value, int(row["epoch"]))
        self._writer.flush()

    def close(self) -> None:
        """Finish the event file."""
        self._writer.close()


def one_line(row: EpochRow) -> str:
    """An epoch for the terminal."""
    named = [(key, value) for key, value in row.items() if key not in ("epoch", "seconds", "learning_rate")]
    figures = "  ".join(f"{key} {value:.4f}" for key, value in named)
    return f"epoch {cast(int, row['epoch']):>3.0f}  {figures}  {row['seconds']:.0f} s"
