"""Shares of images, such as a sensitivity, with intervals that hold for few images and near 0 and 1.

The interval is Wilson's (1927) with an effective number of images: photographs of one lesion are not
independent, so their number is divided by the design effect (Rao and Scott 1992; Franco et al. 2019 compare
such intervals).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermdistill.evaluation.estimates import Estimate
from dermdistill.evaluation.metrics import Floats

Z = 1.959963984540054
"""Of a two-sided interval of 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """``part / whole`` of some images.

    Attributes:
        value: in [0, 1]; NaN where ``whole`` is empty.
        effective: number of independent images that would be as informative; 0 where there is none.
    """

    value: float
    effective: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval."""
        return self._bound(-1)

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self._bound(1)

    def _bound(self, side: int) -> float:
        if not self.effective:
            return math.nan
        n, p = self.effective, self.value
        centre, half = p + Z**2 / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
        return min(1.0, max(0.0, (centre + side * half) / (1 + Z**2 / n)))

    def estimate(self, why_undefined: str) -> Estimate:
        """With its interval, or the reason why it is undefined."""
        if math.isnan(self.value):
            return Estimate(value=None, reason=why_undefined)
        return Estimate(value=self.value, low=self.low, high=self.high)

    @property
    def complement(self) -> "Share":
        """The share of the others."""
        return Share(1 - self.value, self.effective)


def share(part: Floats, whole: Floats, lesion: Sequence[str]) -> Share:
    """Part of the whole, both ``(N,)`` in [0, 1] with ``part <= whole``; over several seeds, means of them.

    The design effect is the variance of the ratio over lesions divided by that over images, and at least 1.
    Where all images say the same it cannot be estimated, and each lesion counts once.
    """
    total = float(whole.sum())
    if total == 0:
        return Share(math.nan, 0.0)
    value = min(1.0, max(0.0, float(part.sum()) / total))
    residual = part - value * whole
    cluster = clusters(lesion)
    within = float(residual @ residual)
    if within < 1e-12 * total:
        return Share(value, min(total, float(len(np.unique(cluster[whole > 0])))))
    between = float((np.bincount(cluster, residual) ** 2).sum())
    return Share(value, total / max(1.0, between / within))


def clusters(lesion: Sequence[str]) -> NDArray[np.intp]:
    """``(N,)``: the number of each image's lesion, from 0."""
    found: NDArray[np.intp] = np.unique(np.asarray(lesion), return_inverse=True)[1]
    return found
