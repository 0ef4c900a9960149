"""``dermdistill run``: train and judge what a recipe names."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_training_parts, use_cores


def run(
    data: options.Data,
    recipe: Annotated[
        str, options.recipe("A packaged recipe (demo, cpu, student, paper) or a TOML file.")
    ] = "paper",
    output: Annotated[
        Path | None,
        options.output("DIR", "The run folder; one that was begun is continued. Default: runs/RECIPE-DATA."),
    ] = None,
    split: options.Split = None,
    changes: options.Changes = None,
    weights: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="The teacher's first weights: imagenet, none or a file."),
    ] = None,
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
    """Train a teacher and students, evaluate them, write a report.

    Stopped at any moment, it continues with the same command; at most one epoch is lost. A model that fails
    is listed with its reason, the others are trained, and the exit code is 1.

    Examples:
        dermdistill run --data synthetic --recipe demo
        dermdistill run --data data/ham10000 --recipe cpu -o runs/first
        dermdistill run --data data/ham10000 --recipe paper --device cuda
    """
    need_training_parts()
    from dermdistill.config import load_recipe
    from dermdistill.data.class_names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    of_teacher = [] if weights is None else [f"teacher.weights={weights}"]
    chosen = load_recipe(recipe, [*(changes or []), *of_teacher])
    use_cores(workers)
    from dermdistill.cli.train import train, without_comparison
    from dermdistill.pipeline.prepare import DataOptions

    sources = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = output or Path("runs") / f"{chosen.name}-{sources.label}"
    train(without_comparison(chosen), sources, folder, device=device, as_json=as_json)
