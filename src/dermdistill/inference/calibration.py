"""Calibrated P(melanoma): the model's log-odds, rescaled; at another prevalence, shifted."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling (Platt 1999): ``log-odds' = slope * log-odds + intercept``.

    It never changes how images rank, so no AUC. Fitted in ``evaluation.platt``.

    Attributes:
        slope: above 0; 1 changes nothing.
        intercept: in natural log-odds; 0 changes nothing.

    Raises:
        ValueError: the slope is not above 0, or one of them is not finite.
    """

    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept) and self.slope > 0):
            raise ValueError(
                f"slope {self.slope} and intercept {self.intercept} must be finite, the slope above 0"
            )

    def of_melanoma(self, probability: Floats) -> Floats:
        """Calibrated P(melanoma), any shape."""
        return expit(self.slope * log_odds(probability) + self.intercept)

    def apply(self, probabilities: Floats, melanoma: int) -> Floats:
        """Calibrated class probabilities ``(N, C)``, rows summing to 1.

        P(melanoma) moves to its calibrated value; the other classes share the rest in their old proportions.

        Args:
            probabilities: ``(N, C)``, rows summing to 1.
            melanoma: the column of P(melanoma).
        """
        others = np.delete(probabilities, melanoma, axis=1).sum(axis=1)
        calibrated = self.of_melanoma(probabilities[:, melanoma])
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (1 - calibrated) / others
        # Nothing to share out where the model gave the others exactly nothing: all keep the same.
        result: Floats = np.where(
            others[:, None] > 0,
            probabilities * share[:, None],
            ((1 - calibrated) / max(probabilities.shape[1] - 1, 1))[:, None],
        )
        result[:, melanoma] = calibrated
        return result


def prevalence_shift(trained: float, wanted: float) -> Calibration:
    """What re-states P(melanoma) for people among whom melanoma is rarer or more frequent than in training.

    Bayes' rule under the assumption that melanomas look alike there and so do the other lesions; only their
    numbers differ (Saerens et al. 2002): the log-odds shift by the difference of those of the prevalences.

    Args:
        trained: share of melanomas where the model was calibrated.
        wanted: share of melanomas where it is to be used.

    Raises:
        ValueError: a prevalence is not strictly between 0 and 1.
    """
    if not (0 < trained < 1 and 0 < wanted < 1):
        raise ValueError(f"prevalences {trained} and {wanted} must lie strictly between 0 and 1")
    return Calibration(1.0, math.log(wanted / (1 - wanted)) - math.log(trained / (1 - trained)))


def log_odds(probability: Floats) -> Floats:
    """``ln(p / (1 - p))``; -inf at 0 and inf at 1."""
    with np.errstate(divide="ignore"):
        result: Floats = np.log(probability) - np.log1p(-np.asarray(probability))
    return result


def expit(value: Floats) -> Floats:
    """The inverse of ``log_odds``; never overflows."""
    result: Floats = np.exp(-np.logaddexp(0.0, -np.asarray(value)))
    return result
