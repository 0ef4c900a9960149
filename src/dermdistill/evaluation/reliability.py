"""How far P(melanoma) is from the share of melanomas among images that were given it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dermdistill.evaluation.metrics import Bools, Floats, ratio

BINS = 10


class ReliabilityPoint(NamedTuple):
    """One bin of the reliability curve."""

    mean_probability: float
    melanoma_share: float
    images: int


def ece(label: Bools, probability: Floats, bins: int = BINS) -> float:
    """Expected calibration error of P(melanoma), in [0, 1]; 0 is best.

    The mean over images of ``|mean probability - share of melanoma|`` of the bin that the image falls in
    (Naeini et al. 2015), with bins of equal numbers of images: melanoma is rare, so bins of equal width would
    put nearly all images into the first, and equal numbers have the lower bias (Roelofs et al. 2022).

    Args:
        label: ``(N,)``, True for melanoma.
        probability: ``(N,)``.
        bins: how many; images of one probability are never parted, so there can be fewer.

    Returns:
        The error; NaN of no image.
    """
    return float(np.abs(mean_gaps(bin_gaps(label, probability, bins), np.ones(len(label)))).sum())


def bin_gaps(label: Bools, probability: Floats, bins: int = BINS) -> Floats:
    """``(N, bins)``: probability minus label in the column of the image's bin, 0 in the others."""
    gaps = np.zeros((len(label), bins))
    gaps[np.arange(len(label)), _bin_of_image(probability, bins)] = probability - label
    return gaps


def mean_gaps(gaps: Floats, weights: Floats) -> Floats:
    """``(..., bins)``: the mean of ``gaps`` over the images under each weighting ``(..., N)``.

    Their absolute values add up to the ECE; the bins are those of the unweighted images.
    """
    return ratio(weights @ gaps, weights.sum(axis=-1)[..., None])


def reliability(label: Bools, probability: Floats, bins: int = BINS) -> list[ReliabilityPoint]:
    """The reliability curve by rising probability, in the bins of `ece`, empty bins left out."""
    members = _bin_of_image(probability, bins)
    return [
        ReliabilityPoint(
            float(probability[members == b].mean()),
            float(label[members == b].mean()),
            int((members == b).sum()),
        )
        for b in np.unique(members)
    ]


def _bin_of_image(probability: Floats, bins: int) -> NDArray[np.intp]:
    if len(probability) == 0:
        return np.zeros(0, dtype=np.intp)
    # "inverted_cdf" gives observed probabilities, so that copies of every image leave the bins as they were.
    inner = np.quantile(probability, np.arange(1, bins) / bins, method="inverted_cdf")
    return np.searchsorted(inner, probability, side="left")
