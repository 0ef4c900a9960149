"""The program: its commands in the groups and the order in which ``--help`` lists them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer

from dermdistill.cli.commands.adapt import adapt
from dermdistill.cli.commands.audit import audit
from dermdistill.cli.commands.benchmark import benchmark
from dermdistill.cli.commands.card import card
from dermdistill.cli.commands.compare import compare
from dermdistill.cli.commands.data import data
from dermdistill.cli.commands.download import download
from dermdistill.cli.commands.evaluate import evaluate
from dermdistill.cli.commands.explain import explain
from dermdistill.cli.commands.export import export
from dermdistill.cli.commands.page import page
from dermdistill.cli.commands.predict import predict
from dermdistill.cli.commands.report import report
from dermdistill.cli.commands.run import run
from dermdistill.cli.commands.serve import serve
from dermdistill.cli.help_pages import Command, Commands

_GROUPS: Mapping[str, Sequence[Callable[..., None]]] = {
    "Score photographs": (predict, explain, adapt),
    "Get and check data": (download, data, audit),
    "Train and evaluate": (run, compare, evaluate, report),
    "Deploy": (export, page, serve, benchmark, card),
}

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from dermdistill import __version__

        print(f"dermdistill {__version__}")
        raise typer.Exit


@app.callback()
def dermdistill(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Find melanoma in dermoscopic images with small networks: score photographs, train, compare, deploy.

    Research software, not a medical device. `dermdistill COMMAND --help` explains a command, with examples.
    """


for group, commands in _GROUPS.items():
    for command in commands:
        app.command(cls=Command, rich_help_panel=group)(command)
