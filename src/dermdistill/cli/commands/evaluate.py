"""``dermdistill evaluate``: judge trained models on other data."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli.options import (
    AsJson,
    Data,
    Device,
    ImageColumn,
    LabelColumn,
    Labels,
    LesionColumn,
    PatientColumn,
    Positive,
    Workers,
)
from dermdistill.cli.process import need_training_parts, use_cores


def evaluate(
    model: Annotated[Path, typer.Argument(help="A run folder, one weights file, or a .onnx file.")],
    data: Data,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Score only this split (train, val or test), or the test images of a split file.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where predictions and metrics go.")] = None,
    replicates: Annotated[int, typer.Option(min=100, help="Bootstrap resamples of every interval.")] = 2000,
    label: Labels = None,
    positive: Positive = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    lesion_column: LesionColumn = None,
    patient_column: PatientColumn = None,
    device: Device = "auto",
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Judge trained models on other data.

    Thresholds are those of each model's own validation images; nothing is fitted to the new data. Images that
    the model learned from, saved again or resized, are named first and marked in the predictions table.
    """
    need_training_parts()
    use_cores(workers)
    from dermdistill.cli.table import results_json, results_text
    from dermdistill.data.sources.names import parse_reading
    from dermdistill.pipeline.environment import choose_device
    from dermdistill.pipeline.evaluate import evaluate_models
    from dermdistill.pipeline.prepare import DataOptions

    columns = (image_column, label_column, lesion_column, patient_column)
    file = Path(split) if split is not None and Path(split).is_file() else None
    judged = evaluate_models(
        model,
        DataOptions(tuple(data), file, parse_reading(label, positive, columns)),
        split="test" if file else split,
        out=out,
        device=choose_device(device),
        replicates=replicates,
    )
    figures = (judged.results, judged.comparisons, judged.means)
    print(
        results_json(*figures, synthetic=judged.synthetic, notes=judged.notes)
        if as_json
        else results_text(*figures, synthetic=judged.synthetic)
    )
    print(f"predictions and metrics: {judged.out}", file=sys.stderr)
