"""What training images look like, to recognise an image that is unlike them, or blurred.

The statistics are taken of the image as the network sees it, resized to its input: three channel means, three
channel standard deviations and the sharpness (`STATISTICS`). An exported model computes them beside its
probabilities. They catch what is plainly not a dermoscopic photograph of the kind trained on (a document, an
empty field, another colour cast), not a lesion of an unknown kind.
"""

import math
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

_FAR_QUANTILE = 0.99
_BLURRED_QUANTILE = 0.001


@dataclass(frozen=True, slots=True)
class Reference:
    """The training images' statistics.

    Attributes:
        mean: of each statistic.
        precision: inverse of their covariance.
        far: Mahalanobis distance that one training image in a hundred exceeds.
        blurred: log sharpness that one training image in a thousand falls short of.
    """

    mean: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    far: float
    blurred: float

    @classmethod
    def of(cls, statistics: Floats) -> "Reference":
        """From the statistics ``(N, 7)`` of the training images.

        Raises:
            ValueError: fewer images than statistics, or an image whose statistics are not finite.
        """
        if len(statistics) <= len(STATISTICS) or not np.isfinite(statistics).all():
            raise ValueError(
                f"statistics {statistics.shape} of training images: expected finite ones of more than "
                f"{len(STATISTICS)} images"
            )
        centre = statistics.mean(axis=0)
        # Images of one colour each would make the covariance singular.
        spread = np.cov(statistics, rowvar=False) + 1e-9 * np.eye(len(STATISTICS))
        precision = np.linalg.inv(spread).astype(np.float64)
        distances = _distances(statistics, centre, precision)
        return cls(
            mean=tuple(map(float, centre)),
            precision=tuple(tuple(map(float, row)) for row in precision),
            far=float(np.quantile(distances, _FAR_QUANTILE)),
            blurred=float(np.quantile(statistics[:, -1], _BLURRED_QUANTILE)),
        )

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Reference":
        """From JSON; raises ValueError, KeyError or TypeError where it is damaged."""
        mean = tuple(map(float, content["mean"]))
        precision = tuple(tuple(map(float, row)) for row in content["precision"])
        if {len(mean), len(precision), *map(len, precision)} != {len(STATISTICS)}:
            raise ValueError(f"reference: expected {len(STATISTICS)} statistics")
        return cls(mean, precision, float(content["far"]), float(content["blurred"]))

    def distance(self, statistics: Floats) -> float:
        """Mahalanobis distance of one image's statistics ``(7,)`` from the training images'."""
        # Without NumPy, which takes ten times as long for so few numbers.
        offset = [value - mean for value, mean in zip(statistics.tolist(), self.mean, strict=True)]
        squared = sum(
            own * sum(weight * other for weight, other in zip(row, offset, strict=True))
            for own, row in zip(offset, self.precision, strict=True)
        )
        return math.sqrt(max(squared, 0.0))

    def warnings(self, statistics: Floats) -> tuple[str, ...]:
        """What is odd about one image, from its statistics ``(7,)``."""
        found = []
        if statistics[-1] < self.blurred:
            found.append("blurred: less sharp than 99.9 % of the training images")
        if self.distance(statistics) > self.far:
            found.append("unusual brightness, colour or contrast: more so than 99 % of the training images")
        return tuple(found)


def _distances(statistics: Floats, mean: Floats, precision: Floats) -> Floats:
    offset = statistics - mean
    squared: Floats = np.einsum("ni,ij,nj->n", offset, precision, offset)
    return np.sqrt(np.maximum(squared, 0))
