"""How long a whole command takes for a number of images: measured, or extrapolated beyond the noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from dermdistill.benchmark.measurements import DiskTime, Runtime

LEAST_TURNS = 3
"""With fewer, the noise is unknown and nothing is extrapolated."""

_LEAST_SIGNAL = 2
"""The rise with the number of images must be more than so many times its spread over the turns."""


@dataclass(frozen=True, slots=True)
class EstimatedTime:
    """Seconds of a whole command.

    Attributes:
        seconds: median of the turns.
        low, high: the least and the greatest that a single turn gives; None where it was measured itself.
        how: the number of images that ``seconds`` comes from, in words such as ``extrapolated from 1,000``;
            None where it was measured itself.
    """

    seconds: float
    low: float | None = None
    high: float | None = None
    how: str | None = None


def disk_time(model: str, runtime: Runtime, images: int, turns: Sequence[tuple[float, float]]) -> DiskTime:
    """What the turns say, at least one: each the seconds for one image and for ``images``."""
    seconds = median(of_all for _, of_all in turns)
    return DiskTime(
        model=model,
        runtime=runtime,
        images=images,
        seconds=seconds,
        start_seconds=median(of_one for of_one, _ in turns),
        images_per_second=images / seconds,
        rises=tuple(of_all - of_one for of_one, of_all in turns),
    )


def time_for(images: int, disk: DiskTime) -> EstimatedTime | None:
    """The time of a command that predicts so many images.

    Args:
        images: how many.
        disk: what was measured.

    Returns:
        The measured time where as many were predicted; else by a straight line through the times of one image
        and of ``disk.images``. None where there is no such line: see ``why_unknown``.
    """
    if images == disk.images:
        return EstimatedTime(disk.seconds)
    if why_unknown(disk) is not None:
        return None
    share = (images - 1) / (disk.images - 1)
    middle, low, high = (
        disk.start_seconds + share * rise for rise in (median(disk.rises), min(disk.rises), max(disk.rises))
    )
    word = "extrapolated" if images > disk.images else "interpolated"
    return EstimatedTime(middle, low, high, f"{word} from {disk.images:,}")


def why_unknown(disk: DiskTime) -> str | None:
    """Why nothing can be extrapolated from a measurement; None where it can."""
    if len(disk.rises) < LEAST_TURNS:
        return f"measured in fewer than {LEAST_TURNS} turns"
    if median(disk.rises) <= _LEAST_SIGNAL * (max(disk.rises) - min(disk.rises)):
        return "the time of more images is within the noise"
    return None
