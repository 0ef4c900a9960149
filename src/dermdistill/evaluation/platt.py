"""Fit the calibration of a model on its validation images."""

import numpy as np

from dermdistill.evaluation.logistic import fit_logistic, smoothed
from dermdistill.evaluation.metrics import Bools, Floats
from dermdistill.inference.calibration import Calibration, log_odds

# A probability of exactly 0 or 1 has no finite log-odds; float32 softmax gives such.
_LARGEST_LOG_ODDS = 30.0


def fit_calibration(label: Bools, probability: Floats) -> Calibration:
    """Platt scaling that makes the validation labels most likely.

    Logistic regression of the label on the log-odds, with Platt's (1999) smoothed targets
    (``logistic.smoothed``), so that a perfect separation stays finite.

    Args:
        label: ``(N,)``, True for melanoma.
        probability: ``(N,)``, P(melanoma) of the uncalibrated model.

    Returns:
        The calibration; one that changes nothing where the images are of one class only, where all
        probabilities are equal, or where a higher probability means fewer melanomas (the slope would be
        negative and turn the model around).
    """
    x = np.clip(log_odds(probability), -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
    if label.all() or not label.any() or np.ptp(x) == 0:
        return Calibration()
    spread = float(x.std())
    design = np.stack([x / spread, np.ones_like(x)], axis=1)
    weights = fit_logistic(design, smoothed(label), np.zeros(2))
    slope, intercept = float(weights[0]) / spread, float(weights[1])
    return Calibration(slope, intercept) if slope > 0 else Calibration()
