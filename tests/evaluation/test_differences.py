import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm, sem, ttest_1samp
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from dermdistill.evaluation.delong import delong_test
from dermdistill.evaluation.differences import Measured, gap, gap_of_shares, holm, mean_auc, mean_over_images
from dermdistill.evaluation.shares import Share

NAMES = [str(i) for i in range(60)]


def test_two_shares() -> None:
    found = gap_of_shares(Share(0.9, 40), Share(0.7, 90))
    expected = confint_proportions_2indep(36, 40, 63, 90, compare="diff", method="newcomb")
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.p_value == pytest.approx(proportions_ztest([36, 63], [40, 90])[1])
    assert found.value == pytest.approx(0.2)


def test_shares_that_agree_or_are_empty() -> None:
    assert gap_of_shares(Share(1, 20), Share(1, 30)).p_value == 1
    assert math.isnan(gap_of_shares(Share(math.nan, 0), Share(1, 30)).p_value)


def test_a_mean_over_images() -> None:
    values = np.random.default_rng(0).normal(size=60)
    found = mean_over_images(values, NAMES)
    assert found.value == pytest.approx(values.mean())
    assert found.standard_error == pytest.approx(sem(values))
    assert found.value / found.standard_error == pytest.approx(ttest_1samp(values, 0).statistic)


def test_a_mean_over_lesions_of_several_images() -> None:
    values = np.random.default_rng(0).normal(size=60)
    lesion = np.arange(60) // 4
    fitted = sm.OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": lesion})
    found = mean_over_images(values, [str(i) for i in lesion])
    assert found.standard_error == pytest.approx(fitted.bse[0])
    assert math.isnan(mean_over_images(values[:4], ["a"] * 4).standard_error)
    assert math.isnan(mean_over_images(values[:0], []).value)


def test_the_error_of_an_auc_is_that_of_delongs_test() -> None:
    generator = np.random.default_rng(1)
    label = generator.random(60) < 0.4
    score = generator.normal(size=60) + label
    found = mean_auc(label, [score], NAMES)
    assert found.value == pytest.approx(roc_auc_score(label, score))
    # Against a model that gives every image the same, whose AUC is 0.5 without error.
    constant = delong_test(label, score, np.zeros(60), NAMES)
    assert found.standard_error == pytest.approx(constant.standard_error)
    assert mean_auc(label, [score, -score], NAMES).value == pytest.approx(0.5)


def test_a_gap_by_the_normal_distribution() -> None:
    found = gap(Measured(0.9, 0.03), Measured(0.8, 0.04))
    assert (found.low, found.high) == pytest.approx((0.1 - 1.96 * 0.05, 0.1 + 1.96 * 0.05), abs=1e-5)
    assert found.p_value == pytest.approx(2 * norm.sf(0.1 / 0.05))
    assert math.isnan(gap(Measured(0.9, math.nan), Measured(0.8, 0.04)).p_value)


def test_holm() -> None:
    p_values = [0.04, 0.001, 0.03, 0.2, 0.03]
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    assert holm([]) == []
