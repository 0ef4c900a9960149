"""``dermdistill predict``: score photographs."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import without_blas_threads
from dermdistill.errors import UserError

Engine = Literal["here", "ray"]


def predict(
    paths: options.Paths,
    recursive: options.Recursive = False,
    output: Annotated[
        str | None,
        options.output(
            "FILE|DIR/|URL",
            "Write a CSV table, or continue one: after a kill, with new photographs. '-' prints it. "
            "FILE.parquet, DIR/ and URLs take Parquet; in DIR/ and URL/ a killed command continues.",
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
    engine: Annotated[
        Engine,
        typer.Option(
            rich_help_panel="More than one machine",
            help="Score in this process, or on a Ray cluster into a folder --output.",
        ),
    ] = "here",
    cluster: options.Cluster = None,
    quiet: options.Quiet = None,
) -> None:
    """Score photographs: P(melanoma), a decision, and warnings.

    A file that cannot be scored is a row with its error; then the exit code is 1.

    Examples:
        dermdistill predict photo.jpg
        dermdistill predict folder --recursive -o scores.csv
        dermdistill predict folder --operating-point sensitivity_0.95 --json
        dermdistill predict photographs.csv --lesion-column lesion
        dermdistill predict s3://bucket/photos/ --engine ray -o s3://bucket/scores/
    """
    without_blas_threads()
    from dermdistill.cli.bulk import Parquet, is_parquet, score_to_parquet
    from dermdistill.cli.challenge import Challenge
    from dermdistill.cli.lesions import LesionInputs, score_lesions
    from dermdistill.cli.predict import Destination, score
    from dermdistill.inference.inputs import Inputs

    on = _cluster(engine, cluster, has_output=output is not None and not as_json)
    challenge = Challenge.of(format, diagnoses)
    of_lesions = lesion_folders or lesion_column is not None
    if output is not None and not as_json and (is_parquet(output) or on is not None):
        if challenge is not None or of_lesions:
            raise UserError(
                f"{output}: lesions and the challenge's table are written as CSV; name one for --output"
            )
        failed = score_to_parquet(
            Inputs(tuple(paths), recursive),
            model,
            point=operating_point,
            refer_below=refer_below,
            prevalence=prevalence,
            target=Parquet(output, overwrite, workers, on),
        )
        raise typer.Exit(1 if failed else 0)
    destination = Destination(None if output is None else Path(output), as_json, overwrite, challenge)
    if of_lesions:
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


def _cluster(engine: Engine, cluster: str | None, *, has_output: bool) -> str | None:
    """The cluster to score on; None for this process."""
    if engine == "here":
        if cluster is not None:
            raise UserError("--cluster: is where --engine ray scores; give that too")
        return None
    if not has_output:
        raise UserError("--engine ray: writes a folder of Parquet files; name it with --output")
    # Ray sets the variable for jobs that are submitted to a cluster.
    return cluster or ("auto" if "RAY_ADDRESS" in os.environ else "local")
