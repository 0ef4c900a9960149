import json
from dataclasses import asdict

import numpy as np
import pytest

from dermdistill.inference.detector import DetectorLimits

LIMITS = DetectorLimits(log_odds=1.5, distance=20.0)


def test_either_answer_above_its_limit_is_enough() -> None:
    answers = np.array([[1.5, 20.0], [1.6, 3.0], [-4.0, 20.1], [9.0, 90.0]])
    assert LIMITS.exceeded(answers).tolist() == [False, True, True, True]
    assert not LIMITS.exceeded(answers[0])


def test_without_an_answer_nothing_is_exceeded() -> None:
    assert not LIMITS.exceeded(np.array([np.nan, np.nan]))


def test_json_keeps_it() -> None:
    assert DetectorLimits.from_dict(json.loads(json.dumps(asdict(LIMITS)))) == LIMITS


@pytest.mark.parametrize("wrong", [{}, {"log_odds": 1.0}, {"log_odds": "much", "distance": 1.0}])
def test_damage(wrong: dict[str, object]) -> None:
    with pytest.raises((KeyError, ValueError)):
        DetectorLimits.from_dict(wrong)
