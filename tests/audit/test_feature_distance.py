"""Distances of images in the features of a model."""

import numpy as np
import pytest

from dermdistill.audit.feature_distance import FeatureDistance, why_none
from tests.audit.conftest import planted_features


def found(features: np.ndarray, limit: float) -> set[tuple[int, int]]:
    distance = FeatureDistance.of(features)
    assert distance is not None
    table = distance.table(np.arange(len(features)))
    one, other = np.nonzero(table <= limit)
    return {(a, b) for a, b in zip(one.tolist(), other.tolist(), strict=True) if a < b}


def test_planted_pairs_are_near_in_any_scale() -> None:
    assert found(planted_features(200, 40), 0.3) == {(0, 1), (2, 3)}


def test_features_that_are_missing_are_far_from_all() -> None:
    features = planted_features(200, 40)
    features[1] = np.nan
    assert found(features, 0.3) == {(2, 3)}
    distance = FeatureDistance.of(features)
    assert distance is not None
    assert np.isinf(distance.table(np.array([1]))).all()
    assert np.isinf(distance.of_pairs(np.array([0]), np.array([1]))).all()


def test_pairs_have_the_distances_of_the_table() -> None:
    distance = FeatureDistance.of(planted_features(200, 40))
    assert distance is not None
    first, second = np.arange(0, 200, 2), np.arange(1, 200, 2)
    table = distance.table(first)[np.arange(100), second]
    np.testing.assert_allclose(distance.of_pairs(first, second), table, atol=1e-5)
    assert (table[2:] > 0.3).all()


@pytest.mark.parametrize(
    ("images", "dimensions", "why"), [(60, 40, "60 images are too few for 40"), (200, 7, "no more than 7")]
)
def test_too_few_images_or_features_say_so(images: int, dimensions: int, why: str) -> None:
    features = planted_features(images, dimensions)
    assert FeatureDistance.of(features) is None
    assert why in (why_none(features) or "")
