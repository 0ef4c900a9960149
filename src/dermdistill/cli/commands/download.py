"""``dermdistill download``: fetch a published data set."""

from pathlib import Path
from typing import Annotated

import typer

from dermdistill.cli import options
from dermdistill.cli.startup import need_download_parts

KNOWN = ("ham10000", "isic2017", "isic2018", "isic2019", "isic2020", "milk10k")
"""For completion; a test holds them to the registry, which takes long to import."""


def download(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Of a data set. Without it all are listed.",
            autocompletion=lambda: list(KNOWN),
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A new folder, or one that a download began.")
    ] = None,
    quiet: options.Quiet = None,
) -> None:
    """Download a published data set, and check that it is complete.

    Stopped at any moment, it continues with the same command. Repeated on a complete folder, it reads all
    files and fetches those that are missing or damaged.

    Examples:
        dermdistill download
        dermdistill download ham10000 data/ham10000
    """
    need_download_parts()
    from dermdistill.cli.download import fetch_or_list

    if not fetch_or_list(name, folder):
        raise typer.Exit(1)
