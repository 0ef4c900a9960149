"""The figures of a binary classifier; melanoma is the positive class, and what is undefined is NaN.

The functions at the top take one set of images. Beneath them, `Ranking` and `Confusion` count the same images
under many weightings at once, which is what makes a bootstrap of thousands of resamples cheap.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# A share such as (1 - 0.9) * 10 misses the whole number it stands for by rounding.
_ROUNDING = 1e-9


def auc(label: Bools, probability: Floats) -> float:
    """Area under the ROC curve: P(a melanoma scores above another image), ties counting one half.

    ``label`` ``(N,)`` is True for melanoma, ``probability`` is ``(N,)``. NaN unless both classes are present.
    """
    return float(_curve(label, probability).auc())


def auprc(label: Bools, probability: Floats) -> float:
    """Average precision: the mean, over melanomas, of the precision at their probability.

    No interpolation, as Davis and Goadrich (2006) advise. NaN unless both classes are present.
    """
    return float(_curve(label, probability).average_precision())


def sensitivity_at_specificity(label: Bools, probability: Floats, specificity: float) -> float:
    """The highest sensitivity of any threshold whose specificity is at least ``specificity``.

    NaN unless both classes are present.
    """
    return float(_curve(label, probability).sensitivity_at_specificity(specificity))


def specificity_at_sensitivity(label: Bools, probability: Floats, sensitivity: float) -> float:
    """The highest specificity of any threshold whose sensitivity is at least ``sensitivity``.

    NaN unless both classes are present.
    """
    return float(_curve(label, probability).specificity_at_sensitivity(sensitivity))


def brier(label: Bools, probability: Floats) -> float:
    """Mean squared difference of probability and label; 0 is best (Brier 1950). NaN of no image."""
    return float(weighted_mean(squared_error(label, probability), np.ones(len(label))))


def squared_error(label: Bools, probability: Floats) -> Floats:
    """Each image's part of the Brier score, ``(N,)``."""
    return (probability - label) ** 2


def weighted_mean(values: Floats, weights: Floats) -> Floats:
    """Mean of ``values`` ``(N,)`` under each weighting ``(..., N)``; NaN where all weights are 0."""
    return ratio(weights @ values, weights.sum(axis=-1))


def ratio(numerator: Floats | np.float64, denominator: Floats | np.float64) -> Floats:
    """Elementwise quotient, NaN where the denominator is 0."""
    quotient = np.full(np.broadcast_shapes(np.shape(numerator), np.shape(denominator)), np.nan)
    np.divide(numerator, denominator, out=quotient, where=np.asarray(denominator) != 0)
    return quotient


def _curve(label: Bools, probability: Floats) -> "RocCounts":
    return Ranking.of(label, probability).count(np.ones(len(label)))


@dataclass(frozen=True, slots=True)
class Confusion:
    """Weight of the images by truth and call, each an array of any one shape; figures have that shape."""

    true_melanoma: Floats
    missed_melanoma: Floats
    false_melanoma: Floats
    true_other: Floats

    @classmethod
    def of(cls, label: Bools, called: Bools, weights: Floats) -> "Confusion":
        """Count images under ``weights`` ``(..., N)``; ``called`` ``(N,)`` is True for melanoma."""
        return cls(
            true_melanoma=weights @ (label & called),
            missed_melanoma=weights @ (label & ~called),
            false_melanoma=weights @ (~label & called),
            true_other=weights @ (~label & ~called),
        )

    @property
    def other_side(self) -> "Confusion":
        """The same table with the other class as the positive one: its recall is the specificity here."""
        return Confusion(
            true_melanoma=self.true_other,
            missed_melanoma=self.false_melanoma,
            false_melanoma=self.missed_melanoma,
            true_other=self.true_melanoma,
        )

    def sensitivity(self) -> Floats:
        """Share of melanomas called melanoma, also called recall; NaN without melanoma."""
        return ratio(self.true_melanoma, self.true_melanoma + self.missed_melanoma)

    def specificity(self) -> Floats:
        """Share of other images not called melanoma; NaN when all are melanoma."""
        return self.other_side.sensitivity()

    def precision(self) -> Floats:
        """Share of melanomas among the images called melanoma; NaN when none is called."""
        return ratio(self.true_melanoma, self.true_melanoma + self.false_melanoma)

    def f1(self) -> Floats:
        """Harmonic mean of precision and sensitivity, 0 when no melanoma is found; NaN without melanoma."""
        called = self.true_melanoma + self.false_melanoma
        melanoma = self.true_melanoma + self.missed_melanoma
        return ratio(2 * self.true_melanoma, np.where(melanoma > 0, called + melanoma, 0.0))

    def accuracy(self) -> Floats:
        """Share of the images whose call is right; NaN without images."""
        right = self.true_melanoma + self.true_other
        return ratio(right, right + self.missed_melanoma + self.false_melanoma)

    def balanced_accuracy(self) -> Floats:
        """Mean of sensitivity and specificity; NaN where either is."""
        return (self.sensitivity() + self.specificity()) / 2


