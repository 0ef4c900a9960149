"""``dermdistill evaluate``: evaluate models on other data."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_report_parts, without_blas_threads


def evaluate(
    data: options.Data,
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="MODEL",
            help="A .onnx file, a weights file or a run folder. Default: the packaged model.",
            show_default=False,
        ),
    ] = None,
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
            "DIR",
            "For the report and all figures. Default: RUN/evaluations/DATA, beside a model file, or in the "
            "current folder for the packaged model.",
        ),
    ] = None,
    operating_point: options.OperatingPoint = None,
    prevalence: Annotated[
        list[float] | None,
        typer.Option(
            metavar="SHARE",
            help="State PPV, NPV and the number needed to biopsy where this share of lesions are melanomas. "
            "Repeat it. Default: 0.01, 0.02, 0.05, 0.1 and 0.2.",
        ),
    ] = None,
    per_lesion: Annotated[
        bool,
        typer.Option(
            "--per-lesion", help="Judge lesions: the mean of the log-odds over each one's photographs."
        ),
    ] = False,
    replicates: Annotated[
        int, typer.Option(min=100, metavar="N", help="Bootstrap resamples of every interval.")
    ] = 2000,
    format: options.Format = None,
    diagnoses: options.Diagnoses = None,
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
    """Evaluate a model on your photographs: figures and a report.

    Thresholds were chosen on each model's validation images; nothing is fitted to the new data. Images that
    the model learned from, also saved again or resized, are reported first and marked in the predictions.

    Examples:
        dermdistill evaluate --data photographs
        dermdistill evaluate model.onnx --data labels.csv --prevalence 0.03
        dermdistill evaluate runs/first --data data/isic2019 --json
    """
    need_report_parts()
    without_blas_threads()
    from dermdistill.cli.challenge import Challenge
    from dermdistill.cli.evaluate import chosen_prevalences, evaluate_and_print
    from dermdistill.cores import default_workers
    from dermdistill.data.class_names import parse_reading
    from dermdistill.pipeline.evaluate import EvaluationOptions
    from dermdistill.pipeline.prepare import DataOptions

    columns = (image_column, label_column, lesion_column, patient_column)
    file = Path(split) if split is not None and Path(split).is_file() else None
    evaluate_and_print(
        model,
        DataOptions(tuple(data), file, parse_reading(label, positive, columns)),
        EvaluationOptions(
            split="test" if file else split,
            out=output,
            per_lesion=per_lesion,
            point=operating_point,
            prevalences=chosen_prevalences(prevalence),
            replicates=replicates,
            device=device,
            workers=workers or default_workers(),
        ),
        as_json=as_json,
        challenge=Challenge.of(format, diagnoses),
    )
