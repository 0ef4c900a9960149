"""What ``dermdistill predict`` does; imports nothing of PyTorch."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from dermdistill.cores import default_workers
from dermdistill.errors import UserError, printable
from dermdistill.files import check_writable
from dermdistill.inference.inputs import Inputs
from dermdistill.inference.model import Model, load
from dermdistill.inference.rows import record
from dermdistill.inference.scores_file import ScoresFile
from dermdistill.inference.stream import Row, score_files
from dermdistill.inference.wording import headline

_LONG = 1000


@dataclass(frozen=True, slots=True)
class Output:
    """Where the answers go: a table, JSON lines on stdout, or lines for a person on stdout.

    Raises:
        UserError: a table and JSON lines at once, or the table cannot be written.
    """

    csv: Path | None = None
    as_json: bool = False

    def __post_init__(self) -> None:
        if self.csv is None:
            return
        if self.as_json:
            raise UserError("--csv and --json: choose one")
        if self.csv.is_dir():
            raise UserError(f"{self.csv}: is a folder; expected a file for --csv")
        check_writable(self.csv.absolute().parent)


def score(
    paths: Sequence[str],
    *,
    recursive: bool,
    model: Path | None,
    threshold: str,
    prevalence: float | None,
    output: Output,
    workers: int | None,
) -> int:
    """Score what ``paths`` names (see ``inference.inputs``); returns how many files could not be scored.

    Raises:
        UserError: no such model or operating point, a folder without images, a table that cannot be written.
        SystemExit: 130, on Ctrl-C.
    """
    inputs = Inputs(tuple(paths), recursive)
    loaded = load(model, threshold=threshold, prevalence=prevalence)
    for note in inputs.notes():
        print(f"note: {note}", file=sys.stderr)
    total = inputs.count()
    print(headline(loaded.model_id, loaded.operating_point), file=sys.stderr)
    threads = workers or default_workers()
    try:
        if output.csv is not None:
            failed = _to_csv(output.csv, loaded, inputs, total, threads)
        else:
            failed = _to_stdout(loaded, inputs, total, threads, as_json=output.as_json)
    except KeyboardInterrupt:
        hint = "; the same command goes on from here" if output.csv is not None else ""
        print(f"interrupted{hint}", file=sys.stderr)
        raise SystemExit(130) from None
    if failed:
        print(f"{failed} of the files could not be scored; see their errors", file=sys.stderr)
    return failed


def _to_csv(path: Path, model: Model, inputs: Inputs, total: int | None, threads: int) -> int:
    """Write the table; returns how many files could not be scored."""
    with ScoresFile(path, model) as table:
        remaining = table.begin(inputs)
        if table.rows_before:
            print(f"going on after {table.rows_before} rows of {table.partial}", file=sys.stderr)
        failed = table.errors_before
        rows = score_files(model, remaining, workers=threads)
        for row in _with_progress(rows, total, done=table.rows_before):
            failed += table.add(row) and row.prediction is None
    return failed


def _to_stdout(model: Model, inputs: Inputs, total: int | None, threads: int, *, as_json: bool) -> int:
    """Print a line an image; returns how many files could not be scored."""
    failed = 0
    if not as_json:
        print("P(melanoma)  decision  path")
    rows = score_files(model, inputs, workers=threads)
    for row in _with_progress(rows, total, rows_shown=sys.stdout.isatty()):
        print(json.dumps(record(row, model)) if as_json else _line(row))
        failed += row.prediction is None
    return failed


def _with_progress(
    rows: Iterable[Row], total: int | None, *, done: int = 0, rows_shown: bool = False
) -> Iterator[Row]:
    """A bar on stderr: not among rows that a person watches, and in a log only for long work."""
    hidden = rows_shown or (not sys.stderr.isatty() and total is not None and total < _LONG)
    return iter(tqdm(rows, total=total, initial=done, unit="image", disable=hidden, leave=False))


def _line(row: Row) -> str:
    name = printable(row.name)
    if row.prediction is None:
        return f"{'-':>11}  {'error':<8}  {printable(row.error)}"
    remarks = f"  ({'; '.join(row.prediction.warnings)})" if row.prediction.warnings else ""
    return f"{row.prediction.probability:11.3f}  {row.prediction.decision:<8}  {name}{remarks}"
