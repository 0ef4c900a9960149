"""Bulk scoring on Ray Data: one model for each actor, one part of a ``ScoresFolder`` at a time.

Ray Data starts an actor again that died, and gives its part to another one. A part is written whole under a
name of its own, so it is there once however often it is scored.
"""

import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import ray
import ray.data
from ray.exceptions import RayTaskError

from dermdistill.cluster.connection import connected
from dermdistill.errors import UserError
from dermdistill.inference.scores_folder import Part, ScoresFolder
from dermdistill.inference.scores_table import Counts
from dermdistill.messages import is_verbose

_PARTS_A_CORE = 50
"""Parts that a core is given before the actors start anew: minutes of work, and their paths fit in memory."""


def score_parts(folder: ScoresFolder, parts: Iterable[Part], *, cluster: str) -> Iterator[Counts]:
    """Score parts on a cluster, in any order; the counts of each.

    Args:
        folder: where they are written; all nodes must reach it, and the photographs.
        parts: taken some at a time.
        cluster: see ``connection.connected``.

    Raises:
        UserError: no such cluster; a part cannot be written.
    """
    with connected(cluster):
        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))  # type: ignore[no-untyped-call]
        _quieten()
        remaining = iter(parts)
        while some := list(islice(remaining, _PARTS_A_CORE * cores)):
            yield from _scored(folder, some, cores)


def _scored(folder: ScoresFolder, parts: list[Part], cores: int) -> Iterator[Counts]:
    # Held here as long as the actors live: one that starts again takes it anew.
    reference = ray.put(folder)
    actors = min(cores, len(parts))
    rows = [{"number": part.number, "paths": list(part.paths)} for part in parts]
    scored = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        _Scorer,
        fn_constructor_args=(reference,),
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=actors, initial_size=actors),
    )
    try:
        for row in scored.iter_rows():
            yield Counts(int(row["rows"]), int(row["flagged"]), int(row["errors"]), int(row["referred"]))
    except RayTaskError as error:
        cause = _user_error(error)
        if cause is None:
            raise
        raise cause from error


class _Scorer:
    """An actor with the model."""

    def __init__(self, folder: Any) -> None:
        self._folder: ScoresFolder = ray.get(folder)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[int]]:
        found = [
            self._folder.score(Part(int(number), tuple(map(str, paths))), workers=1)
            for number, paths in zip(batch["number"], batch["paths"], strict=True)
        ]
        return {
            "rows": [counts.rows for counts in found],
            "flagged": [counts.flagged for counts in found],
            "errors": [counts.errors for counts in found],
            "referred": [counts.referred for counts in found],
        }


def _user_error(error: BaseException | None) -> UserError | None:
    """The user's mistake behind an error of Ray Data, which wraps it."""
    while error is not None:
        if isinstance(error, UserError) and not isinstance(error, RayTaskError):
            return error
        error = getattr(error, "cause", None) or error.__cause__
    return None


def _quieten() -> None:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = is_verbose()
    context.print_on_execution_start = is_verbose()
    if not is_verbose():
        for name in ("ray.data", "ray"):
            logging.getLogger(name).setLevel(logging.ERROR)
