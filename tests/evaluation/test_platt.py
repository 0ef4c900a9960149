import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from dermdistill.evaluation.platt import fit_calibration
from dermdistill.evaluation.reliability import ece
from dermdistill.inference.calibration import Calibration, expit, log_odds


def drawn(images: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Bools and the true P(melanoma) that they were drawn from."""
    rng = np.random.default_rng(seed)
    probability = expit(rng.normal(-2, 1.5, images))
    return rng.random(images) < probability, probability


def test_against_scikit_learn() -> None:
    """Platt's smoothed targets are a logistic regression on every image twice, once under each label."""
    label, probability = drawn(600, 0)
    distorted = expit(2.5 * log_odds(probability) + 1)
    positives, negatives = label.sum(), (~label).sum()
    target = np.where(label, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    x = np.concatenate([log_odds(distorted)] * 2)[:, None]
    y = np.repeat([1, 0], len(label))
    reference = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        x, y, sample_weight=np.concatenate([target, 1 - target])
    )
    fitted = fit_calibration(label, distorted)
    assert fitted.slope == pytest.approx(reference.coef_[0, 0], rel=1e-4)
    assert fitted.intercept == pytest.approx(reference.intercept_[0], rel=1e-3)


def test_it_undoes_a_distortion() -> None:
    label, probability = drawn(200_000, 1)
    distorted = expit(3 * log_odds(probability) - 1)
    fitted = fit_calibration(label, distorted)
    # log-odds = (distorted + 1) / 3
    assert fitted.slope == pytest.approx(1 / 3, abs=0.02)
    assert fitted.intercept == pytest.approx(1 / 3, abs=0.07)
    fresh, truth = drawn(200_000, 2)
    moved = expit(3 * log_odds(truth) - 1)
    assert ece(fresh, fitted.of_melanoma(moved)) < 0.01 < ece(fresh, moved)


def test_a_perfect_separation_stays_finite() -> None:
    label = np.array([False] * 20 + [True] * 5)
    separated = np.where(label, 1 - 1e-9, 1e-9)
    calibrated = fit_calibration(label, separated).of_melanoma(separated)
    assert 0.8 < calibrated[label].min() < 0.9  # (5 + 1) / (5 + 2)
    assert calibrated[~label].max() < 0.06


@pytest.mark.parametrize(
    ("label", "probability"),
    [
        ([False] * 4, [0.1, 0.2, 0.3, 0.4]),
        ([True, False, True], [0.3, 0.3, 0.3]),
        ([True, True, False, False], [0.1, 0.2, 0.8, 0.9]),
        ([], []),
    ],
)
def test_where_nothing_can_be_fitted_nothing_changes(label: list[bool], probability: list[float]) -> None:
    assert fit_calibration(np.array(label, dtype=bool), np.array(probability)) == Calibration()
