"""``dermdistill evaluate``: evaluate trained models on other data."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_training_parts, use_cores


def evaluate(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A run folder, a weights file or a .onnx file.")
    ],
    data: options.Data,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Evaluate only this split (train, val or test), or the test images of a split file.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        options.output(
            "DIR", "For predictions and figures. Default: RUN/evaluations/DATA, or beside a model file."
        ),
    ] = None,
    replicates: Annotated[
        int, typer.Option(min=100, metavar="N", help="Bootstrap resamples of every interval.")
    ] = 2000,
    device: options.Device = "auto",
    workers: options.Workers = None,
    as_json: options.AsJson = False,
    label: options.Labels = None,
    positive: options.Positive = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    lesion_column: options.LesionColumn = None,
    patient_column: options.PatientColumn = None,
    quiet: options.Quiet = None,
) -> None:
    """Evaluate trained models on other data: an external test set.

    Thresholds were chosen on each model's validation images; nothing is fitted to the new data. Images that
    the model learned from, also saved again or resized, are reported first and marked in the predictions.

    Examples:
        dermdistill evaluate runs/first --data data/isic2019
        dermdistill evaluate model.onnx --data photographs.csv -o evaluation --json
    """
    need_training_parts()
    use_cores(workers)
    from dermdistill.cli.evaluate import evaluate_and_print
    from dermdistill.data.class_names import parse_reading
    from dermdistill.pipeline.environment import choose_device
    from dermdistill.pipeline.prepare import DataOptions

    columns = (image_column, label_column, lesion_column, patient_column)
    file = Path(split) if split is not None and Path(split).is_file() else None
    evaluate_and_print(
        model,
        DataOptions(tuple(data), file, parse_reading(label, positive, columns)),
        split="test" if file else split,
        out=output,
        device=choose_device(device),
        replicates=replicates,
        as_json=as_json,
    )
