"""DeLong's test of two models' AUC on the same images, with the images of a lesion kept together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermdistill.evaluation.metrics import Bools, Floats


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Two AUCs on the same images.

    Attributes:
        delta: AUC of a minus AUC of b.
        standard_error: of ``delta``.
        p_value: two-sided, of no difference. 1 for models that rank alike; NaN where the test says nothing.
    """

    delta: float
    standard_error: float
    p_value: float


def delong_test(label: Bools, a: Floats, b: Floats, lesion: Sequence[str]) -> PairedTest:
    """Is the AUC of ``a`` another than that of ``b``?

    DeLong et al. (1988), in Obuchowski's (1997) form for clustered data: several photographs of one lesion
    are not independent, and counting them so would make p too small. With one image per lesion this is
    DeLong's test itself.

    Args:
        label: ``(N,)``, True for melanoma.
        a: ``(N,)``, any score that rises with melanoma.
        b: as ``a``, from the other model, for the same images.
        lesion: N ids.

    Returns:
        The test; all NaN with fewer than two lesions of either class.
    """
    difference = _placements(label, a) - _placements(label, b)
    delta, error = _mean_and_standard_error(label, difference, lesion)
    if math.isnan(error):
        return PairedTest(math.nan, math.nan, math.nan)
    if error == 0:
        return PairedTest(delta, 0.0, 1.0 if delta == 0 else math.nan)
    return PairedTest(delta, error, math.erfc(abs(delta) / error / math.sqrt(2)))


def _placements(label: Bools, score: Floats) -> Floats:
    """``(N,)``: the share of the other class that each image is ranked rightly against, a tie counting half.

    Their mean over either class is the AUC. From ranks in O(N log N), as Sun and Xu (2014).
    """
    melanoma, other = np.sort(score[label]), np.sort(score[~label])
    placement = np.full(len(score), np.nan)
    if len(melanoma) and len(other):
        placement[label] = _share_below(other, score[label])
        placement[~label] = 1 - _share_below(melanoma, score[~label])
    return placement


def _share_below(ranked: Floats, score: Floats) -> Floats:
    below, not_above = (np.searchsorted(ranked, score, side) for side in ("left", "right"))
    return (below + not_above) / (2 * len(ranked))


def _mean_and_standard_error(label: Bools, placement: Floats, lesion: Sequence[str]) -> tuple[float, float]:
    """The mean difference of placements, which is that of the AUCs, and its standard error over lesions."""
    names, cluster = np.unique(np.asarray(lesion), return_inverse=True)
    variance, deviations = 0.0, []
    for of_class in (label, ~label):
        clusters = len(np.unique(cluster[of_class]))
        if clusters < 2:
            return math.nan, math.nan
        mean = placement[of_class].mean()
        deviation = np.zeros(len(names))
        np.add.at(deviation, cluster[of_class], (placement[of_class] - mean) / of_class.sum())
        variance += clusters / (clusters - 1) * float(deviation @ deviation)
        deviations.append(deviation)
    # Zero unless one lesion has images under both labels.
    variance += 2 * len(names) / (len(names) - 1) * float(deviations[0] @ deviations[1])
    return float(placement[label].mean()), math.sqrt(max(variance, 0.0))
