"""``dermdistill predict``: score photographs."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import without_blas_threads


def predict(
    paths: options.Paths,
    recursive: options.Recursive = False,
    output: Annotated[
        Path | None,
        options.output(
            "FILE", "Write a CSV table, or continue one: after a kill, with new photographs. '-' prints it."
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")] = False,
    operating_point: options.OperatingPoint = None,
    prevalence: options.Prevalence = None,
    model: options.ScoringModel = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Images scored at the same time. Default: OMP_NUM_THREADS, or the cores of this process.",
        ),
    ] = None,
    quiet: options.Quiet = None,
) -> None:
    """Score photographs: P(melanoma), a decision, and warnings.

    A file that cannot be scored is a row with its error; then the exit code is 1.

    Examples:
        dermdistill predict photo.jpg
        dermdistill predict folder --recursive -o scores.csv
        dermdistill predict folder --operating-point sensitivity_0.95 --json
    """
    without_blas_threads()
    from dermdistill.cli.predict import Destination, score

    failed = score(
        paths,
        recursive=recursive,
        model=model,
        point=operating_point,
        prevalence=prevalence,
        destination=Destination(output, as_json, overwrite),
        workers=workers,
    )
    if failed:
        raise typer.Exit(1)
