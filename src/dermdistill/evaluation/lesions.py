"""From predictions of photographs to predictions of lesions: the mean of the log-odds, as in `predict`."""

import numpy as np

from dermdistill.errors import UserError
from dermdistill.evaluation.metrics import Floats
from dermdistill.evaluation.predictions import Predictions
from dermdistill.inference.calibration import expit, log_odds
from dermdistill.records import MELANOMA

# A probability of 0 or 1 would decide alone on its lesion; float32 gives none nearer to them than this.
_NEAREST_TO_CERTAIN = 1e-7


def by_lesion(photographs: Predictions) -> Predictions:
    """One row per lesion, with all but its figures from its first photograph, in the order of these.

    P(melanoma) has the mean of the log-odds; the other diagnoses share the rest as in their own mean.
    A lesion counts as seen if one of its photographs is.

    Raises:
        UserError: a lesion is melanoma on one photograph and not on another.
    """
    rows: dict[str, list[int]] = {}
    for i, lesion in enumerate(photographs.lesion_id):
        rows.setdefault(lesion, []).append(i)
    _check_labels(photographs, rows)
    certain = 1 - _NEAREST_TO_CERTAIN
    odds = log_odds(np.clip(photographs.probability, _NEAREST_TO_CERTAIN, certain))
    probability = expit(np.array([odds[of].mean() for of in rows.values()]))
    first = photographs.take([of[0] for of in rows.values()])
    seen = tuple(
        next((how for i in of if (how := photographs.seen[i])), "") if photographs.seen else ""
        for of in rows.values()
    )
    return Predictions(
        image_id=first.image_id,
        lesion_id=first.lesion_id,
        split=first.split,
        diagnosis=first.diagnosis,
        probability=probability,
        classes=first.classes,
        class_probabilities=_classes(photographs, list(rows.values()), probability),
        seen=seen if photographs.seen else (),
        source=first.source,
        details=first.details,
    )


def _classes(photographs: Predictions, rows: list[list[int]], probability: Floats) -> Floats | None:
    if photographs.class_probabilities is None:
        return None
    mean: Floats = np.array([photographs.class_probabilities[of].mean(axis=0) for of in rows])
    melanoma = photographs.classes.index(MELANOMA)
    mean[:, melanoma] = 0
    result: Floats = mean * ((1 - probability) / mean.sum(axis=1))[:, None]
    result[:, melanoma] = probability
    return result


def _check_labels(photographs: Predictions, rows: dict[str, list[int]]) -> None:
    label = photographs.label
    for lesion, of in rows.items():
        if label[of].any() and not label[of].all():
            raise UserError(
                f"lesion {lesion}: melanoma on {int(label[of].sum())} of its {len(of)} photographs; expected "
                "one diagnosis per lesion: correct the labels"
            )
