"""What ``dermdistill download`` prints: what there is, and what came of it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from dermdistill.columns import align
from dermdistill.download.client import Client
from dermdistill.download.job import Outcome, download
from dermdistill.download.notice import NOTICE
from dermdistill.download.published import PUBLISHED, Hosts, Published, find
from dermdistill.errors import UserError, printable
from dermdistill.messages import inform
from dermdistill.progress import say

_SHOWN = 10


def list_published() -> str:
    """All data sets, for a person to choose from."""
    rows = [(each.name, each.images, each.size, each.licence.partition(", ")[0]) for each in PUBLISHED]
    return align([("name", "images", "size", "licence"), *rows])


def fetch_or_list(name: str | None, folder: Path | None) -> bool:
    """Download a data set, or list all; returns whether what was asked for is complete.

    Raises:
        UserError: no such data set, no folder given, or nothing can be downloaded.
        SystemExit: 130, on Ctrl-C.
    """
    if name is None:
        print(list_published())
        return True
    if folder is None:
        raise UserError(f"no folder given; say where the images go: dermdistill download {name} DIR")
    published = find(name)
    if published is None:
        print(list_published(), file=sys.stderr)
        raise UserError(f"{printable(name)}: no such data set; choose one of these")
    _announce(published)
    try:
        outcome = download(published, folder, Hosts(), Client(say))
    except KeyboardInterrupt:
        print("interrupted; the same command continues", file=sys.stderr)
        raise SystemExit(130) from None
    print(summary(published.name, folder, outcome))
    return outcome.is_complete


def _announce(published: Published) -> None:
    inform(f"{published.name}: images {published.images}; {published.size}")
    inform(f"licence: {published.licence}")
    for line in published.attribution:
        inform(f"attribution: {line}")


def summary(name: str, folder: Path, outcome: Outcome) -> str:
    """Whether a data set is complete, and all that was noticed."""
    found = outcome.completeness
    state = "complete" if outcome.is_complete else "NOT complete"
    lines = [f"{name}: {state} in {folder}; images: {found.images:,}, tables that name them: {found.tables}"]
    lines += _named("damaged files, set aside as .damaged and fetched again", outcome.damaged)
    lines += _named("missing images that a table names", found.missing)
    lines += _named("images that no table names", found.unlisted)
    lines += _named("extra files, not of this data set", outcome.extra_files)
    lines += [f"did not come: {line}" for line in outcome.failures[:_SHOWN]]
    if outcome.is_complete:
        lines.append(f"licence and attribution: {folder / NOTICE}; next: dermdistill data {folder}")
    else:
        lines.append("the same command fetches what is missing")
    return "\n".join(lines)


def _named(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"{what} ({len(names):,}): {', '.join(map(printable, names[:_SHOWN]))}{more}"]
