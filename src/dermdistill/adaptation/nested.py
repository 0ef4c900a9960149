"""What an adaptation does to photographs that decided nothing: all of it repeated without each fold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dermdistill.adaptation.fit import FOLDS, adapt
from dermdistill.adaptation.roles import Roles
from dermdistill.adaptation.sample import Sample, folds
from dermdistill.evaluation.metrics import Bools, Floats

_REFERRED_UP_TO = ("specificity_0.80", "specificity_0.90", "specificity_0.95")


@dataclass(frozen=True, slots=True)
class Nested:
    """N photographs, each judged by an adaptation to the others.

    Attributes:
        probability: ``(N,)``, P(melanoma).
        flagged: ``(N,)``: at or above the threshold for the wanted sensitivity.
        above: ``(N,)`` each: at or above an operating point, by its name.
        chosen: which last step each of the adaptations chose.
    """

    probability: Floats
    flagged: Bools
    above: Mapping[str, Bools]
    chosen: tuple[str, ...]


def cross_validate(sample: Sample, roles: Roles, seed: int) -> Nested:
    """Adapt to all folds but one, in turn, and judge that one.

    Choice, last step, calibration and threshold are all made anew. Groups stay together.
    """
    fold = folds(sample, FOLDS, seed)
    probability, flagged = np.empty(len(sample)), np.empty(len(sample), dtype=bool)
    above = {name: np.empty(len(sample), dtype=bool) for name in _REFERRED_UP_TO}
    chosen = []
    for number in range(FOLDS):
        held_out = fold == number
        others = sample.take(~held_out)
        cases = len(others.take(roles.sets_threshold[~held_out]).groups_of(True))
        adapted = adapt(others, roles.without(held_out, cases), seed)
        probability[held_out] = adapted.of_melanoma(sample.take(held_out))
        flagged[held_out] = probability[held_out] >= adapted.threshold
        for point in adapted.points:
            if point.name in above and point.threshold is not None:
                above[point.name][held_out] = probability[held_out] >= point.threshold
        chosen.append(adapted.step.name)
    return Nested(probability, flagged, above, tuple(chosen))
