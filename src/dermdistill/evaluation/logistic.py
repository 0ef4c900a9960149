"""Logistic regression with an L2 penalty, by Newton's method."""

import numpy as np

from dermdistill.evaluation.metrics import Bools, Floats
from dermdistill.inference.calibration import expit

_STEPS = 100
_CLOSE_ENOUGH = 1e-10
_SMALLEST_STEP = 1e-6
# Keeps a column that says nothing from making the curvature singular.
_FLOOR = 1e-12


def fit_logistic(design: Floats, target: Floats, penalty: Floats) -> Floats:
    """The weights ``(D,)`` that make ``target`` most likely under ``expit(design @ weights)``.

    Minimises ``sum(cross-entropy) + sum(penalty * weights ** 2) / 2`` with halved Newton steps.

    Args:
        design: ``(N, D)``, columns of about the same spread.
        target: ``(N,)``, strictly between 0 and 1, so that a perfect separation has finite weights.
        penalty: ``(D,)``, 0 for a weight that is not drawn towards 0, such as an intercept.
    """
    weights = np.zeros(design.shape[1])
    loss = _loss(design, target, penalty, weights)
    for _ in range(_STEPS):
        fitted = expit(design @ weights)
        gradient = design.T @ (fitted - target) + penalty * weights
        curvature = design.T @ (design * (fitted * (1 - fitted))[:, None]) + np.diag(penalty + _FLOOR)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while (reached := _loss(design, target, penalty, weights - size * step)) > loss:
            size /= 2
            if size < _SMALLEST_STEP:
                return weights
        weights, loss = weights - size * step, reached
        if np.abs(size * step).max() < _CLOSE_ENOUGH:
            break
    return weights


def smoothed(label: Bools) -> Floats:
    """Platt's (1999) targets ``(N,)``: ``(n_melanoma + 1) / (n_melanoma + 2)`` and ``1 / (n_other + 2)``."""
    melanoma = int(label.sum())
    other = len(label) - melanoma
    return np.where(label, (melanoma + 1) / (melanoma + 2), 1 / (other + 2))


def _loss(design: Floats, target: Floats, penalty: Floats, weights: Floats) -> float:
    value = design @ weights
    return float((np.logaddexp(0.0, value) - target * value).sum() + penalty @ weights**2 / 2)
