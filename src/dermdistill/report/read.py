"""All that a report shows of a run folder."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dermdistill.judgement.judge import stored_or_new
from dermdistill.judgement.judgement import CommandTime, Group, Judgement, NetworkComparison
from dermdistill.judgement.run_files import RunFiles, damaged, read_run_files, read_text
from dermdistill.runs import ModelSummary, RunFolder


@dataclass(frozen=True, slots=True)
class History:
    """What training wrote of each epoch, none for a composed teacher; NaN where a figure was undefined."""

    epoch: tuple[int, ...]
    train_loss: tuple[float, ...]
    val_auc: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """A run folder's files and figures.

    Attributes:
        histories, summaries: by model.
    """

    files: RunFiles
    judgement: Judgement
    histories: dict[str, History]
    summaries: dict[str, ModelSummary]

    @property
    def synthetic(self) -> bool:
        """Whether the images are procedural."""
        return self.judgement.synthetic

    @property
    def groups(self) -> list[Group]:
        """The teacher first."""
        return list(self.judgement.groups.values())

    @property
    def networks(self) -> NetworkComparison:
        """Of a comparison; only its pages ask for it."""
        assert self.judgement.networks is not None
        return self.judgement.networks

    @property
    def main_groups(self) -> list[Group]:
        """All groups but a comparison's sweeps, network by network."""
        if self.judgement.networks is None:
            return self.groups
        return [self.judgement.groups[name] for name in self.networks.main_groups]

    @property
    def command_times(self) -> tuple[CommandTime, ...]:
        """None without a benchmark."""
        return () if self.judgement.networks is None else self.networks.command_times


def summary_of(group: Group) -> ModelSummary:
    """That of the first model; every model of a run has one."""
    assert group.summary is not None
    return group.summary


def read_run(run: RunFolder) -> ReportedRun:
    """Read everything that a report shows but thumbnails; the figures are computed where none are stored.

    Raises:
        UserError: not a run folder, no finished model in it, or a file that is missing or damaged.
    """
    files = read_run_files(run)
    histories = {
        folder.path.name: History((), (), ()) if summary.is_composed else _read_history(folder.history)
        for folder, summary in files.models
    }
    summaries = {folder.path.name: summary for folder, summary in files.models}
    return ReportedRun(files, stored_or_new(files), histories, summaries)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, row) of a CSV that has ``columns`` and is filled in them."""
    try:
        rows = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
        missing = [name for name in columns if name not in (rows.fieldnames or ())]
        if missing:
            raise damaged(path, f"column {missing[0]!r} is missing")
        for line, row in enumerate(rows, start=2):
            if any(row[name] is None for name in columns):
                raise damaged(path, f"line {line} is cut short")
            yield line, row
    except csv.Error as error:
        raise damaged(path, str(error)) from None


def _read_history(path: Path) -> History:
    epochs, losses, aucs = [], [], []
    for line, row in _rows(path, ("epoch", "train_loss", "val_auc")):
        try:
            epochs.append(int(float(row["epoch"])))
            losses.append(_number(row["train_loss"]))
            aucs.append(_number(row["val_auc"]))
        except (ValueError, OverflowError) as error:
            raise damaged(path, f"line {line}: {error}") from None
    if not epochs:
        raise damaged(path, "no epoch")
    return History(tuple(epochs), tuple(losses), tuple(aucs))


def _number(text: str) -> float:
    return float(text) if text else math.nan
