"""Does a setting, such as the temperature, move a figure by more than the seeds do?"""

import math
from collections.abc import Mapping

import numpy as np

from dermdistill.evaluation.metrics import Floats
from dermdistill.json_files import Frozen

SHUFFLES = 9_999
_SEED = 0
# Sums of the same numbers in another order differ in the last digits.
_ROUNDING = 1e-9


class SettingTest(Frozen):
    """Settings against seeds, over the seeds that were trained with every setting.

    Attributes:
        settings, seeds: how many were tested.
        between: standard deviation, over the settings, of the mean over the seeds; None where there is no
            test.
        by_chance: about what ``between`` would be if the setting did nothing: the standard deviation that is
            left once the means of settings and seeds are taken off, over the square root of the seeds. The
            square of ``between / by_chance`` is the F of a two-way analysis of variance.
        p_value: share of the shuffles that spread the means at least as far; None where there is no test.
        least_p: the smallest that so many settings and seeds can give.
        reason: why there is no test; None where there is one.
    """

    settings: int
    seeds: int
    between: float | None = None
    by_chance: float | None = None
    p_value: float | None = None
    least_p: float | None = None
    reason: str | None = None


def setting_test(values: Mapping[float, Mapping[int, float | None]]) -> SettingTest:
    """Permutation test of a setting, with the seeds as blocks.

    A seed fixes the first weights and the order of the images whatever the setting, so the values of a seed
    belong together, and the settings are shuffled within each seed (Fisher's randomised blocks). The
    statistic is the variance of the settings' means. Without an effect every shuffle is as likely as what was
    seen, however the values are distributed.

    Args:
        values: of each setting, the figure by seed; None where undefined.
    """
    if len(values) < 2:
        return SettingTest(settings=len(values), seeds=0, reason="a test needs two settings or more")
    defined = [{seed for seed, value in of.items() if value is not None} for of in values.values()]
    complete = sorted(set.intersection(*defined))
    if len(complete) < 2:
        return SettingTest(
            settings=len(values),
            seeds=len(complete),
            reason="a test needs two seeds or more that every setting has",
        )
    table = np.array([[of[seed] for seed in complete] for of in values.values()], dtype=np.float64)
    settings, seeds = table.shape
    return SettingTest(
        settings=settings,
        seeds=seeds,
        between=float(table.mean(axis=1).std(ddof=1)),
        by_chance=_by_chance(table),
        p_value=_p_value(table),
        # The settings can be renamed in so many ways without changing their spread.
        least_p=math.factorial(settings) ** (1 - seeds),
    )


def _by_chance(table: Floats) -> float:
    settings, seeds = table.shape
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    return math.sqrt(float((left**2).sum()) / ((settings - 1) * (seeds - 1)) / seeds)


def _p_value(table: Floats) -> float:
    """Of ``(settings, seeds)``; what was seen counts as one shuffle, so that p is never 0."""
    generator = np.random.default_rng(_SEED)
    shuffled = np.zeros((SHUFFLES, len(table)))
    for of_seed in table.T:
        shuffled += generator.permuted(np.tile(of_seed, (SHUFFLES, 1)), axis=1)
    seen = table.sum(axis=1).var()
    as_far = shuffled.var(axis=1) >= seen * (1 - _ROUNDING) - np.finfo(float).eps
    return float((1 + as_far.sum()) / (1 + SHUFFLES))
