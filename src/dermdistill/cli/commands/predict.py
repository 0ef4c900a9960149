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
    format: options.Format = None,
    diagnoses: options.Diagnoses = None,
    operating_point: options.OperatingPoint = None,
    refer_below: Annotated[
        str | None,
        typer.Option(
            metavar="POINT",
            help="Refer to a person what is flagged below this operating point, or number: the decision is "
            "'refer'.",
        ),
    ] = None,
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
    lesion_column: options.LesionColumn = None,
    lesion_folders: Annotated[
        bool,
        typer.Option(
            "--lesion-folders",
            rich_help_panel="Lesions with several photographs",
            help="The photographs of a folder are one lesion.",
        ),
    ] = False,
    image_column: options.ImageColumn = None,
    quiet: options.Quiet = None,
) -> None:
    """Score photographs: P(melanoma), a decision, and warnings.

    A file that cannot be scored is a row with its error; then the exit code is 1.

    Examples:
        dermdistill predict photo.jpg
        dermdistill predict folder --recursive -o scores.csv
        dermdistill predict folder --operating-point sensitivity_0.95 --json
        dermdistill predict photographs.csv --lesion-column lesion
    """
    without_blas_threads()
    from dermdistill.cli.challenge import Challenge
    from dermdistill.cli.lesions import LesionInputs, score_lesions
    from dermdistill.cli.predict import Destination, score

    destination = Destination(output, as_json, overwrite, Challenge.of(format, diagnoses))
    if lesion_folders or lesion_column is not None:
        destination.refuse_challenge("the answers are of lesions, and the challenge's are of images")
        failed = score_lesions(
            LesionInputs.of(paths, recursive, lesion_column, image_column, folders=lesion_folders),
            model=model,
            point=operating_point,
            refer_below=refer_below,
            prevalence=prevalence,
            destination=destination,
            workers=workers,
        )
        raise typer.Exit(1 if failed else 0)
    failed = score(
        paths,
        recursive=recursive,
        model=model,
        point=operating_point,
        refer_below=refer_below,
        prevalence=prevalence,
        destination=destination,
        workers=workers,
    )
    if failed:
        raise typer.Exit(1)
