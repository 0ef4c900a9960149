"""What ``dermdistill run`` and ``dermdistill compare`` do, and what they say at their end."""

import sys
from pathlib import Path

import typer

from dermdistill.cli.results import results_json, results_text
from dermdistill.cli.startup import command_line
from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.judgement.judge import judgement_of
from dermdistill.messages import inform
from dermdistill.pipeline.environment import choose_device
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.pipeline.run import failures_of, run


def train(recipe: Recipe, data: DataOptions, out: Path, *, device: str, as_json: bool = False) -> None:
    """Train all that the recipe names, print the figures, say what failed.

    A model whose training stopped early counts as failed too, though its last good weights are judged.

    Raises:
        Exit: a model failed (1), or the user interrupted the command (130).
    """
    try:
        folder = run(recipe, data, out, device=choose_device(device), command=command_line())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last finished epoch", file=sys.stderr)
        raise typer.Exit(130) from None
    show = results_json if as_json else results_text
    print(show(judgement_of(folder)))
    inform(f"report: {folder.report}")
    failures = failures_of(folder)
    for line in failures:
        print(line, file=sys.stderr)
    if failures:
        raise typer.Exit(1)


def without_comparison(recipe: Recipe) -> Recipe:
    """The recipe of teacher and students alone."""
    return recipe.model_copy(update={"compare": None})


def with_comparison(recipe: Recipe) -> Recipe:
    """The recipe as it is; raises UserError where it compares nothing."""
    if recipe.compare is None:
        raise UserError(
            f"recipe {recipe.name}: has no section [compare]; name one that has, such as demo or paper"
        )
    return recipe
