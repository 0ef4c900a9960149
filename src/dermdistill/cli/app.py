"""The commands, in the order in which ``--help`` lists them."""

import typer

from dermdistill.cli.commands.benchmark import benchmark
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

app = typer.Typer(
    help="Distil a large network into a small melanoma classifier, and prove honestly how good it is. "
    "Research software, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for command in (run, compare, evaluate, benchmark, export, predict, explain, page, report, data, download):
    app.command()(command)
