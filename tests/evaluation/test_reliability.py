import math

import numpy as np
import pytest

from dermdistill.evaluation.reliability import bin_gaps, ece, mean_gaps, reliability


def test_ece_worked_by_hand() -> None:
    # Two bins of three images: mean probabilities 0.2 and 0.7, shares of melanoma 1/3 and 2/3.
    probability = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
    label = np.array([0, 1, 0, 1, 0, 1], bool)

    assert ece(label, probability, bins=2) == pytest.approx((abs(0.2 - 1 / 3) + abs(0.7 - 2 / 3)) / 2)


def test_reliability_worked_by_hand() -> None:
    probability = np.array([0.7, 0.1, 0.8, 0.2, 0.3, 0.6])
    label = np.array([0, 0, 1, 1, 0, 1], bool)

    low, high = reliability(label, probability, bins=2)

    assert low == pytest.approx((0.2, 1 / 3, 3))
    assert high == pytest.approx((0.7, 2 / 3, 3))


def test_ece_is_the_weighted_gap_of_the_reliability_curve() -> None:
    rng = np.random.default_rng(0)
    probability = rng.beta(1, 4, size=237)
    label = rng.random(237) < probability

    points = reliability(label, probability)
    gaps = [abs(point.mean_probability - point.melanoma_share) * point.images for point in points]

    assert len(points) == 10
    assert {point.images for point in points} == {23, 24}
    assert ece(label, probability) == pytest.approx(sum(gaps) / 237)


def test_images_of_one_probability_share_a_bin() -> None:
    label = np.array([1, 0, 0, 0], bool)

    (point,) = reliability(label, np.full(4, 0.25))

    assert point == (0.25, 0.25, 4)
    assert ece(label, np.full(4, 0.25)) == 0


def test_certain_and_always_wrong_is_an_error_of_one() -> None:
    assert ece(np.array([1, 0], bool), np.array([0.0, 1.0])) == 1


def test_copies_of_every_image_change_nothing() -> None:
    rng = np.random.default_rng(1)
    probability, label = rng.random(37), rng.random(37) < 0.4

    assert ece(np.repeat(label, 3), np.repeat(probability, 3)) == pytest.approx(ece(label, probability))


def test_weights_count_like_repeated_images_in_the_same_bins() -> None:
    rng = np.random.default_rng(2)
    probability, label = rng.random(50), rng.random(50) < 0.4
    gaps = bin_gaps(label, probability)
    weights = rng.integers(0, 3, size=50)

    repeated = np.repeat(gaps, weights, axis=0).mean(axis=0)

    assert mean_gaps(gaps, weights.astype(float)) == pytest.approx(repeated)


def test_nothing_to_calibrate() -> None:
    assert math.isnan(ece(np.zeros(0, bool), np.zeros(0)))
    assert reliability(np.zeros(0, bool), np.zeros(0)) == []
