"""``dermdistill download``: fetch a published data set."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def download(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Of a data set; without it all are listed.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A new folder, or one that a download began.")
    ] = None,
) -> None:
    """Download a published data set from its official host, and check that it is complete.

    For example: dermdistill download ham10000 data/ham10000. Stopped at any moment, it goes on with the same
    command. Repeated on a complete folder, it reads all files and fetches those that are missing or damaged.
    """
    from importlib.util import find_spec

    from dermdistill.errors import UserError

    if find_spec("pooch") is None:
        raise UserError("this command needs pooch: pip install 'dermdistill[download]'")
    from dermdistill.cli.download import fetch, list_published
    from dermdistill.download.client import Client
    from dermdistill.download.published import Hosts
    from dermdistill.progress import say

    if name is None:
        print(list_published())
        return
    if folder is None:
        raise UserError(f"no folder given; say where the images shall lie: dermdistill download {name} DIR")
    try:
        complete = fetch(name, folder, Hosts(), Client(say))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(130) from None
    if not complete:
        raise typer.Exit(1)
