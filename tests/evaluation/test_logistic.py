import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from dermdistill.evaluation.logistic import fit_logistic, smoothed


def drawn(seed: int, images: int = 200, columns: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    design = rng.normal(size=(images, columns))
    return design, rng.random(images) < 1 / (1 + np.exp(1 - design[:, 0] - 0.5 * design[:, 1]))


@pytest.mark.parametrize("penalty", [0.5, 20.0])
def test_against_scikit_learn(penalty: float) -> None:
    """A target between 0 and 1 is every image twice, once under each label, with weights."""
    design, label = drawn(0)
    target = smoothed(label)
    reference = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=1000).fit(
        np.concatenate([design, design]),
        np.repeat([1, 0], len(label)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    with_ones = np.column_stack([design, np.ones(len(label))])
    weights = fit_logistic(with_ones, target, np.array([penalty] * 5 + [0.0]))
    np.testing.assert_allclose(weights[:-1], reference.coef_[0], rtol=1e-4, atol=1e-6)
    assert weights[-1] == pytest.approx(reference.intercept_[0], rel=1e-4)


def test_a_large_penalty_leaves_only_the_columns_without_one() -> None:
    design, label = drawn(1)
    weights = fit_logistic(design, smoothed(label), np.array([0.0, 1e9, 1e9, 1e9, 1e9]))
    alone = fit_logistic(design[:, :1], smoothed(label), np.zeros(1))
    np.testing.assert_allclose(weights[1:], 0, atol=1e-6)
    assert weights[0] == pytest.approx(alone[0], rel=1e-4)


def test_more_columns_than_images_and_a_column_of_zeros_stay_finite() -> None:
    design, label = drawn(2, images=20, columns=60)
    design[:, 3] = 0
    weights = fit_logistic(design, smoothed(label), np.full(60, 1.0))
    assert np.isfinite(weights).all()
    assert weights[3] == 0


def test_a_perfect_separation_stays_finite() -> None:
    label = np.array([False] * 20 + [True] * 5)
    design = np.column_stack([np.where(label, 1.0, -1.0), np.ones(25)])
    weights = fit_logistic(design, smoothed(label), np.zeros(2))
    fitted = 1 / (1 + np.exp(-design @ weights))
    assert fitted[label] == pytest.approx(6 / 7)
    assert fitted[~label] == pytest.approx(1 / 22)
