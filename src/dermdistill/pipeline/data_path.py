"""Where a run's images lie, as the run folder remembers it."""

from pathlib import Path

from dermdistill.errors import UserError


def remembered(data: str) -> str:
    """A path of ``--data`` that means the same from every working directory."""
    return str(Path(data).absolute())


def found_again(data: str, run: Path) -> str:
    """The path of a run's images now.

    Runs of earlier versions remember it as it was given: it is looked for from the working directory, then
    from the run folder and the folders above it.

    Args:
        data: as the run remembers it.
        run: the run folder.

    Raises:
        UserError: there is nothing any more.
    """
    places = [Path(data), *(folder / data for folder in (run.absolute(), *run.absolute().parents))]
    for place in places:
        if place.exists():
            return str(place)
    raise UserError(f"{data}: the images of {run} were here and are gone; say where they are with --data")
