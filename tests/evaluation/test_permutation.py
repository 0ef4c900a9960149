from collections.abc import Mapping
from itertools import permutations, product

import numpy as np
import pytest

from dermdistill.evaluation.permutation import setting_test

Table = Mapping[float, tuple[float, ...]]

TABLE: Table = {3.0: (0.81, 0.80, 0.79), 10.0: (0.84, 0.82, 0.83), 100.0: (0.80, 0.83, 0.80)}


def by_seed(table: Table) -> dict[float, dict[int, float | None]]:
    return {setting: dict(enumerate(values)) for setting, values in table.items()}


def exact_p(table: Table) -> float:
    """By all shuffles of the settings within each seed."""
    columns = list(zip(*table.values(), strict=True))
    spreads = [
        np.var(np.sum(shuffle, axis=0)) for shuffle in product(*(list(permutations(c)) for c in columns))
    ]
    seen = np.var(np.sum(columns, axis=0))
    return float(np.mean([spread >= seen - 1e-12 for spread in spreads]))


def test_p_is_that_of_all_shuffles() -> None:
    test = setting_test(by_seed(TABLE))
    assert test.p_value == pytest.approx(exact_p(TABLE), abs=0.01)
    assert 0.02 < exact_p(TABLE) < 0.5


def test_the_seeds_own_level_is_no_noise() -> None:
    # Each seed is 0.1 above the last; within each, 10 is 0.01 above 3 and 0.01 below 100.
    levels = np.arange(5) / 10
    table = {3.0: tuple(0.3 + levels), 10.0: tuple(0.31 + levels), 100.0: tuple(0.32 + levels)}
    test = setting_test(by_seed(table))
    assert test.p_value is not None
    assert test.p_value < 0.01
    assert test.between == pytest.approx(0.01)
    assert test.by_chance == pytest.approx(0, abs=1e-12)


def test_spreads_give_the_f_of_a_two_way_analysis_of_variance() -> None:
    test = setting_test(by_seed(TABLE))
    assert test.between == pytest.approx(np.std([0.80, 0.83, 0.81], ddof=1))
    values = np.array(list(TABLE.values()))
    of_seeds = 3 * ((values.mean(axis=0) - values.mean()) ** 2).sum()
    of_settings = 3 * ((values.mean(axis=1) - values.mean()) ** 2).sum()
    left = ((values - values.mean()) ** 2).sum() - of_seeds - of_settings
    assert test.between is not None
    assert test.by_chance is not None
    assert (test.between / test.by_chance) ** 2 == pytest.approx((of_settings / 2) / (left / 4))


def test_p_is_seldom_small_without_an_effect() -> None:
    rng = np.random.default_rng(0)
    found = [
        setting_test(by_seed({float(t): tuple(rng.normal(size=3)) for t in range(4)})).p_value
        for _ in range(200)
    ]
    assert np.mean([p is not None and p <= 0.05 for p in found]) <= 0.12
    assert 0.35 < np.mean([p for p in found if p is not None]) < 0.65


def test_it_repeats_and_names_are_no_matter() -> None:
    renamed = dict(zip((1.0, 2.0, 5.0), TABLE.values(), strict=True))
    assert setting_test(by_seed(TABLE)) == setting_test(by_seed(TABLE)) == setting_test(by_seed(renamed))


def test_equal_figures_are_no_evidence() -> None:
    assert setting_test({1.0: {0: 0.7, 1: 0.8}, 2.0: {0: 0.7, 1: 0.8}}).p_value == 1


@pytest.mark.parametrize(("settings", "seeds", "least"), [(2, 3, 1 / 4), (3, 2, 1 / 6), (4, 3, 1 / 576)])
def test_the_least_p_is_reached_where_every_seed_agrees(settings: int, seeds: int, least: float) -> None:
    table = {float(t): tuple(t + 0.1 * s for s in range(seeds)) for t in range(settings)}
    test = setting_test(by_seed(table))
    assert test.least_p == pytest.approx(least)
    assert test.p_value == pytest.approx(least, abs=0.015)


def test_only_seeds_of_every_setting_are_compared() -> None:
    whole = by_seed(TABLE)
    whole[3.0][3] = 0.9
    whole[10.0][3] = 0.1
    whole[100.0][3] = None
    assert setting_test(whole) == setting_test(by_seed(TABLE))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "two settings"),
        ({1.0: {0: 0.5, 1: 0.6}}, "two settings"),
        ({1.0: {0: 0.5, 1: 0.6}, 2.0: {0: 0.5}}, "two seeds"),
        ({1.0: {0: 0.5, 1: 0.6}, 2.0: {0: 0.5, 1: None}}, "two seeds"),
    ],
)
def test_too_little_is_no_test(values: dict[float, dict[int, float | None]], reason: str) -> None:
    test = setting_test(values)
    assert test.p_value is None
    assert test.between is None
    assert test.reason is not None
    assert reason in test.reason
