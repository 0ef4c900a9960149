"""What ``dermdistill predict`` does; imports nothing of PyTorch."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.cli.answers import Answers
from dermdistill.cli.challenge import Challenge, open_challenge_table, write_challenge_table
from dermdistill.cli.scoring_model import introduce
from dermdistill.cores import default_workers
from dermdistill.data.images import IMAGE_SUFFIXES
from dermdistill.errors import UserError, printable
from dermdistill.inference.inputs import STDIN, Inputs
from dermdistill.inference.model import Model, load, model_file
from dermdistill.inference.rows import header_line, row_dict, row_line
from dermdistill.inference.scores_file import ScoresFile
from dermdistill.inference.scores_table import ENCODING, ERRORS, Counts, is_table
from dermdistill.inference.stream import ScoredImage, score_files
from dermdistill.messages import counted, inform, note, warn
from dermdistill.outputs import STDOUT, Output, open_output
from dermdistill.progress import bar

_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the answers go: a table, JSON lines on stdout, or lines for a person on stdout.

    Attributes:
        table: a CSV file; ``-`` is stdout.
        as_json: JSON lines.
        overwrite: replace what is at ``table``, whatever it is.
        challenge: write the table of the ISIC challenge instead; without ``table`` to stdout.

    Raises:
        UserError: a table and JSON lines at once.
    """

    table: Path | None = None
    as_json: bool = False
    overwrite: bool = False
    challenge: Challenge | None = None

    def __post_init__(self) -> None:
        if self.table is not None and self.as_json:
            raise UserError("--output and --json: --output writes a CSV table; for JSON use --json > FILE")
        if self.challenge is not None and self.as_json:
            raise UserError("--format and --json: --format isic2018 writes a CSV table; choose one of them")
        if self.table is None and self.overwrite:
            raise UserError("--overwrite: replaces the table of --output; give one")

    def refuse_challenge(self, why: str) -> None:
        """Raise UserError if the table of the challenge is asked for."""
        if self.challenge is not None:
            raise UserError(f"--format isic2018: {why}; leave one of the options out")


def score(
    paths: Sequence[str],
    *,
    recursive: bool,
    model: Path | None,
    point: str | None,
    refer_below: str | None,
    prevalence: float | None,
    destination: Destination,
    workers: int | None,
) -> int:
    """Score what ``paths`` names (see ``inference.inputs``); returns how many files could not be scored.

    Raises:
        UserError: no such model or operating point, a folder without images, a table that cannot be written.
        SystemExit: 130, on Ctrl-C.
    """
    inputs = Inputs(tuple(paths), recursive)
    output = _table(destination, inputs, model)
    loaded = load(model, operating_point=point, refer_below=refer_below, prevalence=prevalence)
    if destination.challenge is not None:
        destination.challenge.check_model(loaded, str(model_file(model)))
    for text in inputs.notes():
        note(text)
    total = inputs.count()
    introduce(loaded, model)
    job = _Job(loaded, inputs, total, workers or default_workers())
    try:
        if destination.challenge is not None:
            return job.to_challenge(destination.challenge, output)
        if output is None:
            counts = job.to_stdout(as_json=destination.as_json)
        elif output.is_stream:
            counts = job.to_stream(output)
        else:
            counts = job.to_file(output.path, overwrite=destination.overwrite)
    except KeyboardInterrupt:
        resumes = output is not None and not output.is_stream
        print(f"interrupted{'; the same command continues from here' if resumes else ''}", file=sys.stderr)
        raise SystemExit(130) from None
    return counts.errors


def _table(destination: Destination, inputs: Inputs, model: Path | None) -> Output | None:
    """What ``--output`` names, checked before any work; None where answers are printed."""
    path = destination.table
    if path is None:
        return None
    _check_name(path)
    # A list on standard input is read once only, and a table may lie among the photographs that `*` names.
    known = () if STDIN in inputs.paths or is_table(path) else inputs
    if destination.challenge is not None:
        return open_challenge_table(path, (model_file(model), *known), overwrite=destination.overwrite)
    return open_output(
        path,
        "--output",
        expected="a table of `dermdistill predict`",
        is_ours=is_table,
        reads=(model_file(model), *known),
        overwrite=destination.overwrite,
    )


def _check_name(path: Path) -> None:
    """Refuse a name that promises something else than a CSV table."""
    if path.exists() and not path.is_file():
        return
    name, suffix = printable(str(path)), path.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        raise UserError(f"{name}: is named like a photograph; name a table, such as scores.csv, for --output")
    if suffix in _JSON_SUFFIXES and not is_table(path):
        raise UserError(
            f"{name}: --output writes a CSV table, such as scores.csv; for JSON use --json > {name}"
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
                inform(f"continuing after {table.rows_before} rows of {printable(str(table.shown))}")
            for row in self._rows(remaining, done=table.rows_before):
                table.add(row)
        _note(table.notes[noted:])
        name = printable(str(path))
        said = f"wrote {name}" if table.is_written else f"nothing to do, {name} is complete"
        close(f"{said}: {counted(table.counts.rows, 'row')}", table.counts)
        return table.counts

    def to_stream(self, output: Output) -> Counts:
        """Write the table into a pipe or device, row by row."""
        counts = Counts()
        with output.stream() as handle:
            handle.write(header_line(self.model).encode(ENCODING, ERRORS))
            for row in self._rows(self.inputs):
                handle.write(row_line(row, self.model).encode(ENCODING, ERRORS))
                count(counts, row)
        close(counted(counts.rows, "row"), counts)
        return counts

    def to_challenge(self, challenge: Challenge, output: Output | None) -> int:
        """Write the table of the challenge; returns how many files could not be scored."""
        output = output or open_challenge_table(STDOUT, (), overwrite=False)
        photographs = self.inputs if output.is_stream else _Without(self.inputs, (output.path,))
        return write_challenge_table(challenge, self.model, self._rows(photographs), output)

    def to_stdout(self, *, as_json: bool) -> Counts:
        """Print one line per image."""
        counts, answers = Counts(), Answers.to_stdout("path", one="image", many="images")
        if not as_json:
            print(answers.header)
        for row in self._rows(self.inputs, hidden=sys.stdout.isatty()):
            line = answers.of_image(row)
            print(json.dumps(row_dict(row, self.model)) if as_json else line)
            count(counts, row)
        answers.close()
        return counts

    def _rows(self, paths: Iterable[str], *, done: int = 0, hidden: bool = False) -> Iterator[ScoredImage]:
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


def count(counts: Counts, row: ScoredImage) -> None:
    """Add a scored image to what a table holds."""
    counts.add("" if row.prediction is None else row.prediction.decision)


def _note(notes: Iterable[str]) -> None:
    for text in notes:
        note(text)


def close(what: str, counts: Counts) -> None:
    """The last line: what there is now."""
    referred = f", {counts.referred:,} referred" if counts.referred else ""
    if counts.errors:
        errors = f"{counts.errors:,} could not be read (see their errors)"
        warn(f"{what}, {counts.flagged:,} flagged{referred}, {errors}")
    else:
        inform(f"{what}, {counts.flagged:,} flagged{referred}")
