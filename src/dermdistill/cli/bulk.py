"""What ``dermdistill predict`` does where its output is Parquet: one file, or a folder of them."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dermdistill import storage
from dermdistill.cli.predict import close, count
from dermdistill.cli.scoring_model import introduce
from dermdistill.cluster.connection import check_cluster, need_ray
from dermdistill.cores import default_workers
from dermdistill.errors import UserError, printable
from dermdistill.files import replacing
from dermdistill.inference.inputs import Inputs
from dermdistill.inference.model import Model, load, model_file
from dermdistill.inference.parquet import is_scores, schema, to_table
from dermdistill.inference.scores_folder import Part, ScoresFolder
from dermdistill.inference.scores_table import Counts
from dermdistill.inference.stream import ScoredImage, score_files
from dermdistill.messages import counted, inform, note
from dermdistill.outputs import open_output
from dermdistill.progress import bar

_SUFFIX = ".parquet"
_ROWS = 10_000
"""Rows of a group in one Parquet file."""


def is_parquet(output: str | None) -> bool:
    """Whether ``--output`` names Parquet: a file of that ending, or ``FOLDER/`` or a URL for many of them."""
    return output is not None and (storage.is_url(output) or output.endswith(("/", os.sep, _SUFFIX)))


@dataclass(frozen=True, slots=True)
class Parquet:
    """Where the scores go, and who scores.

    Attributes:
        output: a file ``.parquet`` or a folder, local or behind a URL.
        overwrite: replace what is there.
        workers: images scored at the same time in this process; None takes one a core.
        cluster: of Ray; None scores in this process.

    Raises:
        UserError: an ending of something else, one file on a cluster, a package that is missing.
    """

    output: str
    overwrite: bool
    workers: int | None = None
    cluster: str | None = None

    def __post_init__(self) -> None:
        name = printable(self.output)
        storage.need_storage_parts(f"--output {name}")
        if self.cluster is not None:
            need_ray("--engine ray")
            check_cluster(self.cluster)
            if self.is_file:
                raise UserError(f"{name}: many processes do not write one file; name a folder for --output")
        suffix = Path(self.output).suffix.lower()
        if suffix in (".csv", ".json", ".jsonl"):
            raise UserError(f"{name}: takes Parquet here; name a folder or a file .parquet for --output")

    @property
    def is_file(self) -> bool:
        """Whether it is one file."""
        return self.output.endswith(_SUFFIX)


def score_to_parquet(
    inputs: Inputs,
    model: Path | None,
    *,
    point: str | None,
    refer_below: str | None,
    prevalence: float | None,
    target: Parquet,
) -> int:
    """Score photographs into Parquet; returns how many could not be scored.

    Raises:
        UserError: no such model or operating point, no photograph, an output that cannot be written.
        SystemExit: 130, on Ctrl-C.
    """
    loaded = load(model, operating_point=point, refer_below=refer_below, prevalence=prevalence)
    for text in inputs.notes():
        note(text)
    introduce(loaded, model)
    workers = target.workers or default_workers()
    try:
        if target.is_file:
            counts = _one_file(inputs, loaded, target, workers, reads=model_file(model))
        else:
            counts = _folder(inputs, loaded, target, workers)
    except KeyboardInterrupt:
        resumes = "" if target.is_file else "; the same command continues from here"
        print(f"interrupted{resumes}", file=sys.stderr)
        raise SystemExit(130) from None
    return counts.errors


def _folder(inputs: Inputs, model: Model, target: Parquet, workers: int) -> Counts:
    """Score the parts that are not there yet."""
    folder = ScoresFolder(target.output, model)
    finished = folder.open(overwrite=target.overwrite)
    if finished:
        inform(f"continuing after {counted(len(finished), 'finished part')} of {printable(target.output)}")
    parts = folder.remaining(inputs, finished)
    total = Counts()
    with bar(label=None, unit="image") as shown:
        for counts in _scored(folder, parts, target.cluster, workers):
            total.rows += counts.rows
            total.flagged += counts.flagged
            total.referred += counts.referred
            total.errors += counts.errors
            shown.update(counts.rows)
    close(f"wrote {counted(total.rows, 'row')} into {printable(target.output)}", total)
    return total


def _scored(
    folder: ScoresFolder, parts: Iterable[Part], cluster: str | None, workers: int
) -> Iterator[Counts]:
    if cluster is None:
        return (folder.score(part, workers=workers) for part in parts)
    from dermdistill.cluster.scoring import score_parts

    return score_parts(folder, parts, cluster=cluster)


def _one_file(inputs: Inputs, model: Model, target: Parquet, workers: int, *, reads: Path) -> Counts:
    """Score everything into one file, which is there when all is scored."""
    rows = bar(score_files(model, inputs, workers=workers), label=None, unit="image", total=inputs.count())
    if storage.is_url(target.output):
        if storage.read(target.output) is not None and not target.overwrite:
            raise UserError(
                f"{printable(target.output)}: exists; choose another --output, or add --overwrite"
            )
        with tempfile.TemporaryDirectory(prefix="dermdistill-") as folder:
            path = Path(folder) / "scores.parquet"
            counts = _write(path, rows, model)
            storage.upload(path, target.output)
    else:
        output = open_output(
            Path(target.output),
            "--output",
            expected="a Parquet table of `dermdistill predict`",
            is_ours=is_scores,
            reads=(reads, *inputs),
            overwrite=target.overwrite,
        )
        with replacing(output.path) as temporary:
            counts = _write(temporary, rows, model)
    close(f"wrote {printable(target.output)}: {counted(counts.rows, 'row')}", counts)
    return counts


def _write(path: Path, rows: Iterable[ScoredImage], model: Model) -> Counts:
    import pyarrow.parquet as pq

    counts, remaining = Counts(), iter(rows)
    with pq.ParquetWriter(path, schema(model), compression="zstd") as writer:
        while group := list(islice(remaining, _ROWS)):
            writer.write_table(to_table(group, model))
            for row in group:
                count(counts, row)
    return counts
