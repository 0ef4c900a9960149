"""What the operating point in use does to the judged images, and what that is worth elsewhere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dermdistill.evaluation.differences import as_estimate, mean_over_images
from dermdistill.evaluation.estimates import Estimate, OperatingPoint
from dermdistill.evaluation.evaluate import why_undefined
from dermdistill.evaluation.metrics import Bools, Floats, auc
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.predictive_values import needed_to_biopsy, predictive_values
from dermdistill.evaluation.shares import share
from dermdistill.evaluation.thresholds import called_melanoma
from dermdistill.inference.decision import DEFAULT_POINT
from dermdistill.judgement.judgement import AtPrevalence, Decision

PREVALENCES = (0.01, 0.02, 0.05, 0.1, 0.2)
"""At which the worth of a flag is stated unless the user says others."""

_BACKWARDS_AUC, _BACKWARDS_Z = 0.4, -1.96


@dataclass(frozen=True, slots=True)
class Use:
    """How the models are used.

    Attributes:
        point: name of the operating point.
        prevalences: shares of melanomas, strictly between 0 and 1, at which the worth of a flag is stated.
    """

    point: str = DEFAULT_POINT
    prevalences: tuple[float, ...] = PREVALENCES


def decision_of(
    tests: Sequence[Predictions], points: Sequence[Sequence[OperatingPoint]], use: Use
) -> Decision | None:
    """Of one group, whose seeds have their rows in one order; None where the point was not chosen."""
    rules = rules_of(points, use.point)
    if not rules:
        return None
    label, lesion = tests[0].label, tests[0].lesion_id
    called = mean_called(tests, rules)
    melanoma, every = label.astype(float), np.ones(len(label))
    sensitivity = share(called * melanoma, melanoma, lesion)
    specificity = share((1 - called) * (1 - melanoma), 1 - melanoma, lesion)
    ppv = share(called * melanoma, called, lesion).estimate(why_undefined("melanoma/precision", label))
    npv = share((1 - called) * (1 - melanoma), 1 - called, lesion)
    return Decision(
        point=use.point,
        thresholds=tuple(rule.threshold for rule in rules),
        prevalence=share(melanoma, every, lesion).estimate(""),
        flagged=share(called, every, lesion).estimate(""),
        sensitivity=sensitivity.estimate(why_undefined("sensitivity", label)),
        specificity=specificity.estimate(why_undefined("specificity", label)),
        ppv=ppv,
        npv=npv.estimate(why_undefined("other/precision", label)),
        needed_to_biopsy=needed_to_biopsy(ppv),
        confusion=_confusion(label, called),
        elsewhere=tuple(
            _at(prevalence, *predictive_values(sensitivity, specificity, prevalence))
            for prevalence in use.prevalences
        ),
    )


def rules_of(points: Sequence[Sequence[OperatingPoint]], name: str) -> list[OperatingPoint]:
    """The point of this name of each seed; none unless all have it."""
    found = [point for of_seed in points for point in of_seed if point.name == name]
    return found if len(found) == len(points) else []


def mean_called(tests: Sequence[Predictions], rules: Sequence[OperatingPoint]) -> Floats:
    """``(N,)``: the share of the seeds that call the image melanoma."""
    called: Floats = np.mean([called_melanoma(*pair) for pair in zip(tests, rules, strict=True)], axis=0)
    return called


def ranks_backwards(tests: Sequence[Predictions]) -> bool:
    """Whether melanomas get lower probabilities than the others, by more than chance; mean of the seeds.

    By the normal approximation of the Mann-Whitney test, with as many observations as there are lesions.
    """
    label = tests[0].label
    lesions = np.asarray(tests[0].lesion_id)
    melanomas, others = (len(np.unique(lesions[of_class])) for of_class in (label, ~label))
    if not melanomas or not others:
        return False
    mean = float(np.mean([auc(label, test.probability) for test in tests]))
    deviation = math.sqrt((melanomas + others + 1) / (12 * melanomas * others))
    return mean < _BACKWARDS_AUC and (mean - 0.5) / deviation < _BACKWARDS_Z


def calibration_of(tests: Sequence[Predictions]) -> Estimate:
    """Mean P(melanoma), over the seeds too, minus the share of melanomas; the interval is over lesions."""
    probability: Floats = np.mean([test.probability for test in tests], axis=0)
    return as_estimate(mean_over_images(probability - tests[0].label, tests[0].lesion_id))


def _at(prevalence: float, ppv: Estimate, npv: Estimate) -> AtPrevalence:
    return AtPrevalence(prevalence=prevalence, ppv=ppv, npv=npv, needed_to_biopsy=needed_to_biopsy(ppv))


def _confusion(label: Bools, called: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    flagged, found = float(called[~label].sum()), float(called[label].sum())
    return (float((~label).sum()) - flagged, flagged), (float(label.sum()) - found, found)
