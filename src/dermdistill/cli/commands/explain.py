"""``dermdistill explain``: show where the model looked."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import without_blas_threads


def explain(
    paths: options.Paths,
    recursive: options.Recursive = False,
    output: Annotated[
        Path | None,
        options.output(
            "FILE|DIR",
            "The picture of one photograph (.png), or a folder for IMAGE-explained.png. Default: this "
            "folder for one photograph, else explained/.",
        ),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw a contact sheet too (.png): every photograph with its map, P and decision.",
        ),
    ] = None,
    order: Annotated[
        Literal["input", "probability"],
        typer.Option(
            metavar="ORDER",
            help="Of the sheet: input (as given) or probability (the highest P(melanoma) first).",
        ),
    ] = "input",
    overwrite: options.Overwrite = False,
    frame: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Which image of a DICOM file that holds several. Default: all."
        ),
    ] = None,
    operating_point: options.OperatingPoint = None,
    prevalence: options.Prevalence = None,
    model: options.ScoringModel = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")] = False,
    quiet: options.Quiet = None,
) -> None:
    """Show where the model looked: a picture with a map.

    The map shows which places raise P(melanoma) and which lower it. P is also given over views of the
    photograph: mirrored, turned, closer. A file that cannot be explained is a line with its error; then the
    exit code is 1.

    Examples:
        dermdistill explain photo.jpg
        dermdistill explain folder -o pictures --sheet sheet.png --order probability
    """
    without_blas_threads()
    from dermdistill.cli.explain import Pictures, explain_files
    from dermdistill.errors import UserError, printable
    from dermdistill.inference.inputs import Inputs
    from dermdistill.storage import is_url

    for path in filter(is_url, paths):
        raise UserError(f"{printable(path)}: explain reads files of this machine; copy it here")
    inputs = Inputs(tuple(paths), recursive)
    failed = explain_files(
        inputs,
        Pictures.of(inputs, output, sheet, order, overwrite=overwrite),
        frame=frame,
        model=model,
        point=operating_point,
        prevalence=prevalence,
        as_json=as_json,
    )
    if failed:
        raise typer.Exit(1)
