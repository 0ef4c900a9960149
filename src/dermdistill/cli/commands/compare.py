"""``dermdistill compare``: train and judge the networks and objectives of a comparison."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli.options import (
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


def compare(
    data: Data,
    recipe: Annotated[
        str, typer.Option(help="A packaged recipe (demo, comparison, paper) or a TOML file with a [compare].")
    ] = "paper",
    split: Split = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder; one begun before resumes. Default: runs/compare-<recipe>-<data>."),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one entry of the recipe.")
    ] = None,
    label: Labels = None,
    positive: Positive = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    lesion_column: LesionColumn = None,
    patient_column: PatientColumn = None,
    device: Device = "auto",
    workers: Workers = None,
) -> None:
    """Compare networks, objectives, temperatures and batch sizes: the paper's tables, with controls.

    One run folder holds all models; the teacher is trained once. Stopped at any moment, it goes on with the
    same command. A model that fails is listed with its reason, the others go on, and the exit code is 1.
    """
    need_training_parts()
    from dermdistill.config import load_recipe
    from dermdistill.data.sources.names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    chosen = load_recipe(recipe, changes or [])
    use_cores(workers)
    from dermdistill.cli.train import train, with_comparison
    from dermdistill.pipeline.prepare import DataOptions

    options = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = out or Path("runs") / f"compare-{chosen.name}-{options.label}"
    train(with_comparison(chosen), options, folder, device=device)
