"""``dermdistill run``: train and judge what a recipe names."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import command_line, need_training_parts, use_cores
from dermdistill.messages import inform


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

    Stopped at any moment, it continues with the same command; at most one epoch is lost.

    Examples:
        dermdistill run --data synthetic --recipe demo
        dermdistill run --data data/ham10000 --recipe cpu -o runs/first
        dermdistill run --data data/ham10000 --recipe paper --device cuda
    """
    need_training_parts()
    from dermdistill.cli.table import results_json, results_text
    from dermdistill.config import load_recipe
    from dermdistill.data.sources.names import parse_reading

    columns = (image_column, label_column, lesion_column, patient_column)
    of_teacher = [] if weights is None else [f"teacher.weights={weights}"]
    chosen = load_recipe(recipe, [*(changes or []), *of_teacher])
    use_cores(workers)
    from dermdistill.errors import UserError
    from dermdistill.pipeline.environment import choose_device
    from dermdistill.pipeline.prepare import DataOptions
    from dermdistill.pipeline.run import comparisons_of, failures_of, results_of
    from dermdistill.pipeline.run import run as start

    data_options = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = output or Path("runs") / f"{chosen.name}-{data_options.label}"
    try:
        finished = start(chosen, data_options, folder, device=choose_device(device), command=command_line())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last finished epoch", file=sys.stderr)
        raise typer.Exit(130) from None
    show = results_json if as_json else results_text
    print(show(results_of(finished), comparisons_of(finished), synthetic=data_options.synthetic))
    inform(f"report: {finished.report}")
    if failures := failures_of(finished):
        raise UserError("; ".join(failures))
