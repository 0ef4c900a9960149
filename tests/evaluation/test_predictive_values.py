import math

import numpy as np
import pytest
from sklearn.metrics import precision_score
from statsmodels.stats.proportion import confint_proportions_2indep

from dermdistill.evaluation.estimates import Estimate
from dermdistill.evaluation.predictive_values import needed_to_biopsy, predictive_values
from dermdistill.evaluation.shares import Share

SENSITIVITY, SPECIFICITY = Share(45 / 50, 50), Share(160 / 200, 200)


def test_at_the_prevalence_found_they_are_the_shares_of_the_flagged() -> None:
    label = np.repeat([True, False], [50, 200])
    called = np.concatenate([np.arange(50) < 45, np.arange(200) < 40])
    ppv, npv = predictive_values(SENSITIVITY, SPECIFICITY, 50 / 250)
    assert ppv.value == pytest.approx(precision_score(label, called))
    assert npv.value == pytest.approx(precision_score(~label, ~called))


@pytest.mark.parametrize("prevalence", [0.01, 0.1, 0.5])
def test_the_intervals_are_those_of_the_likelihood_ratios(prevalence: float) -> None:
    odds = prevalence / (1 - prevalence)
    positive = confint_proportions_2indep(45, 50, 40, 200, method="log-adjusted", compare="ratio")
    negative = confint_proportions_2indep(5, 50, 160, 200, method="log-adjusted", compare="ratio")
    ppv, npv = predictive_values(SENSITIVITY, SPECIFICITY, prevalence)
    assert ppv.low == pytest.approx(positive[0] * odds / (1 + positive[0] * odds))
    assert ppv.high == pytest.approx(positive[1] * odds / (1 + positive[1] * odds))
    assert npv.low == pytest.approx(1 / (1 + negative[1] * odds))
    assert npv.high == pytest.approx(1 / (1 + negative[0] * odds))


def test_by_hand() -> None:
    """Of 1,000 lesions 20 are melanomas: 18 of them and 196 of the 980 others are flagged."""
    ppv, npv = predictive_values(SENSITIVITY, SPECIFICITY, 0.02)
    assert ppv.value == pytest.approx(18 / 214)
    assert npv.value == pytest.approx(784 / 786)
    assert needed_to_biopsy(ppv).value == pytest.approx(214 / 18)


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "ppv", "npv"),
    [(0.0, 1.0, None, 0.9), (1.0, 0.0, 0.1, None), (1.0, 1.0, 1.0, 1.0), (0.0, 0.5, 0.0, 9 / 11)],
)
def test_at_the_ends(sensitivity: float, specificity: float, ppv: float | None, npv: float | None) -> None:
    found = predictive_values(Share(sensitivity, 30), Share(specificity, 70), 0.1)
    assert [each.value for each in found] == [
        pytest.approx(each) if each is not None else None for each in (ppv, npv)
    ]
    for each in found:
        if each.value is None:
            assert each.reason in ("no image is called melanoma", "every image is called melanoma")
        else:
            assert each.low is not None
            assert each.high is not None
            assert each.low <= each.value <= each.high


def test_without_melanomas_nothing_can_be_said() -> None:
    ppv, npv = predictive_values(Share(math.nan, 0), SPECIFICITY, 0.02)
    assert ppv == npv == Estimate(value=None, reason="the sensitivity is undefined on these images")
    assert needed_to_biopsy(ppv) == ppv


def test_needed_to_biopsy_turns_the_interval() -> None:
    assert needed_to_biopsy(Estimate(value=0.25, low=0.2, high=0.5)) == Estimate(value=4, low=2, high=5)
    assert (
        needed_to_biopsy(Estimate(value=0.0, low=0, high=0.2)).reason
        == "no melanoma among the flagged images"
    )
