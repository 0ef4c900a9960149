"""``dermdistill run``: train and judge what a recipe names."""

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
    Split,
    Workers,
)
from dermdistill.cli.process import need_training_parts, use_cores


def run(
    data: Data,
    recipe: Annotated[
        str, typer.Option(help="A packaged recipe (demo, paper, ...) or a TOML file.")
    ] = "paper",
    split: Split = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder; a folder begun before resumes. Default: runs/<recipe>-<data>."),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one entry of the recipe.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="The teacher's first weights: imagenet, none or a file.")
    ] = None,
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
    """Train teacher and students, judge them, report.

    Stopped at any moment, it goes on with the same command. A model that fails is listed with its reason, the
    others go on, and the exit code is 1.
    """
    need_training_parts()
    from dermdistill.config import load_recipe
    from dermdistill.data.sources.names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    of_teacher = [] if weights is None else [f"teacher.weights={weights}"]
    chosen = load_recipe(recipe, [*(changes or []), *of_teacher])
    use_cores(workers)
    from dermdistill.cli.train import train, without_comparison
    from dermdistill.pipeline.prepare import DataOptions

    options = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = out or Path("runs") / f"{chosen.name}-{options.label}"
    train(without_comparison(chosen), options, folder, device=device, as_json=as_json)
