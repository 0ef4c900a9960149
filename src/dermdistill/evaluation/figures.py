"""Which figures an evaluation holds.

Each is named by its path in the result: ``auc``, ``operating_points/youden/melanoma/precision``, ...
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dermdistill.evaluation.calibration import bin_gaps, mean_gaps
from dermdistill.evaluation.intervals import CHANCE
from dermdistill.evaluation.metrics import Confusion, Floats, Labels, Ranking, squared_error, weighted_mean
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.results import RATES, OperatingPoint
from dermdistill.evaluation.thresholds import called_melanoma


class Figures:
    """All figures of one model on one set of images, as a function of the weight of each image.

    What does not depend on the weights is worked out once.
    """

    def __init__(self, predictions: Predictions, points: Sequence[OperatingPoint]) -> None:
        self._label = predictions.label
        self._ranking = Ranking.of(self._label, predictions.probability)
        self._squared_error = squared_error(self._label, predictions.probability)
        self._gaps = bin_gaps(self._label, predictions.probability)
        self._unweighted_gaps = mean_gaps(self._gaps, np.ones(len(self._label)))
        self._called = {point.name: called_melanoma(predictions, point) for point in points}

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        """The figures by name, each of shape ``(...)`` for ``weights`` ``(..., N)``."""
        roc = self._ranking.count(weights)
        gaps = mean_gaps(self._gaps, weights)
        figures = {
            "auc": roc.auc(),
            "auprc": roc.average_precision(),
            "brier": weighted_mean(self._squared_error, weights),
            "ece": np.abs(gaps).sum(axis=-1),
            f"ece{CHANCE}": np.abs(gaps - self._unweighted_gaps).sum(axis=-1),
        }
        for rate in RATES:
            figures[f"sensitivity_at_specificity/{rate}"] = roc.sensitivity_at_specificity(float(rate))
            figures[f"specificity_at_sensitivity/{rate}"] = roc.specificity_at_sensitivity(float(rate))
        for point, called in self._called.items():
            for name, value in _of_confusion(Confusion.of(self._label, called, weights)).items():
                figures[f"operating_points/{point}/{name}"] = value
        return figures


def _of_confusion(confusion: Confusion) -> dict[str, Floats]:
    return {
        "sensitivity": confusion.sensitivity(),
        "specificity": confusion.specificity(),
        "accuracy": confusion.accuracy(),
        "balanced_accuracy": confusion.balanced_accuracy(),
        **class_figures(confusion),
    }


def class_figures(confusion: Confusion) -> dict[str, Floats]:
    """Precision, recall and F1 of both classes."""
    other = confusion.other_side
    return {
        "melanoma/precision": confusion.precision(),
        "melanoma/recall": confusion.sensitivity(),
        "melanoma/f1": confusion.f1(),
        "other/precision": other.precision(),
        "other/recall": other.sensitivity(),
        "other/f1": other.f1(),
    }


def why_undefined(name: str, label: Labels) -> str:
    """The reason, in words, for a figure that is NaN on images with labels ``(N,)``."""
    if name.endswith("melanoma/precision"):
        return "no image is called melanoma"
    if name.endswith("other/precision"):
        return "every image is called melanoma"
    return "every image is melanoma" if label.any() else "no melanoma among the images"


def nest(figures: Mapping[str, object]) -> dict[str, Any]:
    """The figures as nested dictionaries, one level for each ``/`` in their names."""
    nested: dict[str, Any] = {}
    for name, figure in figures.items():
        *parents, last = name.split("/")
        level = nested
        for parent in parents:
            level = level.setdefault(parent, {})
        level[last] = figure
    return nested
