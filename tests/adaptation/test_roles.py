import numpy as np
import pytest

from dermdistill.adaptation.roles import FEWEST_TEACHERS, assign_roles
from tests.adaptation.samples import gaussian


def test_too_few_melanomas_promise_nothing_and_do_both() -> None:
    sample = gaussian(0, melanomas=28, others=40)
    roles = assign_roles(sample, 0.90, 0)
    assert not roles.is_promise
    assert roles.misses is None
    assert roles.teaches.all()
    assert roles.sets_threshold.all()
    assert roles.misses_in_sample == 2  # 2 of 28 leave 0.93, 3 would leave 0.89


@pytest.mark.parametrize("melanomas", [29, 29 + FEWEST_TEACHERS - 1])
def test_enough_for_a_promise_but_not_to_teach_besides(melanomas: int) -> None:
    roles = assign_roles(gaussian(0, melanomas=melanomas, others=40), 0.90, 0)
    assert roles.misses == 0
    assert roles.cases == melanomas
    assert roles.teaches.sum() == 40


@pytest.mark.parametrize(("melanomas", "cases", "misses"), [(44, 29, 0), (62, 46, 1), (107, 76, 3)])
def test_melanomas_are_divided(melanomas: int, cases: int, misses: int) -> None:
    sample = gaussian(0, melanomas=melanomas, others=40)
    roles = assign_roles(sample, 0.90, 0)
    assert (roles.cases, roles.misses) == (cases, misses)
    assert not (roles.teaches & roles.sets_threshold).any()
    assert (sample.label & roles.sets_threshold).sum() == cases
    assert (sample.label & roles.teaches).sum() == melanomas - cases
    assert roles.teaches[~sample.label].all()
    assert (assign_roles(sample, 0.90, 1).teaches != roles.teaches).any()


def test_all_photographs_of_a_lesion_have_one_role() -> None:
    sample = gaussian(0, melanomas=50, others=20, per_lesion=3)
    roles = assign_roles(sample, 0.90, 0)
    assert roles.cases == 29
    for lesion in set(sample.lesion):
        assert len(set(roles.teaches[np.array(sample.lesion) == lesion])) == 1


def test_without_a_fold_the_threshold_stays_at_the_same_share() -> None:
    sample = gaussian(0, melanomas=107, others=40)
    roles = assign_roles(sample, 0.90, 0)
    left_out = np.arange(len(sample)) < 10
    without = roles.without(left_out, 68)
    assert len(without.teaches) == len(sample) - 10
    assert without.misses == 3  # 4 of 77 is 0.052, 4 of 69 is 0.058, 3 of 69 is 0.043
    assert roles.without(left_out, 57).misses == 2
