"""``dermdistill explain``: show where the model looked."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dermdistill.cli.options import (
    AsJson,
    Overwrite,
    Prevalence,
    ScoringModel,
    Threshold,
)
from dermdistill.cli.process import without_blas_threads


def explain(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATHS...", help="Images, folders, glob patterns; '-' for a list on stdin."),
    ],
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Go into the folders of folders.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The picture of one photograph (.png), or a folder for <IMAGE>-explained.png. Default: this "
            "folder for one photograph, else explained/."
        ),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(help="Draw a contact sheet too (.png): every photograph with its map, P and decision."),
    ] = None,
    order: Annotated[
        Literal["input", "probability"],
        typer.Option(help="Of the sheet: as given, or the highest P(melanoma) first."),
    ] = "input",
    overwrite: Overwrite = False,
    frame: Annotated[
        int | None,
        typer.Option(min=1, help="Which image of a DICOM file that holds several; all unless given."),
    ] = None,
    threshold: Threshold = "sensitivity_0.90",
    prevalence: Prevalence = None,
    model: ScoringModel = None,
    as_json: AsJson = False,
) -> None:
    """Show where the model looked: pictures with P(melanoma), its range over views, and a map.

    The map says which places raise P(melanoma) and which lower it; the views are mirrored, turned and closer
    ones. Exit code 1 says that some files could not be explained; each is a line with its error.
    """
    without_blas_threads()
    from dermdistill.cli.explain import Pictures, explain_files
    from dermdistill.inference.inputs import Inputs

    inputs = Inputs(tuple(paths), recursive)
    failed = explain_files(
        inputs,
        Pictures.of(inputs, out, sheet, order, overwrite=overwrite),
        frame=frame,
        model=model,
        threshold=threshold,
        prevalence=prevalence,
        as_json=as_json,
    )
    if failed:
        raise typer.Exit(1)
