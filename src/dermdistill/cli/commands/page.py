"""``dermdistill page``: a page that scores photographs in a browser."""

from pathlib import Path
from typing import Annotated

from dermdistill.cli import options


def page(
    output: Annotated[Path, options.output("FILE", "The page.")] = Path("dermdistill.html"),
    model: options.ScoringModel = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = None,
) -> None:
    """Write an HTML file that scores photographs in a browser.

    The model is in the file. It needs no network, and photographs never leave the browser. Answers are those
    of `predict`.

    Examples:
        dermdistill page
        dermdistill page --model runs/first -o page.html
    """
    from dermdistill.cli.page import write_page

    write_page(model, output, overwrite=overwrite)
