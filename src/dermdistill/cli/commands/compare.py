"""``dermdistill compare``: train and judge the networks and objectives of a comparison."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import command_line, need_training_parts, use_cores


def compare(
    data: options.Data,
    recipe: Annotated[
        str, options.recipe("A packaged recipe (demo, comparison, paper) or a TOML file with a [compare].")
    ] = "paper",
    output: Annotated[
        Path | None,
        options.output(
            "DIR", "The run folder; one that was begun is continued. Default: runs/compare-RECIPE-DATA."
        ),
    ] = None,
    split: options.Split = None,
    changes: options.Changes = None,
    part: Annotated[
        str, typer.Option(metavar="K/N", help="Train the K-th of N parts, on a machine of its own.")
    ] = "1/1",
    device: options.Device = "auto",
    workers: options.Workers = None,
    label: options.Labels = None,
    positive: options.Positive = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    lesion_column: options.LesionColumn = None,
    patient_column: options.PatientColumn = None,
    quiet: options.Quiet = None,
) -> None:
    """Compare networks, objectives, temperatures and batch sizes.

    One run folder holds all models; the teacher is trained once. Stopped at any moment, it continues with the
    same command. Started twice on one folder, each process takes the next free model. A model that fails is
    listed with its reason, the others are trained, and the exit code is 1.

    Examples:
        dermdistill compare --data synthetic --recipe demo
        dermdistill compare --data data/ham10000 --recipe comparison -o runs/all
    """
    need_training_parts()
    from dermdistill.cli.compare import run_comparison
    from dermdistill.config import load_recipe
    from dermdistill.data.sources.names import parse_reading
    from dermdistill.pipeline.prepare import DataOptions

    columns = (image_column, label_column, lesion_column, patient_column)
    chosen = load_recipe(recipe, changes or [])
    use_cores(workers)
    data_options = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = output or Path("runs") / f"compare-{chosen.name}-{data_options.label}"
    try:
        failed = run_comparison(
            chosen, data_options, folder, device=device, part=part, command=command_line()
        )
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last finished epoch", file=sys.stderr)
        raise typer.Exit(130) from None
    if failed:
        raise typer.Exit(1)
