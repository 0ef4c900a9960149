"""Decision curves: what acting on P(melanoma) gains over acting on nobody or on everybody."""

import numpy as np

from dermdistill.evaluation.metrics import Bools, Floats

THRESHOLDS = np.linspace(0.005, 0.5, 100)
"""Thresholds on P(melanoma) of a decision curve; nobody waits until melanoma is likelier than not."""


def net_benefit(label: Bools, probability: Floats, thresholds: Floats = THRESHOLDS) -> Floats:
    """Net benefit of acting from each threshold on, ``(T,)``; NaN of no image.

    ``TP / N - FP / N * t / (1 - t)`` (Vickers and Elkin 2006): melanomas found per image, less the needless
    actions, of which one melanoma is worth ``(1 - t) / t`` to whoever chooses ``t``.

    Args:
        label: ``(N,)``, True for melanoma.
        probability: ``(N,)``.
        thresholds: ``(T,)`` in [0, 1).
    """
    if len(label) == 0:
        return np.full(len(thresholds), np.nan)
    called = probability[None] >= thresholds[:, None]
    found, needless = (called & label).mean(axis=1), (called & ~label).mean(axis=1)
    benefit: Floats = found - needless * thresholds / (1 - thresholds)
    return benefit
