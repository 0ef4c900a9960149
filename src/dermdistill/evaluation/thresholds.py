"""Operating points: thresholds on P(melanoma), chosen on validation images only."""

import math
from collections.abc import Iterable

import numpy as np

from dermdistill.evaluation.estimates import RATES, OperatingPoint
from dermdistill.evaluation.metrics import Bools, Floats, Ranking
from dermdistill.evaluation.predictions import Predictions
from dermdistill.inference.model_info import ChosenThreshold
from dermdistill.records import MELANOMA


def operating_points(validation: Predictions) -> tuple[OperatingPoint, ...]:
    """Choose the operating points of a model.

    - ``argmax``: fixed, the most probable class is melanoma.
    - ``youden``: the largest sensitivity + specificity - 1 (Youden 1950).
    - ``specificity_0.80``, ``_0.90``, ``_0.95``: the most sensitive with at least that specificity.
    - ``sensitivity_0.80``, ``_0.90``, ``_0.95``: the most specific with at least that sensitivity.

    Thresholds lie midway between two neighbouring probabilities of the validation images, so that a rounding
    rounding error of another runtime changes no call. Of equal choices the more sensitive is taken.

    Args:
        validation: rows of the validation split; none of the test split.

    Returns:
        All eight; ``argmax`` alone when the images are not of both classes: nothing can be chosen on them.
    """
    label, probability = validation.label, validation.probability
    argmax = OperatingPoint(name="argmax", threshold=None if validation.classes else 0.5, chosen_on="fixed")
    if not label.any() or label.all():
        return (argmax,)
    choice = _Choice(label, probability)
    return (
        argmax,
        choice.youden(),
        *(choice.at_specificity(rate) for rate in RATES),
        *(choice.at_sensitivity(rate) for rate in RATES),
    )


def to_store(points: Iterable[OperatingPoint]) -> tuple[ChosenThreshold, ...]:
    """The operating points as they travel inside a model file."""
    return tuple(ChosenThreshold(p.name, p.threshold, p.sensitivity, p.specificity) for p in points)


def stored(points: Iterable[ChosenThreshold]) -> list[OperatingPoint]:
    """The inverse of ``to_store``."""
    return [
        OperatingPoint(
            name=point.name,
            threshold=point.threshold,
            chosen_on="fixed" if point.sensitivity is None else "val",
            sensitivity=point.sensitivity,
            specificity=point.specificity,
        )
        for point in points
    ]


def called_melanoma(predictions: Predictions, point: OperatingPoint) -> Bools:
    """``(N,)``: True where the operating point calls the image melanoma.

    Raises:
        ValueError: the point needs class probabilities and the predictions have none.
    """
    if point.threshold is not None:
        return predictions.probability >= point.threshold
    if predictions.class_probabilities is None:
        raise ValueError(f"operating point {point.name} needs the probabilities of all diagnoses")
    melanoma = predictions.classes.index(MELANOMA)
    return np.array(predictions.class_probabilities.argmax(axis=1) == melanoma)


class _Choice:
    """Every choice of one validation set: to call the g highest distinct probabilities melanoma, g from 0."""

    def __init__(self, label: Bools, probability: Floats) -> None:
        ranking = Ranking.of(label, probability)
        self._counts = ranking.count(np.ones(len(label)))
        self._probability = ranking.probability

    def youden(self) -> OperatingPoint:
        found, false = self._counts.melanoma, self._counts.other
        # Whole numbers, so that equal choices compare equal.
        gain = found * false[-1] - false * found[-1]
        return self._point("youden", np.flatnonzero(gain == gain.max())[-1])

    def at_specificity(self, rate: str) -> OperatingPoint:
        allowed = self._counts.has_specificity(float(rate))
        found = np.where(allowed, self._counts.melanoma, -1.0)
        return self._point(f"specificity_{rate}", np.flatnonzero(found == found.max())[0])

    def at_sensitivity(self, rate: str) -> OperatingPoint:
        enough = self._counts.has_sensitivity(float(rate))
        false = np.where(enough, self._counts.other, np.inf)
        return self._point(f"sensitivity_{rate}", np.flatnonzero(false == false.min())[-1])

    def _point(self, name: str, called: np.intp) -> OperatingPoint:
        found, false = self._counts.melanoma, self._counts.other
        return OperatingPoint(
            name=name,
            threshold=self._threshold(int(called)),
            chosen_on="val",
            sensitivity=float(found[called] / found[-1]),
            specificity=float(1 - false[called] / false[-1]),
        )

    def _threshold(self, called: int) -> float:
        """Calls the ``called`` highest distinct probabilities melanoma and the next one not."""
        lowest_called = float(self._probability[called - 1]) if called else 1.0
        next_lower = float(self._probability[called]) if called < len(self._probability) else 0.0
        if not called and next_lower == 1.0:
            return math.nextafter(1.0, 2.0)
        midway = (lowest_called + next_lower) / 2
        # Neighbouring floats have nothing between them.
        return midway if midway > next_lower else lowest_called
