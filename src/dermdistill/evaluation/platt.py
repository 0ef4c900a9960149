"""Fit the calibration of a model on its validation images."""

import numpy as np

from dermdistill.evaluation.metrics import Bools, Floats
from dermdistill.inference.calibration import Calibration, expit, log_odds

_STEPS = 100
_CLOSE_ENOUGH = 1e-10
# A probability of exactly 0 or 1 has no finite log-odds; float32 softmax gives such.
_LARGEST_LOG_ODDS = 30.0


def fit_calibration(label: Bools, probability: Floats) -> Calibration:
    """Platt scaling that makes the validation labels most likely.

    Logistic regression of the label on the log-odds, with Platt's (1999) smoothed targets
    ``(n_melanoma + 1) / (n_melanoma + 2)`` and ``1 / (n_other + 2)``, so that a perfect separation stays
    finite. Newton's method with halved steps.

    Args:
        label: ``(N,)``, True for melanoma.
        probability: ``(N,)``, P(melanoma) of the uncalibrated model.

    Returns:
        The calibration; one that changes nothing where the images are of one class only, where all
        probabilities are equal, or where a higher probability means fewer melanomas (the slope would be
        negative and turn the model around).
    """
    melanoma = int(label.sum())
    other = len(label) - melanoma
    x = np.clip(log_odds(probability), -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
    if not melanoma or not other or np.ptp(x) == 0:
        return Calibration()
    target = np.where(label, (melanoma + 1) / (melanoma + 2), 1 / (other + 2))
    # Started from a slope of 0 and log-odds of spread 1, where the curvature is never near nothing.
    spread = float(x.std())
    design = np.stack([x / spread, np.ones_like(x)], axis=1)
    weights = np.array([0.0, np.log(target.mean() / (1 - target.mean()))])
    for _ in range(_STEPS):
        fitted = expit(design @ weights)
        gradient = design.T @ (fitted - target)
        curvature = design.T @ (design * (fitted * (1 - fitted))[:, None]) + 1e-12 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-6 and _loss(design @ (weights - size * step), target) > _loss(
            design @ weights, target
        ):
            size /= 2
        weights = weights - size * step
        if np.abs(size * step).max() < _CLOSE_ENOUGH:
            break
    slope, intercept = float(weights[0]) / spread, float(weights[1])
    return Calibration(slope, intercept) if slope > 0 else Calibration()


def _loss(value: Floats, target: Floats) -> float:
    """Cross-entropy of log-odds ``value`` with probabilities ``target``, summed."""
    return float((np.logaddexp(0.0, value) - target * value).sum())
