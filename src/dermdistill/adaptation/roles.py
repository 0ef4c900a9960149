"""Which melanomas teach the last step, and which set the threshold (see ``promise``)."""

import math
from dataclasses import dataclass, replace

import numpy as np

from dermdistill.adaptation.promise import allowed_misses, fewest_with, melanomas_needed
from dermdistill.adaptation.sample import Sample
from dermdistill.evaluation.metrics import Bools

FEWEST_TEACHERS = 15
"""Independent melanomas that a new last step is fitted to at least, where others set the threshold."""

_SHARE_FOR_THRESHOLD = 0.75
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Roles:
    """What the photographs of a sample are used for.

    Attributes:
        sensitivity: that is wanted.
        teaches: ``(N,)``: whether a photograph may choose and fit the last step. Where none with melanoma
            does, the last step stays as it is.
        sets_threshold: ``(N,)``: whether a photograph may set the threshold; only those with melanoma count.
        cases: independent melanomas that set the threshold.
        misses: how many of them may lie below it; None where nothing can be promised.
    """

    sensitivity: float
    teaches: Bools
    sets_threshold: Bools
    cases: int
    misses: int | None

    @property
    def is_promise(self) -> bool:
        """Whether the threshold has a promise."""
        return self.misses is not None

    @property
    def misses_in_sample(self) -> int:
        """How many of the cases lie below the threshold; without a promise, as many as the share allows."""
        if self.misses is not None:
            return self.misses
        return math.floor((1 - self.sensitivity) * self.cases + _ROUNDING)

    def without(self, left_out: Bools, cases: int) -> "Roles":
        """The same roles without some photographs, with ``cases`` independent melanomas for the threshold.

        It lies at the same share of them, so that what it does to the photographs left out is an estimate of
        what the whole threshold does; the promise is that of the whole.
        """
        misses = self.misses
        if misses is not None:
            misses = max(0, round((misses + 1) * cases / self.cases) - 1)
        kept = ~left_out
        return replace(
            self,
            teaches=self.teaches[kept],
            sets_threshold=self.sets_threshold[kept],
            cases=cases,
            misses=misses,
        )


def assign_roles(sample: Sample, sensitivity: float, seed: int) -> Roles:
    """Divide the melanomas by chance.

    - Too few for a promise: all teach and all set the threshold, and nothing is promised.
    - Enough for a promise, too few to teach besides: the last step stays as it is, all set the threshold.
    - More: up to three quarters set the threshold, or as many as a promise needs, and the others teach. As
      few set it as allow the same number of misses: a further one would only lower the threshold.

    A patient has one role, with all photographs.

    Args:
        sample: with melanomas.
        sensitivity: to be promised, strictly between 0 and 1.
        seed: of the division.
    """
    groups = sample.groups_of(True)
    needed = melanomas_needed(sensitivity)
    everyone = np.ones(len(sample), dtype=bool)
    has_melanoma = np.isin(np.array(sample.group), groups)
    if len(groups) < needed:
        return Roles(sensitivity, everyone, everyone, len(groups), None)
    if len(groups) < needed + FEWEST_TEACHERS:
        return Roles(
            sensitivity, ~has_melanoma, everyone, len(groups), allowed_misses(len(groups), sensitivity)
        )
    most = min(len(groups) - FEWEST_TEACHERS, max(needed, round(_SHARE_FOR_THRESHOLD * len(groups))))
    misses = allowed_misses(most, sensitivity) or 0
    cases = fewest_with(misses, sensitivity)
    drawn = np.random.default_rng(seed).permutation(len(groups))[:cases]
    sets = np.isin(np.array(sample.group), [groups[i] for i in drawn])
    return Roles(sensitivity, ~sets, sets, cases, misses)
