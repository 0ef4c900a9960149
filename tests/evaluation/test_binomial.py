import math

import pytest
from scipy.stats import binom, binomtest

from dermdistill.evaluation.binomial import at_most, cases_for_width, exact_interval


@pytest.mark.parametrize("cases", [1, 7, 59, 400, 5000])
@pytest.mark.parametrize("share", [0.001, 0.05, 0.5, 0.97])
def test_probabilities_against_scipy(cases: int, share: float) -> None:
    for misses in {0, 1, cases // 20, cases // 2, cases - 1, cases}:
        assert at_most(misses, cases, share) == pytest.approx(
            binom.cdf(misses, cases, share), rel=1e-9, abs=1e-12
        )


def test_ends_of_the_range() -> None:
    assert at_most(-1, 5, 0.3) == 0
    assert at_most(2, 5, 0.0) == 1
    assert at_most(2, 5, 1.0) == 0
    assert at_most(5, 5, 1.0) == 1


@pytest.mark.parametrize(("found", "cases"), [(0, 1), (1, 1), (0, 13), (13, 13), (58, 61), (300, 1000)])
def test_the_interval_against_scipy(found: int, cases: int) -> None:
    reference = binomtest(found, cases).proportion_ci(0.95, method="exact")
    assert exact_interval(found, cases) == pytest.approx((reference.low, reference.high), abs=1e-9)


def test_no_case_says_nothing() -> None:
    assert all(math.isnan(end) for end in exact_interval(0, 0))


@pytest.mark.parametrize(("share", "width"), [(0.9, 0.2), (0.9, 0.1), (0.5, 0.3), (1.0, 0.1)])
def test_the_cases_for_a_width_are_enough_and_hardly_more(share: float, width: float) -> None:
    def width_of(cases: int) -> float:
        reference = binomtest(round(share * cases), cases).proportion_ci(0.95, method="exact")
        return float(reference.high - reference.low)

    needed = cases_for_width(share, width)
    assert width_of(needed) <= width
    assert width_of(needed - max(2, needed // 20)) > width
