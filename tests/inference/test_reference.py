import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis

from dermdistill.inference.reference import STATISTICS, Reference

RNG = np.random.default_rng(0)
TRAINING = RNG.normal(0, 1, (5000, 7)) @ RNG.normal(0, 1, (7, 7)) + np.arange(7)
REFERENCE = Reference.of(TRAINING)


def test_distance_against_scipy() -> None:
    precision = np.linalg.inv(np.cov(TRAINING, rowvar=False))
    expected = [mahalanobis(row, TRAINING.mean(axis=0), precision) for row in TRAINING[:20]]
    found = [REFERENCE.distance(row) for row in TRAINING[:20]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_one_training_image_in_a_hundred_is_far_and_one_in_a_thousand_blurred() -> None:
    warned = [REFERENCE.warnings(row) for row in TRAINING]
    assert sum(any("unusual" in text for text in texts) for texts in warned) == 50
    assert sum(any("blurred" in text for text in texts) for texts in warned) == 5


def test_the_middle_is_not_warned_of() -> None:
    assert REFERENCE.warnings(TRAINING.mean(axis=0)) == ()


def test_json_keeps_it() -> None:
    assert Reference.from_dict(json.loads(json.dumps(asdict(REFERENCE)))) == REFERENCE


def test_images_of_one_colour_each_have_a_reference() -> None:
    flat = np.zeros((50, 7))
    flat[:, :3] = RNG.random((50, 3))
    assert np.isfinite([Reference.of(flat).distance(row) for row in flat]).all()


@pytest.mark.parametrize("wrong", [np.zeros((7, 7)), np.full((50, 7), np.nan)])
def test_too_little_to_go_by(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected finite ones of more than 7"):
        Reference.of(wrong)


@pytest.mark.parametrize("key", ["mean", "precision", "far", "blurred"])
def test_damage(key: str) -> None:
    content = asdict(REFERENCE)
    content[key] = [1.0]
    with pytest.raises((ValueError, TypeError)):
        Reference.from_dict(content)


def test_seven_statistics() -> None:
    assert len(STATISTICS) == 7
