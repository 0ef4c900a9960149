"""Does the exported file say what the trained network says? Compared on real images, paired."""

from collections.abc import Sequence

import numpy as np

from dermdistill.evaluation.evaluate import compare, evaluate
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.results import Estimate, Evaluation, OperatingPoint
from dermdistill.evaluation.thresholds import called_melanoma
from dermdistill.json_files import Frozen


class PointParity(Frozen):
    """One operating point before and after, each with its own threshold chosen on validation.

    Attributes:
        changed: how many of the images get another decision.
    """

    name: str
    threshold_before: float | None
    threshold_after: float | None
    sensitivity_before: Estimate
    sensitivity_after: Estimate
    specificity_before: Estimate
    specificity_after: Estimate
    changed: int


class Parity(Frozen):
    """An exported model against what it was made from, on the same images.

    Attributes:
        before, after: which models.
        bytes: size of the exported file.
        images: how many were compared.
        largest_difference, mean_difference: of P(melanoma), absolute.
        largest_of_any_class: of the probability of any class, absolute; no decision rests on the others.
        tolerance: the largest difference of P(melanoma) that is let through.
        resize_difference: the largest difference between the exported model's answers to the photographs,
            which it resizes itself, and to the same resized as in training; of P(melanoma).
        delta_auc: AUC after minus before, paired.
        ece_after: of the calibrated probabilities.
        points: the operating points.
    """

    before: str
    after: str
    bytes: int
    images: int
    largest_difference: float
    mean_difference: float
    largest_of_any_class: float
    tolerance: float
    resize_difference: float
    auc_before: Estimate
    auc_after: Estimate
    delta_auc: Estimate
    ece_after: Estimate
    points: tuple[PointParity, ...]

    @property
    def holds(self) -> bool:
        """Whether no P(melanoma) moved by more than the tolerance."""
        return self.largest_difference <= self.tolerance


def measure(
    before: tuple[str, Predictions, Sequence[OperatingPoint]],
    after: tuple[str, Predictions, Sequence[OperatingPoint]],
    *,
    size: int,
    tolerance: float,
    photographs: Predictions,
    replicates: int,
) -> Parity:
    """Compare two models' names, predictions of the same images in one order, and operating points.

    Args:
        before: what the export was made from.
        after: the exported model.
        photographs: what the exported model says when it resizes the photographs itself.
        size: of its file, bytes.
        tolerance: the largest difference of P(melanoma) that is let through.
        replicates: bootstrap resamples of the intervals.
    """
    differences = np.abs(before[1].probability - after[1].probability)
    of_any_class = np.abs(_probabilities(before[1]) - _probabilities(after[1]))
    of_resizing = np.abs(photographs.probability - after[1].probability)
    of_before = evaluate(before[1], before[2], replicates=replicates)
    of_after = evaluate(after[1], after[2], replicates=replicates)
    paired = compare([after[1]], [before[1]], names=(after[0], before[0]), replicates=replicates)
    return Parity(
        before=before[0],
        after=after[0],
        bytes=size,
        images=len(before[1]),
        largest_difference=float(differences.max()),
        mean_difference=float(differences.mean()),
        largest_of_any_class=float(of_any_class.max()),
        tolerance=tolerance,
        resize_difference=float(of_resizing.max()),
        auc_before=of_before.auc,
        auc_after=of_after.auc,
        delta_auc=paired.delta_auc,
        ece_after=of_after.ece,
        points=_points(before, after, of_before, of_after),
    )


def _points(
    before: tuple[str, Predictions, Sequence[OperatingPoint]],
    after: tuple[str, Predictions, Sequence[OperatingPoint]],
    of_before: Evaluation,
    of_after: Evaluation,
) -> tuple[PointParity, ...]:
    named = {point.name: point for point in after[2]}
    return tuple(
        PointParity(
            name=point.name,
            threshold_before=point.threshold,
            threshold_after=named[point.name].threshold,
            sensitivity_before=of_before.operating_points[point.name].sensitivity,
            sensitivity_after=of_after.operating_points[point.name].sensitivity,
            specificity_before=of_before.operating_points[point.name].specificity,
            specificity_after=of_after.operating_points[point.name].specificity,
            changed=int(
                (called_melanoma(before[1], point) != called_melanoma(after[1], named[point.name])).sum()
            ),
        )
        for point in before[2]
        if point.name in named
    )


def _probabilities(table: Predictions) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if table.class_probabilities is not None:
        return table.class_probabilities
    return table.probability[:, None]
