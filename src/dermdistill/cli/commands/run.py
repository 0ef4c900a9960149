"""``dermdistill run``: train and judge what a recipe names."""

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
    Split,
    Workers,
)
from dermdistill.cli.process import command_line, need_training_parts, use_cores


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
    """Train teacher and students, judge them, report."""
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

    options = DataOptions(tuple(data), split, parse_reading(label, positive, columns))
    folder = out or Path("runs") / f"{chosen.name}-{options.label}"
    try:
        finished = start(chosen, options, folder, device=choose_device(device), command=command_line())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last finished epoch", file=sys.stderr)
        raise typer.Exit(130) from None
    show = results_json if as_json else results_text
    print(show(results_of(finished), comparisons_of(finished), synthetic=options.synthetic))
    print(f"report: {finished.report}", file=sys.stderr)
    if failures := failures_of(finished):
        raise UserError("; ".join(failures))
