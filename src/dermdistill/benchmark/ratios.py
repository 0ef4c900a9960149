"""From the times of calls to figures that survive a machine whose speed drifts."""

from collections.abc import Sequence
from statistics import median

import numpy as np

from dermdistill.benchmark.measurements import Ratio

Rounds = Sequence[Sequence[float]]
"""Seconds of the calls of one model and batch size, by round; every round has at least one."""

_LOW, _HIGH = 0.05, 0.95

LEAST_ROUNDS = 5
"""With fewer, no spread is given."""


def time_ratio(mine: Rounds, theirs: Rounds, to: str) -> Ratio:
    """The time of a model as a multiple of another's (see ``measurements.Ratio``).

    Within a round the two were measured close to each other, so what slows the whole machine for longer than
    a round cancels; the median within a round drops single slow calls, the median over rounds a round in
    which the load changed between the two.

    Args:
        mine: of the model.
        theirs: of the reference, as many rounds.
        to: the reference's name.

    Raises:
        ValueError: another number of rounds.
    """
    of_rounds = [a / b for a, b in zip(medians(mine), medians(theirs), strict=True)]
    if len(of_rounds) < LEAST_ROUNDS:
        return Ratio(to=to, value=median(of_rounds))
    low, high = np.quantile(of_rounds, (_LOW, _HIGH))
    return Ratio(to=to, value=median(of_rounds), low=float(low), high=float(high))


def medians(rounds: Rounds) -> list[float]:
    """The median call of each round."""
    return [median(calls) for calls in rounds]


def percentiles(rounds: Rounds) -> tuple[float, float]:
    """50 % and 95 % quantile of all calls of all rounds, seconds."""
    middle, late = np.quantile([seconds for calls in rounds for seconds in calls], (0.5, 0.95))
    return float(middle), float(late)
