"""Exact statements about a share, such as a sensitivity, from independent cases."""

import math
from collections.abc import Callable

import numpy as np

from dermdistill.evaluation.metrics import Floats

CONFIDENCE = 0.95

_HALVINGS = 60


def at_most(misses: int, cases: int, share: float) -> float:
    """P(no more than ``misses`` of ``cases``), each a miss with probability ``share``; 1 at ``cases``."""
    if misses >= cases or share <= 0:
        return 1.0
    if misses < 0 or share >= 1:
        return 0.0
    return float(np.exp(_log_terms(misses, cases, share)).sum().clip(0, 1))


def exact_interval(found: int, cases: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of Clopper and Pearson (1934) for a share, from ``found`` of ``cases``.

    It covers at least ``confidence``, whatever the share. NaN of no case.
    """
    if cases == 0:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low = 0.0 if found == 0 else _where(lambda share: 1 - at_most(found - 1, cases, share), tail)
    high = 1.0 if found == cases else _where(lambda share: 1 - at_most(found, cases, share), 1 - tail)
    return low, high


def cases_for_width(share: float, width: float) -> int:
    """About how many cases the exact interval of a share needs to be no wider than ``width``.

    Args:
        share: that is expected, in [0, 1].
        width: of the whole interval, above 0.
    """
    low, high = 1, 2
    while _width(share, high) > width:
        low, high = high, 2 * high
    while low < high:
        cases = (low + high) // 2
        low, high = (low, cases) if _width(share, cases) <= width else (cases + 1, high)
    return low


def _width(share: float, cases: int) -> float:
    low, high = exact_interval(round(share * cases), cases)
    return high - low


def _log_terms(misses: int, cases: int, share: float) -> Floats:
    """Logarithms of the binomial probabilities of 0 to ``misses``."""
    k = np.arange(misses + 1)
    # One more miss: (cases - k + 1) / k times as many ways.
    ways = np.concatenate([[0.0], np.cumsum(np.log((cases - k[1:] + 1) / k[1:]))])
    terms: Floats = ways + k * math.log(share) + (cases - k) * math.log1p(-share)
    return terms


def _where(rising: Callable[[float], float], value: float) -> float:
    """The share at which a function that rises with it has a value."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2
