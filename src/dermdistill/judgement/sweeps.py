"""One setting of the distilled student with several values: does it matter beyond the seeds?"""

from collections.abc import Sequence

from dermdistill.evaluation.permutation import SettingTest, setting_test
from dermdistill.judgement.claims import SEEDS_FOR_A_CLAIM
from dermdistill.judgement.group_comparisons import GroupComparisons
from dermdistill.judgement.judgement import Group, Sweep, SweepAnswer, SweepPoint

LEVEL = 0.05
"""p below which an effect is claimed."""


def judge_sweep(pairs: GroupComparisons, base: float, found: Sequence[tuple[float | None, Group]]) -> Sweep:
    """The facts of a sweep.

    Args:
        pairs: all groups.
        base: the recipe's own value.
        found: value and group of each; those without a value are left out.
    """
    groups = {value: group for value, group in found if value is not None}
    groups = dict(sorted(groups.items()))
    own = groups.get(base)
    points = tuple(
        SweepPoint(
            value=value,
            group=group.name,
            minus_base=None if own is None or group is own else pairs.aucs(group.name, own.name),
        )
        for value, group in groups.items()
    )
    known = {v: group.mean.auc.value for v, group in groups.items() if group.mean.auc.value is not None}
    best = max(known, key=lambda value: (known[value], value == base)) if known else None
    if set(groups) <= {base}:
        return Sweep(base=base, points=points, test=None, answer="one value", best=best)
    test = setting_test({value: _auc_by_seed(pairs, group) for value, group in groups.items()})
    return Sweep(base=base, points=points, test=test, answer=_answer(test), best=best)


def _auc_by_seed(pairs: GroupComparisons, group: Group) -> dict[int, float | None]:
    seeds = [model.summary.seed for model in pairs.models(group.name) if model.summary is not None]
    return dict(zip(seeds, group.mean.auc.per_seed, strict=True))


def _answer(test: SettingTest) -> SweepAnswer:
    if test.p_value is None or test.least_p is None:
        return "no test"
    if test.seeds < SEEDS_FOR_A_CLAIM:
        return "few seeds"
    if test.least_p >= LEVEL:
        return "few values"
    return "matters" if test.p_value < LEVEL else "not shown"
