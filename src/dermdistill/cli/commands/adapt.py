"""``dermdistill adapt``: fit a model to photographs of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_adaptation_parts, without_blas_threads


def adapt(
    data: options.Data,
    output: Annotated[
        Path,
        options.output("FILE", "The new model; its card (.md) and report (.html) are written beside it."),
    ],
    sensitivity: Annotated[
        float,
        typer.Option(metavar="SHARE", help="The sensitivity that the new threshold is to promise."),
    ] = 0.90,
    model: options.ScoringModel = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Images scored at the same time.")
    ] = None,
    as_json: options.AsJson = False,
    label: options.Labels = None,
    positive: options.Positive = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    lesion_column: options.LesionColumn = None,
    patient_column: options.PatientColumn = None,
    quiet: options.Quiet = None,
) -> None:
    """Adapt a model to labelled photographs of your own.

    P(melanoma) is calibrated anew. The new threshold has the sensitivity that you name with 95 % confidence,
    where there are enough melanomas to promise it. The last step is fitted anew where cross-validation shows
    a gain. Figures before and after are of photographs that decided nothing. Use the file with --model.

    Examples:
        dermdistill adapt --data photographs.csv -o local.onnx
        dermdistill adapt --data photographs.csv --sensitivity 0.95 -o local.onnx
    """
    need_adaptation_parts()
    without_blas_threads()
    from dermdistill.cli.adapt import adapt_and_print
    from dermdistill.data.class_names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    adapt_and_print(
        [Path(path) for path in data],
        output,
        sensitivity=sensitivity,
        model=model,
        reading=parse_reading(label, positive, columns),
        workers=workers,
        as_json=as_json,
    )
