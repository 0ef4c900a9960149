"""``dermdistill compare``: train and judge the networks and objectives of a comparison."""

import sys
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
from dermdistill.cli.process import command_line, need_training_parts, use_cores


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
    part: Annotated[
        str, typer.Option(metavar="K/N", help="Train the K-th of N parts, on a machine of its own.")
    ] = "1/1",
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

    One run folder holds all models; the teacher is trained once. Stopped by whatever, it goes on with the
    same command; started twice on one folder, each process takes the next free model. A model that fails is
    listed with its reason, the others go on, and the exit code is 1.
    """
    need_training_parts()
    from dermdistill.cli.compare import run_comparison
    from dermdistill.config import load_recipe
    from dermdistill.data.sources.names import parse_reading
    from dermdistill.pipeline.prepare import DataOptions

    columns = (image_column, label_column, lesion_column, patient_column)
    chosen = load_recipe(recipe, changes or [])
    use_cores(workers)
    options = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = out or Path("runs") / f"compare-{chosen.name}-{options.label}"
    try:
        failed = run_comparison(chosen, options, folder, device=device, part=part, command=command_line())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last finished epoch", file=sys.stderr)
        raise typer.Exit(130) from None
    if failed:
        raise typer.Exit(1)
