"""Progress bars: on a terminal only, so that a log holds no frames of them."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

from dermdistill.messages import is_quiet


def bar(
    items: Iterable[Any] | None = None,
    *,
    label: str | None,
    unit: str,
    total: int | None = None,
    done: int = 0,
    delay: float = 0,
    hidden: bool = False,
) -> "tqdm[Any]":
    """A bar on stderr, gone when it is full.

    Args:
        items: to pass through; None where the caller says ``update``.
        label: before the bar.
        unit: of what is counted; "B" are bytes, shown as kB, MB, GB.
        total: how many; by default as many as there are items, if they know.
        done: how many were done before.
        delay: seconds that pass before it appears.
        hidden: show none on a terminal either.
    """
    return tqdm(
        items,
        desc=label,
        total=total,
        initial=done,
        unit=unit,
        unit_scale=unit == "B",
        delay=delay,
        leave=False,
        disable=True if hidden or is_quiet() else None,  # None: where stderr is not a terminal
    )


def say(text: str) -> None:
    """Print a line on stderr, above the bar if one is shown; nothing with ``--quiet``."""
    if not is_quiet():
        tqdm.write(text, file=sys.stderr)