@dataclass(frozen=True, slots=True)
class Ranking:
    """Images by falling probability, sorted once and then counted under any weighting.

    Attributes:
        order: ``(N,)`` image indices, the highest probability first.
        label: ``(N,)`` labels in that order.
        last: ``(G,)`` position in ``order`` of the last image of each distinct probability.
        probability: ``(G,)`` the distinct probabilities, falling.
    """

    order: NDArray[np.intp]
    label: Bools
    last: NDArray[np.intp]
    probability: Floats

    @classmethod
    def of(cls, label: Bools, probability: Floats) -> "Ranking":
        """Rank images by ``probability`` ``(N,)``."""
        order = np.argsort(-probability, kind="stable")
        ranked = probability[order]
        is_last = np.ones(len(ranked), dtype=bool)
        is_last[:-1] = ranked[1:] != ranked[:-1]
        last = np.flatnonzero(is_last)
        return cls(order=order, label=label[order], last=last, probability=ranked[last])

    def count(self, weights: Floats) -> "RocCounts":
        """Count images under ``weights`` ``(..., N)``, which are in the images' own order."""
        ranked = weights[..., self.order]
        melanoma = np.cumsum(ranked * self.label, axis=-1)[..., self.last]
        called = np.cumsum(ranked, axis=-1)[..., self.last]
        from_nothing = [(0, 0)] * (weights.ndim - 1) + [(1, 0)]
        return RocCounts(np.pad(melanoma, from_nothing), np.pad(called - melanoma, from_nothing))


@dataclass(frozen=True, slots=True)
class RocCounts:
    """The ROC curve in counts, for any number of weightings at once; each figure has the leading shape.

    Attributes:
        melanoma: ``(..., 1 + G)`` weight of the melanomas that have the g highest distinct probabilities; g
            runs from 0, where nothing is called melanoma, to G, where everything is.
        other: the same of the other images.
    """

    melanoma: Floats
    other: Floats

    @property
    def _pairs(self) -> Floats:
        return self.melanoma[..., -1] * self.other[..., -1]

    def auc(self) -> Floats:
        """See `auc`: the trapezoids under the curve give each tie its half."""
        return ratio(np.trapezoid(self.melanoma, self.other, axis=-1), self._pairs)

    def average_precision(self) -> Floats:
        """See `auprc`."""
        called = self.melanoma + self.other
        precision = np.divide(self.melanoma, called, out=np.zeros_like(called), where=called > 0)
        area = (np.diff(self.melanoma, axis=-1) * precision[..., 1:]).sum(axis=-1)
        return ratio(area, np.where(self._pairs > 0, self.melanoma[..., -1], 0.0))

    def has_specificity(self, specificity: float) -> Bools:
        """``(..., 1 + G)``: True where calling that many leaves at least ``specificity``."""
        return self.other <= (1 - specificity) * self.other[..., -1:] + _ROUNDING

    def has_sensitivity(self, sensitivity: float) -> Bools:
        """``(..., 1 + G)``: True where calling that many finds at least ``sensitivity``."""
        return self.melanoma >= sensitivity * self.melanoma[..., -1:] - _ROUNDING

    def sensitivity_at_specificity(self, specificity: float) -> Floats:
        """See `sensitivity_at_specificity`."""
        most = np.where(self.has_specificity(specificity), self.melanoma, 0.0).max(axis=-1)
        return ratio(most * self.other[..., -1], self._pairs)

    def specificity_at_sensitivity(self, sensitivity: float) -> Floats:
        """See `specificity_at_sensitivity`."""
        fewest = np.where(self.has_sensitivity(sensitivity), self.other, np.inf).min(axis=-1)
        return ratio((self.other[..., -1] - fewest) * self.melanoma[..., -1], self._pairs)
