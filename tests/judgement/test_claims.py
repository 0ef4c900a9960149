from typing import Any

import pytest

from dermdistill.evaluation.estimates import Comparison, Estimate
from dermdistill.judgement.claims import claimed


def compared(**changes: Any) -> Comparison:
    """Distilled minus control: 3 seeds each, plainly better; keywords change that."""
    comparison = Comparison(
        a="dsnet-hinton",
        b="dsnet-labels",
        delta_auc=Estimate(value=0.02, low=0.01, high=0.03),
        pair_deltas=(0.01, 0.02, 0.03),
        p_values=(0.04, 0.01, 0.001),
        seeds=(3, 3),
    )
    return comparison.model_copy(update=changes)


def test_a_difference_is_claimed_of_three_seeds() -> None:
    assert claimed(compared(), ["teacher"]).claim == "a is higher"
    lower = compared(
        delta_auc=Estimate(value=-0.02, low=-0.03, high=-0.01), pair_deltas=(-0.01, -0.02, -0.03)
    )
    assert claimed(lower, ["teacher"]).claim == "b is higher"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delta_auc": Estimate(value=0.02, low=-0.001, high=0.03)}, "includes zero"),
        ({"delta_auc": Estimate(value=0.02, low=0.0, high=0.03)}, "includes zero"),
        ({"delta_auc": Estimate(value=-0.02, low=-0.03, high=0.0)}, "includes zero"),
        ({"delta_auc": Estimate(value=None, reason="no melanoma")}, "undefined"),
        ({"delta_auc": Estimate(value=0.02, reason="too few lesions")}, "undefined"),
        ({"seeds": (2, 3)}, "few seeds"),
        ({"seeds": (3, 1)}, "few seeds"),
        ({"pair_deltas": (0.05, -0.001, 0.02)}, "seeds disagree"),
    ],
)
def test_nothing_is_claimed_otherwise(changes: Any, expected: str) -> None:
    found = claimed(compared(**changes), ["teacher"])
    assert found.claim == expected
    assert Comparison(**found.model_dump(exclude={"claim"})) == compared(**changes)


def test_one_teacher_is_enough() -> None:
    assert claimed(compared(b="teacher", seeds=(3, 1)), ["teacher"]).claim == "a is higher"
    assert claimed(compared(b="teacher", seeds=(1, 1)), ["teacher"]).claim == "few seeds"
