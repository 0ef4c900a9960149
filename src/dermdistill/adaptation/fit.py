"""The whole adaptation of a model to a sample: choice, fit, calibration and thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dermdistill.adaptation.last_step import AS_IT_IS, CANDIDATES, LastStep, fit_last_step
from dermdistill.adaptation.roles import Roles
from dermdistill.adaptation.sample import Rows, Sample, folds, lesion_means, one_of_each
from dermdistill.evaluation.delong import PairedTest, delong_test
from dermdistill.evaluation.estimates import OperatingPoint
from dermdistill.evaluation.metrics import Floats
from dermdistill.evaluation.platt import fit_calibration
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.thresholds import operating_points
from dermdistill.inference.calibration import Calibration, expit, log_odds
from dermdistill.records import MELANOMA, OTHER

FOLDS = 10
"""Of every cross-validation; a sample has at least as many groups with melanoma, and without."""

_ERRORS_OF_A_GAIN = 0.5


@dataclass(frozen=True, slots=True)
class Adapted:
    """What was fitted to N photographs.

    Attributes:
        step: the last step.
        calibration: of its log-odds, at the prevalence of the photographs.
        probability: ``(N,)``, of the photographs; none helped to fit the last step that scored it.
        points: operating points on ``probability``, chosen on the same photographs.
        threshold: on P(melanoma) of a photograph, for the sensitivity that is wanted.
        lesion_threshold: the same for the mean over the photographs of a lesion.
        gains: the AUC of each candidate less that of the last step as it is, in cross-validation.
    """

    step: LastStep
    calibration: Calibration
    probability: Floats
    points: tuple[OperatingPoint, ...]
    threshold: float
    lesion_threshold: float
    gains: Mapping[str, PairedTest]

    def of_melanoma(self, sample: Sample) -> Floats:
        """P(melanoma) of other photographs, ``(N,)``."""
        return self.calibration.of_melanoma(expit(self.step.log_odds(sample)))


def adapt(sample: Sample, roles: Roles, seed: int) -> Adapted:
    """Fit last step, calibration and thresholds to a sample with ``FOLDS`` groups of each label or more."""
    teachers = sample.take(roles.teaches)
    choice = _choose(teachers, seed)
    step = fit_last_step(teachers, choice.name)
    uncalibrated = step.log_odds(sample)
    # A last step knows the photographs that it was fitted to too well; those of cross-validation do not.
    uncalibrated[roles.teaches] = choice.log_odds
    calibration = fit_calibration(sample.label, expit(uncalibrated))
    probability = calibration.of_melanoma(expit(uncalibrated))
    cases = one_of_each(sample.take(roles.sets_threshold), melanoma=True, seed=seed)
    rows = np.flatnonzero(roles.sets_threshold)[cases]
    of_lesion, lesion = lesion_means(sample.lesion, log_odds(probability))
    return Adapted(
        step=step,
        calibration=calibration,
        probability=probability,
        points=operating_points(_table(sample, probability)),
        threshold=_threshold(probability, rows, roles),
        lesion_threshold=_threshold(expit(of_lesion), lesion[rows], roles),
        gains=choice.gains,
    )


def _threshold(probability: Floats, cases: Rows, roles: Roles) -> float:
    """The threshold that the cases set, ``(M,)`` of what is scored: as many lie below it as may be missed."""
    lowest_found = float(np.sort(probability[cases])[roles.misses_in_sample])
    # Midway to the next lower one, so that the rounding error of another runtime moves nothing across.
    next_lower = float(probability[probability < lowest_found].max(initial=0.0))
    midway = (lowest_found + next_lower) / 2
    return midway if midway > next_lower else lowest_found


@dataclass(frozen=True, slots=True)
class _Choice:
    """The chosen candidate, with its log-odds ``(N,)`` of the photographs in cross-validation."""

    name: str
    log_odds: Floats
    gains: Mapping[str, PairedTest]


def _choose(teachers: Sample, seed: int) -> _Choice:
    """Take the last step that ranks the photographs best in cross-validation, if the gain is clear enough.

    Clear is half a standard error: a last step that is drawn towards the present one loses little where it is
    taken by chance, and what it gains is lost where too much is asked (docs/log.md).
    """
    if not teachers.label.any():
        return _Choice(AS_IT_IS, teachers.log_odds, {})
    fold = folds(teachers, min(FOLDS, len(teachers.groups_of(True))), seed)
    scores = {name: _cross_validated(teachers, name, fold) for name in CANDIDATES if name in teachers.inputs}
    gains = {
        name: delong_test(teachers.label, score, teachers.log_odds, teachers.group)
        for name, score in scores.items()
    }
    clear = [name for name, gain in gains.items() if gain.delta > _ERRORS_OF_A_GAIN * gain.standard_error]
    best = max(clear, key=lambda name: gains[name].delta, default=AS_IT_IS)
    return _Choice(best, scores.get(best, teachers.log_odds), gains)


def _cross_validated(sample: Sample, name: str, fold: Rows) -> Floats:
    """Log-odds ``(N,)``, of each fold by a last step that was fitted to the others."""
    result = np.empty(len(sample))
    for number in np.unique(fold):
        held_out = fold == number
        result[held_out] = fit_last_step(sample.take(~held_out), name).log_odds(sample.take(held_out))
    return result


def _table(sample: Sample, probability: Floats) -> Predictions:
    rows = tuple(map(str, range(len(sample))))
    return Predictions(
        image_id=rows,
        lesion_id=sample.lesion,
        split=("val",) * len(sample),
        diagnosis=tuple(MELANOMA if label else OTHER for label in sample.label),
        probability=probability,
    )
