"""The curves of a group, and the images that it gets most wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from dermdistill.evaluation.metrics import Bools, Floats, Ranking
from dermdistill.evaluation.net_benefit import net_benefit
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.reliability import reliability
from dermdistill.judgement.judgement import (
    Curves,
    PrecisionRecallCurve,
    ReliabilityCurve,
    RocCurve,
    WrongImage,
)

FALSE_POSITIVE_RATES = np.linspace(0, 1, 201)
"""At which the mean sensitivity over the seeds is given."""
WRONG_IMAGES = 12


def curves_of(tests: Sequence[Predictions]) -> Curves:
    """Of the seeds of one group, whose rows are in one order."""
    label = tests[0].label
    both_classes = bool(label.any() and not label.all())
    rocs = [_roc(label, test.probability) for test in tests] if both_classes else []
    pooled = np.tile(label, len(tests)), np.concatenate([test.probability for test in tests])
    benefit = [net_benefit(label, test.probability) for test in tests] if label.any() else []
    return Curves(
        roc=tuple(_corners(other, melanoma) for other, melanoma in rocs),
        mean_sensitivity=tuple(_mean_sensitivity(rocs)) if len(rocs) > 1 else (),
        reliability=tuple(_reliability(label, test.probability) for test in tests),
        pooled_reliability=_reliability(*pooled),
        precision_recall=tuple(_precision_recall(label, test.probability) for test in tests[: len(rocs)]),
        pooled_precision_recall=_precision_recall(*pooled) if both_classes else None,
        net_benefit=tuple(np.mean(benefit, axis=0).tolist()) if benefit else (),
        net_benefit_of_all=tuple(net_benefit(label, np.ones(len(label))).tolist()) if benefit else (),
    )


def _roc(label: Bools, probability: Floats) -> tuple[Floats, Floats]:
    """Other images and melanomas called melanoma, from the strictest threshold to the laxest."""
    counts = Ranking.of(label, probability).count(np.ones(len(label)))
    return counts.other, counts.melanoma


def _corners(other: Floats, melanoma: Floats) -> RocCurve:
    """The points at which the curve turns; the others lie on the lines between these."""
    across, up = np.diff(other), np.diff(melanoma)
    turns = across[:-1] * up[1:] != across[1:] * up[:-1]
    kept = np.concatenate([[True], turns, [True]])
    return RocCurve(
        false_positives=tuple(other[kept].astype(int).tolist()),
        true_positives=tuple(melanoma[kept].astype(int).tolist()),
    )


def _mean_sensitivity(rocs: Sequence[tuple[Floats, Floats]]) -> list[float]:
    """At ``FALSE_POSITIVE_RATES``: the highest of each step of a curve, mean over the curves."""
    sensitivities = []
    for other, melanoma in rocs:
        step = np.searchsorted(other / other[-1], FALSE_POSITIVE_RATES + 1e-9, side="right") - 1
        sensitivities.append((melanoma / melanoma[-1])[step])
    mean: list[float] = np.mean(sensitivities, axis=0).tolist()
    return mean


def _precision_recall(label: Bools, probability: Floats) -> PrecisionRecallCurve:
    """Of the thresholds with one sensitivity the most precise."""
    other, melanoma = _roc(label, probability)
    finds_more = np.flatnonzero(np.diff(melanoma) > 0) + 1
    found, needless = melanoma[finds_more], other[finds_more]
    return PrecisionRecallCurve(
        recall=tuple((found / melanoma[-1]).tolist()), precision=tuple((found / (found + needless)).tolist())
    )


def _reliability(label: Bools, probability: Floats) -> ReliabilityCurve:
    points = reliability(label, probability)
    return ReliabilityCurve(
        mean_probability=tuple(point.mean_probability for point in points),
        melanoma_share=tuple(point.melanoma_share for point in points),
    )


def wrong_images(tests: Sequence[Predictions]) -> tuple[WrongImage, ...]:
    """The images that a group gets most wrong, by P(melanoma) as the mean over its seeds."""
    mean = replace(tests[0], probability=np.mean([test.probability for test in tests], axis=0))
    return tuple(
        WrongImage(
            image_id=mean.image_id[row],
            diagnosis=mean.diagnosis[row],
            probability=float(mean.probability[row]),
        )
        for row in most_wrong(mean, WRONG_IMAGES)
    )


def most_wrong(predictions: Predictions, k: int) -> list[int]:
    """Rows of the images that a model gets most wrong.

    First up to ``k - k // 2`` images that are not melanoma, the highest probability first; then up to
    ``k // 2`` melanomas, the lowest first. At most one image of a lesion; ties in the order of the table.
    """
    label, probability = predictions.label, predictions.probability
    rows = range(len(predictions))
    false_positives = sorted((i for i in rows if not label[i]), key=lambda i: -probability[i])
    missed = sorted((i for i in rows if label[i]), key=lambda i: probability[i])
    return [
        *_one_per_lesion(predictions, false_positives)[: k - k // 2],
        *_one_per_lesion(predictions, missed)[: k // 2],
    ]


def _one_per_lesion(predictions: Predictions, rows: Iterable[int]) -> list[int]:
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(predictions.lesion_id[row], row)
    return list(first.values())
