"""Figures of kinds of patients, lesions and photographs, and whether they differ from the others'."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dermdistill.evaluation.differences import (
    Gap,
    Measured,
    as_estimate,
    gap,
    gap_of_shares,
    holm,
    mean_auc,
    mean_over_images,
)
from dermdistill.evaluation.estimates import Estimate, OperatingPoint, SeedMean
from dermdistill.evaluation.evaluate import seed_mean, why_undefined
from dermdistill.evaluation.intervals import FEWEST_LESIONS, bootstrap
from dermdistill.evaluation.metrics import Bools, Floats, Ranking
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.shares import Share, share
from dermdistill.judgement.decisions import mean_called, rules_of
from dermdistill.judgement.judgement import Subgroup, SubgroupDifference, SubgroupFigure
from dermdistill.judgement.subgroup_columns import DIAGNOSIS, Column, columns_of

_NOT_CHOSEN = "no threshold chosen: the validation images are of one class"
_OF_ONE_DIAGNOSIS = "of one diagnosis: the share of melanomas is 0 or 1"


def subgroups_of(
    tests: Sequence[Predictions], points: Sequence[Sequence[OperatingPoint]], point: str, replicates: int
) -> tuple[Subgroup, ...]:
    """Of one group, whose seeds have their rows in one order; none of a column with fewer than two values."""
    whole = _Images(tests, rules_of(points, point))
    found = [
        subgroup for column in columns_of(tests[0]) for subgroup in _of_column(whole, column, replicates)
    ]
    return _corrected(found)


@dataclass(frozen=True)
class _Images:
    """Some images, as all seeds of a group see them; ``rules`` is empty where no threshold was chosen."""

    tests: Sequence[Predictions]
    rules: Sequence[OperatingPoint]

    def take(self, rows: Sequence[int]) -> "_Images":
        return replace(self, tests=[test.take(rows) for test in self.tests])

    @property
    def lesion(self) -> tuple[str, ...]:
        return self.tests[0].lesion_id

    @cached_property
    def label(self) -> Bools:
        return self.tests[0].label

    @cached_property
    def called(self) -> Floats:
        return mean_called(self.tests, self.rules)

    def too_few(self, *, melanomas: bool = False, others: bool = False) -> str | None:
        """Why a figure that needs these classes cannot be said; None where it can."""
        lesions = np.asarray(self.lesion)
        for wanted, of_class, name in (
            (melanomas, self.label, "with melanoma"),
            (others, ~self.label, "without melanoma"),
        ):
            found = len(np.unique(lesions[of_class]))
            if wanted and not found:
                return why_undefined("", self.label)
            if wanted and found < FEWEST_LESIONS:
                return f"too few to say: needs {FEWEST_LESIONS} lesions {name}"
        if len(set(self.lesion)) < FEWEST_LESIONS:
            return f"too few to say: needs {FEWEST_LESIONS} lesions"
        return None

    @cached_property
    def sensitivity(self) -> Share:
        melanoma = self.label.astype(float)
        return share(self.called * melanoma, melanoma, self.lesion)

    @cached_property
    def specificity(self) -> Share:
        other = (~self.label).astype(float)
        return share((1 - self.called) * other, other, self.lesion)

    @cached_property
    def flagged(self) -> Share:
        return share(self.called, np.ones(len(self.label)), self.lesion)

    @cached_property
    def auc(self) -> Measured:
        return mean_auc(self.label, [test.probability for test in self.tests], self.lesion)

    @cached_property
    def calibration(self) -> Measured:
        probability: Floats = np.mean([test.probability for test in self.tests], axis=0)
        return mean_over_images(probability - self.label, self.lesion)


def _of_column(whole: _Images, column: Column, replicates: int) -> list[Subgroup]:
    known, found = set(column.known), []
    for value in column.order:
        rows = [i for i, each in enumerate(column.values) if each == value]
        others = [i for i, each in enumerate(column.values) if each != value and each in known]
        # Of two values the second's differences are the first's, turned round.
        is_compared = value in known and not (len(known) == 2 and value == column.known[-1])
        here = whole.take(rows)
        differences = _differences(here, whole.take(others), column.name) if is_compared else ()
        found.append(_subgroup(column.name, value, here, differences, replicates))
    return found


def _subgroup(
    by: str, value: str, here: _Images, differences: tuple[SubgroupDifference, ...], replicates: int
) -> Subgroup:
    label = here.label
    return Subgroup(
        by=by,
        value=value,
        n_images=len(label),
        n_lesions=len(set(here.lesion)),
        n_melanoma=int(label.sum()),
        auc=_auc(here, replicates),
        sensitivity=_rate(here, here.too_few(melanomas=True), lambda images: images.sensitivity),
        specificity=_rate(here, here.too_few(others=True), lambda images: images.specificity),
        flagged=_rate(here, here.too_few(), lambda images: images.flagged),
        calibration=_calibration(here, by),
        differences=differences,
    )


def _unsaid(reason: str, seeds: int) -> SeedMean:
    return seed_mean(Estimate(value=None, reason=reason), [math.nan] * seeds)


def _auc(here: _Images, replicates: int) -> SeedMean:
    too_few = here.too_few(melanomas=True, others=True)
    if too_few is not None:
        return _unsaid(too_few, len(here.tests))
    rankings = [Ranking.of(here.label, test.probability) for test in here.tests]

    def mean(weights: Floats) -> dict[str, Floats]:
        return {"auc": np.mean([ranking.count(weights).auc() for ranking in rankings], axis=0)}

    found = bootstrap(mean, str, here.lesion, here.label, replicates=replicates, seed=0)
    every = np.ones(len(here.label))
    return seed_mean(found["auc"], [float(ranking.count(every).auc()) for ranking in rankings])


def _rate(here: _Images, too_few: str | None, of: Callable[[_Images], Share]) -> SeedMean:
    """A share at the operating point, with the figure of each seed."""
    if too_few is not None or not here.rules:
        return _unsaid(too_few or _NOT_CHOSEN, len(here.tests))
    seeds = [_Images([test], [rule]) for test, rule in zip(here.tests, here.rules, strict=True)]
    return seed_mean(of(here).estimate(""), [of(seed).value for seed in seeds])


def _calibration(here: _Images, by: str) -> SeedMean:
    too_few = _OF_ONE_DIAGNOSIS if by == DIAGNOSIS else here.too_few(melanomas=True, others=True)
    if too_few is not None:
        return _unsaid(too_few, len(here.tests))
    return seed_mean(
        as_estimate(here.calibration), [float((test.probability - here.label).mean()) for test in here.tests]
    )


def _differences(here: _Images, others: _Images, by: str) -> tuple[SubgroupDifference, ...]:
    """Those for which both sides have enough lesions; not yet corrected for their number."""
    found: list[tuple[SubgroupFigure, Gap]] = []
    if _both_have(here, others, melanomas=True, others=True):
        found.append(("auc", gap(here.auc, others.auc)))
        if by != DIAGNOSIS:
            found.append(("calibration", gap(here.calibration, others.calibration)))
    if here.rules and _both_have(here, others, melanomas=True):
        found.append(("sensitivity", gap_of_shares(here.sensitivity, others.sensitivity)))
    if here.rules and _both_have(here, others, others=True):
        found.append(("specificity", gap_of_shares(here.specificity, others.specificity)))
    return tuple(
        SubgroupDifference(
            figure=figure,
            delta=Estimate(value=each.value, low=each.low, high=each.high),
            p_value=each.p_value,
            adjusted_p_value=each.p_value,
        )
        for figure, each in found
        if not math.isnan(each.p_value)
    )


def _both_have(a: _Images, b: _Images, *, melanomas: bool = False, others: bool = False) -> bool:
    return all(each.too_few(melanomas=melanomas, others=others) is None for each in (a, b))


def _corrected(subgroups: Sequence[Subgroup]) -> tuple[Subgroup, ...]:
    """With p values adjusted for all differences of all subgroups."""
    adjusted = iter(holm([each.p_value for subgroup in subgroups for each in subgroup.differences]))
    return tuple(
        subgroup.model_copy(
            update={
                "differences": tuple(
                    each.model_copy(update={"adjusted_p_value": next(adjusted)})
                    for each in subgroup.differences
                )
            }
        )
        for subgroup in subgroups
    )
