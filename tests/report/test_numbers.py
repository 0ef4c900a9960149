import pytest

from dermdistill.benchmark.measurements import Ratio
from dermdistill.evaluation.estimates import Estimate
from dermdistill.report import numbers

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.00 kB"), (1_077_000, "1.08 MB"), (94_300_000, "94.3 MB"),
     (999_600, "1.00 MB"), (123_456_789_000, "123 GB")],
)  # fmt: skip
def test_size(value: int, written: str) -> None:
    assert numbers.size(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(950, "950"), (69_000_000, "69.0 M"), (1_096_000_000, "1.10 G")]
)
def test_macs(value: int, written: str) -> None:
    assert numbers.macs(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.7, "1 min 00 s"),
     (61, "1 min 01 s"), (3599.6, "1 h 00 min"), (5021, "1 h 23 min"), (360_000, "100 h 00 min")],
)  # fmt: skip
def test_duration(seconds: float, written: str) -> None:
    assert numbers.duration(seconds) == written


def test_estimates_carry_their_interval() -> None:
    assert numbers.with_interval(Estimate(value=0.91249, low=0.88, high=0.93551)) == "0.912 [0.880, 0.936]"
    assert numbers.with_interval(Estimate(value=0.5, reason="too few lesions")) == "0.500"
    assert numbers.with_interval(Estimate(value=None, reason="no melanoma")) == DASH


def test_differences_carry_their_sign() -> None:
    delta = Estimate(value=-0.0126, low=-0.03, high=0.004)
    assert numbers.with_interval(delta, with_sign=True) == f"{MINUS}0.013 [{MINUS}0.030, +0.004]"


def test_p_values_are_never_zero() -> None:
    assert numbers.p_value(0.0) == "< 0.001"
    assert numbers.p_value(0.0314) == "0.031"
    assert numbers.p_value(None) == DASH


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.5, "0.500"), (0.00041, "0.00041"), (0.0, "0.000"), (1.0, "1.000"), (1.1, "above 1")],
)
def test_threshold(value: float, written: str) -> None:
    assert numbers.threshold(value) == written


def test_counts_and_shares() -> None:
    assert numbers.count(23_516_228) == "23,516,228"
    assert (numbers.mean_count(12.0), numbers.mean_count(1234 + 1 / 3)) == ("12", "1,234.3")
    assert (numbers.percent(1, 3), numbers.percent(0, 0)) == ("33.3 %", DASH)
    assert numbers.span([0.3, 0.1, 0.2], numbers.fraction) == f"0.100{DASH}0.300"
    assert numbers.span([0.1, 0.10001], numbers.fraction) == "0.100"


def test_three_digits() -> None:
    written = [numbers.three_digits(value) for value in (0.0123, 0.5, 1, 9.999, 99.94, 99.96, 1234.5)]
    assert written == ["0.0123", "0.500", "1.00", "10.0", "99.9", "100", "1,234"]


def test_a_ratio_and_its_spread_have_the_same_decimals() -> None:
    assert numbers.with_spread(Ratio(to="x", value=0.999, low=0.9694, high=1.0131)) == "0.999 [0.969, 1.013]"
    assert numbers.with_spread(Ratio(to="x", value=1.634, low=1.6, high=1.7)) == "1.63 [1.60, 1.70]"
    assert numbers.with_spread(Ratio(to="x", value=120.4)) == "120"


def test_lists_in_words() -> None:
    assert [numbers.listed(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert [numbers.several(n, "seed") for n in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]
