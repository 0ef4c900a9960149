"""``dermdistill predict``: score photographs."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli.options import (
    Overwrite,
    Prevalence,
    ScoringModel,
    Threshold,
)
from dermdistill.cli.process import without_blas_threads


def predict(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATHS...", help="Images, folders, glob patterns; '-' for a list on stdin."),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Go into the folders of folders.")
    ] = False,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Write a table, or go on with it: after a kill, with new photographs. '-' prints it.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    threshold: Threshold = "sensitivity_0.90",
    prevalence: Prevalence = None,
    model: ScoringModel = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Images scored side by side. Default: OMP_NUM_THREADS, or one a core of this process.",
        ),
    ] = None,
) -> None:
    """Score photographs: P(melanoma), a decision, and warnings.

    Exit code 1 says that some files could not be scored; each is a row with its error.
    """
    without_blas_threads()
    from dermdistill.cli.predict import Answers, score

    failed = score(
        paths,
        recursive=recursive,
        model=model,
        threshold=threshold,
        prevalence=prevalence,
        answers=Answers(csv, as_json, overwrite),
        workers=workers,
    )
    if failed:
        raise typer.Exit(1)
