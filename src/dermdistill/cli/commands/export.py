"""``dermdistill export``: write a model file that needs no PyTorch."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dermdistill.cli.options import (
    AsJson,
    Workers,
)
from dermdistill.cli.process import need_training_parts, use_cores


def export(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    to: Annotated[Literal["onnx"], typer.Option(help="Format of the file.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="Write an 8-bit file too.")] = False,
    model: Annotated[
        str | None, typer.Option(help="Which model; the student best on validation unless given.")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Where the run's images are, if they moved since; repeat it for several sources."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the files. Default: RUN/export.")] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="Largest change of P(melanoma) that int8 may make.")
    ] = 0.1,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Write a model as one file that scores photographs without PyTorch, and prove that it says the same."""
    need_training_parts()
    use_cores(workers)
    from dermdistill.cli.table import parity_json, parity_text
    from dermdistill.pipeline.export import export as write
    from dermdistill.runs import RunFolder

    written = write(
        RunFolder(run), model=model, data=data or (), int8=int8, int8_tolerance=tolerance, out=out
    )
    show = parity_json if as_json else parity_text
    print(show([(str(each.path), each.parity) for each in written]))
