"""Do two separate sets of images differ in a figure? With a correction for many such questions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermdistill.evaluation.delong import auc_and_standard_error
from dermdistill.evaluation.estimates import Estimate
from dermdistill.evaluation.metrics import Bools, Floats
from dermdistill.evaluation.shares import Share, Z, clusters


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of one set of images and its standard error; NaN where undefined."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Gap:
    """The figure of one set minus that of another.

    Attributes:
        low, high: of the 95 % interval.
        p_value: two-sided, of no difference; NaN where the images say nothing.
    """

    value: float
    low: float
    high: float
    p_value: float


def mean_auc(label: Bools, probabilities: Sequence[Floats], lesion: Sequence[str]) -> Measured:
    """Mean AUC over seeds, with DeLong's standard error, lesions as clusters."""
    return Measured(*auc_and_standard_error(label, probabilities, lesion))


def mean_over_images(values: Floats, lesion: Sequence[str]) -> Measured:
    """Mean of ``(N,)``, with its standard error over lesions; NaN of a single lesion."""
    if len(values) == 0:
        return Measured(math.nan, math.nan)
    mean = float(values.mean())
    sums = np.bincount(clusters(lesion), values - mean)
    if len(sums) < 2:
        return Measured(mean, math.nan)
    variance = len(sums) / (len(sums) - 1) * float(sums @ sums) / len(values) ** 2
    return Measured(mean, math.sqrt(variance))


def as_estimate(measured: Measured) -> Estimate:
    """With a 95 % interval by the normal approximation; without one where there is a single lesion."""
    value, half = measured.value, Z * measured.standard_error
    if math.isnan(half):
        return Estimate(value=value, reason="no interval: all images are of one lesion")
    return Estimate(value=value, low=value - half, high=value + half)


def gap(a: Measured, b: Measured) -> Gap:
    """Figure of a minus that of b, by the normal approximation."""
    value = a.value - b.value
    error = math.hypot(a.standard_error, b.standard_error)
    return Gap(value, value - Z * error, value + Z * error, _two_sided(value, error))


def gap_of_shares(a: Share, b: Share) -> Gap:
    """Share a minus b: Newcombe's interval (1998, method 10), and p of the z test of two proportions."""
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    n, m = a.effective, b.effective
    pooled = (a.value * n + b.value * m) / (n + m) if n + m else math.nan
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)) if n and m else math.nan
    return Gap(value, low, high, _two_sided(value, error))


def _two_sided(value: float, error: float) -> float:
    if error == 0:
        return 1.0 if value == 0 else math.nan
    return math.erfc(abs(value) / error / math.sqrt(2))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values, in the order given (Holm 1979).

    Who claims all differences below 0.05 makes a wrong claim in at most 5 % of such families.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted
