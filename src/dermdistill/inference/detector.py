"""When a picture is taken for something else than a dermoscopic photograph.

A model file answers that beside its probabilities, with two numbers for a picture (``export.detector``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_DERMOSCOPIC = "not a dermoscopic photograph?"
"""The warning; where it stands, people are shown no decision."""


@dataclass(frozen=True, slots=True)
class DetectorLimits:
    """Above which answers of the detector a picture is warned of.

    Attributes:
        log_odds: of its being something else, by a classifier fitted on dermoscopic and other pictures.
        distance: of its features from those of the training images, for what is like no kind.
    """

    log_odds: float
    distance: float

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "DetectorLimits":
        """From JSON; raises ValueError, KeyError or TypeError where it is damaged."""
        return cls(float(content["log_odds"]), float(content["distance"]))

    def exceeded(self, answers: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the answers ``(..., 2)``, log-odds and distance, are above a limit ``(...)``."""
        return np.asarray((answers > (self.log_odds, self.distance)).any(axis=-1))
