"""``dermdistill page``: a page that scores photographs in a browser."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli.options import Overwrite, ScoringModel


def page(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The page.")] = Path(
        "dermdistill.html"
    ),
    model: ScoringModel = None,
    overwrite: Overwrite = False,
) -> None:
    """Write one HTML file that scores photographs in a browser, without a network.

    Model and runtime are in the file; photographs never leave the browser.
    """
    from dermdistill.cli.page import write_page

    write_page(model, output, overwrite=overwrite)
