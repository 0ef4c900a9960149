import math

import numpy as np
import pytest

from dermdistill.inference.calibration import Calibration, expit, log_odds, prevalence_shift

P = np.array([[0.2, 0.7, 0.1], [0.05, 0.05, 0.9], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def test_identity_changes_nothing() -> None:
    np.testing.assert_allclose(Calibration().apply(P, 0), P, atol=1e-15)


def test_by_hand() -> None:
    # log-odds of 0.2 are ln(1/4); halved, plus ln 2: ln(1/2 * 2) = 0, so P = 1/2.
    calibrated = Calibration(0.5, math.log(2)).apply(np.array([[0.2, 0.7, 0.1]]), 0)
    np.testing.assert_allclose(calibrated, [[0.5, 0.5 * 7 / 8, 0.5 * 1 / 8]])


def test_rows_sum_to_one_and_ranks_stay() -> None:
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(5), 200)
    calibrated = Calibration(1.9, -3.0).apply(rows, 2)
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)
    assert np.array_equal(np.argsort(calibrated[:, 2]), np.argsort(rows[:, 2]))
    others = np.delete(rows, 2, axis=1)
    kept = np.delete(calibrated, 2, axis=1)
    np.testing.assert_allclose(
        kept / kept.sum(axis=1, keepdims=True), others / others.sum(axis=1, keepdims=True)
    )


def test_certainty_stays_certain() -> None:
    calibrated = Calibration(2.0, 1.0).apply(P, 0)
    assert calibrated[3].tolist() == [1, 0, 0]
    assert calibrated[2, 0] == 0
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)


def test_far_out_log_odds_do_not_overflow() -> None:
    with np.errstate(over="raise"):
        assert expit(np.array([-1e4, 0.0, 1e4])).tolist() == [0, 0.5, 1]
    np.testing.assert_allclose(expit(log_odds(np.array([1e-12, 0.3]))), [1e-12, 0.3])


def test_prevalence_by_bayes_rule() -> None:
    """Checked against Bayes' rule written out: posterior odds = likelihood ratio x prior odds."""
    p, trained, wanted = 0.4, 0.1, 0.02
    ratio = (p / (1 - p)) / (trained / (1 - trained))
    odds = ratio * wanted / (1 - wanted)
    shifted = prevalence_shift(trained, wanted).of_melanoma(np.array(p))
    assert float(shifted) == pytest.approx(odds / (1 + odds))


def test_the_same_prevalence_changes_nothing() -> None:
    np.testing.assert_allclose(prevalence_shift(0.08, 0.08).apply(P, 1), P, atol=1e-15)


@pytest.mark.parametrize("wrong", [(0.0, 0.1), (0.1, 1.0), (-1, 0.5)])
def test_prevalences_that_are_none(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        prevalence_shift(*wrong)


@pytest.mark.parametrize("wrong", [(0.0, 0.0), (-1.0, 0.0), (math.nan, 0.0), (1.0, math.inf)])
def test_a_calibration_that_is_none(wrong: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="slope above 0"):
        Calibration(*wrong)
