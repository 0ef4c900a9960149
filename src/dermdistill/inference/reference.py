"""How sharp training images are, to recognise an image that is blurred.

The statistics are taken of the image as the network sees it, resized to its input: three channel means, three
channel standard deviations and the sharpness (`STATISTICS`). An exported model computes them beside its
probabilities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STATISTICS = (
    *("mean red", "mean green", "mean blue"),
    *("deviation red", "deviation green", "deviation blue"),
    "log sharpness",
)
"""Means and deviations on the scale 0..1; sharpness is the mean square of the Laplacian of luminance."""

LUMINANCE = (0.299, 0.587, 0.114)
SHARPNESS_FLOOR = 1e-8
"""Added before the logarithm, so that an image of one colour has a finite one."""

_BLURRED_QUANTILE = 0.001


@dataclass(frozen=True, slots=True)
class Reference:
    """How sharp the training images are.

    Attributes:
        blurred: log sharpness that one training image in a thousand falls short of.
    """

    blurred: float

    @classmethod
    def of(cls, statistics: Floats) -> "Reference":
        """From the statistics ``(N, 7)`` of training images; raises ValueError where one is not finite."""
        if not len(statistics) or not np.isfinite(statistics).all():
            raise ValueError(f"statistics {statistics.shape} of training images: expected finite ones")
        return cls(blurred=float(np.quantile(statistics[:, -1], _BLURRED_QUANTILE)))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Reference":
        """From JSON, of earlier versions too; ValueError, KeyError or TypeError where it is damaged."""
        return cls(float(content["blurred"]))

    def warnings(self, statistics: Floats) -> tuple[str, ...]:
        """What is odd about one image, from its statistics ``(7,)``."""
        if statistics[-1] < self.blurred:
            return ("blurred: less sharp than 99.9 % of the training images",)
        return ()
