import json
from dataclasses import asdict

import numpy as np
import pytest

from dermdistill.inference.reference import STATISTICS, Reference

TRAINING = np.random.default_rng(0).normal(0, 1, (5000, 7)) + np.arange(7)
REFERENCE = Reference.of(TRAINING)


def test_one_training_image_in_a_thousand_is_blurred() -> None:
    warned = [REFERENCE.warnings(row) for row in TRAINING]
    assert sum(any("blurred" in text for text in texts) for texts in warned) == 5
    assert sum(bool(texts) for texts in warned) == 5


def test_json_keeps_it() -> None:
    assert Reference.from_dict(json.loads(json.dumps(asdict(REFERENCE)))) == REFERENCE


def test_files_of_earlier_versions_say_more() -> None:
    older = {"mean": [0.0] * 7, "precision": [[0.0] * 7] * 7, "far": 4.0, "blurred": -9.5}
    assert Reference.from_dict(older) == Reference(blurred=-9.5)


@pytest.mark.parametrize("wrong", [np.zeros((0, 7)), np.full((50, 7), np.nan)])
def test_nothing_to_go_by(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected finite ones"):
        Reference.of(wrong)


@pytest.mark.parametrize("wrong", [{}, {"blurred": [1.0]}])
def test_damage(wrong: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Reference.from_dict(wrong)


def test_seven_statistics() -> None:
    assert len(STATISTICS) == 7
