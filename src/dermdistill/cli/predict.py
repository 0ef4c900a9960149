"""What ``dermdistill predict`` does; imports nothing of PyTorch."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.cores import default_workers
from dermdistill.data.images import IMAGE_SUFFIXES
from dermdistill.errors import UserError, printable
from dermdistill.inference.inputs import STDIN, Inputs
from dermdistill.inference.model import Model, load, model_file
from dermdistill.inference.rows import header_line, record, row_line
from dermdistill.inference.scores_file import ScoresFile
from dermdistill.inference.scores_table import ENCODING, ERRORS, Counts, is_table
from dermdistill.inference.stream import Row, score_files
from dermdistill.inference.wording import headline
from dermdistill.outputs import Output, open_output
from dermdistill.progress import bar
from dermdistill.records import MELANOMA


@dataclass(frozen=True, slots=True)
class Answers:
    """Where the answers go: a table, JSON lines on stdout, or lines for a person on stdout.

    Attributes:
        csv: the table; ``-`` is stdout.
        as_json: JSON lines.
        overwrite: replace what is at ``csv``, whatever it is.

    Raises:
        UserError: a table and JSON lines at once.
    """

    csv: Path | None = None
    as_json: bool = False
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.csv is not None and self.as_json:
            raise UserError("--csv and --json: choose one")
        if self.csv is None and self.overwrite:
            raise UserError("--overwrite: replaces the table of --csv; give one")


def score(
    paths: Sequence[str],
    *,
    recursive: bool,
    model: Path | None,
    threshold: str,
    prevalence: float | None,
    answers: Answers,
    workers: int | None,
) -> int:
    """Score what ``paths`` names (see ``inference.inputs``); returns how many files could not be scored.

    Raises:
        UserError: no such model or operating point, a folder without images, a table that cannot be written.
        SystemExit: 130, on Ctrl-C.
    """
    inputs = Inputs(tuple(paths), recursive)
    output = None if answers.csv is None else _table(answers.csv, inputs, model, overwrite=answers.overwrite)
    loaded = load(model, threshold=threshold, prevalence=prevalence)
    for note in inputs.notes():
        print(f"note: {note}", file=sys.stderr)
    total = inputs.count()
    print(headline(loaded.model_id, loaded.operating_point), file=sys.stderr)
    job = _Job(loaded, inputs, total, workers or default_workers())
    try:
        if output is None:
            counts = job.to_stdout(as_json=answers.as_json)
        elif output.is_stream:
            counts = job.to_stream(output)
        else:
            counts = job.to_file(output.path, overwrite=answers.overwrite)
    except KeyboardInterrupt:
        resumes = output is not None and not output.is_stream
        print(f"interrupted{'; the same command goes on from here' if resumes else ''}", file=sys.stderr)
        raise SystemExit(130) from None
    return counts.errors


def _table(path: Path, inputs: Inputs, model: Path | None, *, overwrite: bool) -> Output:
    """What ``--csv`` names, before any work."""
    name = printable(str(path))
    if path.suffix.lower() in IMAGE_SUFFIXES and not (path.exists() and not path.is_file()):
        raise UserError(f"{name}: is named like a photograph; put a name such as scores.csv behind --csv")
    # A list on standard input is read once only, and a table may lie among the photographs that `*` names.
    known = () if STDIN in inputs.paths or is_table(path) else inputs
    return open_output(
        path,
        "--csv",
        expected="a table of `dermdistill predict`",
        is_ours=is_table,
        reads=(model_file(model), *known),
        overwrite=overwrite,
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be scored, and by what."""

    model: Model
    inputs: Inputs
    total: int | None
    threads: int

    def to_file(self, path: Path, *, overwrite: bool) -> Counts:
        """Write the table, or go on with it."""
        with ScoresFile(path, self.model, overwrite) as table:
            photographs = _Without(self.inputs, (table.path, table.partial))
            remaining = table.begin(iter(photographs) if self.total is None else photographs)
            noted = len(table.notes)
            _note(table.notes)
            if table.rows_before:
                print(
                    f"going on after {table.rows_before} rows of {printable(str(table.shown))}",
                    file=sys.stderr,
                )
            for row in self._rows(remaining, done=table.rows_before):
                table.add(row)
        _note(table.notes[noted:])
        name = printable(str(path))
        said = f"wrote {name}" if table.is_written else f"nothing to do, {name} is complete"
        _close(f"{said}: {_counted(table.counts.rows, 'row')}", table.counts)
        return table.counts

    def to_stream(self, output: Output) -> Counts:
        """Write the table into a pipe or device, row by row."""
        counts = Counts()
        with output.stream() as handle:
            handle.write(header_line(self.model).encode(ENCODING, ERRORS))
            for row in self._rows(self.inputs):
                handle.write(row_line(row, self.model).encode(ENCODING, ERRORS))
                _count(counts, row)
        _close(_counted(counts.rows, "row"), counts)
        return counts

    def to_stdout(self, *, as_json: bool) -> Counts:
        """Print a line an image."""
        counts = Counts()
        if not as_json:
            print("P(melanoma)  decision  path")
        for row in self._rows(self.inputs, hidden=sys.stdout.isatty()):
            print(json.dumps(record(row, self.model)) if as_json else _line(row))
            _count(counts, row)
        _close(_counted(counts.rows, "image"), counts)
        return counts

    def _rows(self, paths: Iterable[str], *, done: int = 0, hidden: bool = False) -> Iterator[Row]:
        rows = score_files(self.model, paths, workers=self.threads)
        return iter(bar(rows, label=None, unit="image", total=self.total, done=done, hidden=hidden))


@dataclass(frozen=True, slots=True)
class _Without:
    """The inputs but for the table itself, which `*` names too when it lies in the folder."""

    inputs: Inputs
    files: tuple[Path, ...]

    def __iter__(self) -> Iterator[str]:
        names = {file.name for file in self.files}
        real = {file.resolve() for file in self.files}
        for path in self.inputs:
            name = os.path.basename(path)  # noqa: PTH119  a Path object costs more than the comparison
            if name not in names or Path(path).resolve() not in real:
                yield path


def _count(counts: Counts, row: Row) -> None:
    prediction = row.prediction
    counts.add(
        is_melanoma=prediction is not None and prediction.decision == MELANOMA, is_error=prediction is None
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _note(notes: Iterable[str]) -> None:
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def _close(what: str, counts: Counts) -> None:
    """The last line: what there is now."""
    failed = f", {counts.errors:,} could not be read (see their errors)" if counts.errors else ""
    print(f"{what}, {counts.flagged:,} flagged{failed}", file=sys.stderr)


def _line(row: Row) -> str:
    name = printable(row.name)
    if row.prediction is None:
        return f"{'-':>11}  {'error':<8}  {printable(row.error)}"
    remarks = f"  ({'; '.join(row.prediction.warnings)})" if row.prediction.warnings else ""
    return f"{row.prediction.probability:11.3f}  {row.prediction.decision:<8}  {name}{remarks}"
