"""``dermdistill export``: write a model file that needs no PyTorch."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_training_parts, use_cores


def export(
    run: options.Run,
    int8: Annotated[bool, typer.Option("--int8", help="Write an 8-bit file too.")] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which model of the run. Default: the student best on validation."),
    ] = None,
    output: Annotated[Path | None, options.output("DIR", "For the files. Default: RUN/export.")] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="Where the run's images are now, if they were moved; repeat it for several sources.",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(min=0, max=1, metavar="P", help="The largest change of P(melanoma) that int8 may make."),
    ] = 0.1,
    other_pictures: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="Pictures that are not dermoscopic photographs, such as close-ups by phone, from which the "
            "file learns to say so; repeat it for several kinds.",
        ),
    ] = None,
    workers: options.Workers = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = None,
) -> None:
    """Write a model as one ONNX file, and check its answers.

    The file holds preprocessing, network, calibration and operating points, and needs no PyTorch. It is
    compared with the trained network on the test images. A file that differs by more than the tolerance is
    not written.

    Examples:
        dermdistill export runs/first --int8
        dermdistill export runs/first --model dsnet-hinton-seed0 -o models
        dermdistill export runs/first --other-pictures phone-photographs
    """
    need_training_parts()
    use_cores(workers)
    from dermdistill.cli.export import export_and_print

    export_and_print(
        run,
        model=model,
        data=data or (),
        int8=int8,
        tolerance=tolerance,
        other_pictures=other_pictures or (),
        out=output,
        as_json=as_json,
    )
