"""What a paired comparison allows to be said, and no more."""

from collections.abc import Mapping
from typing import Literal

from dermdistill.evaluation.results import Comparison
from dermdistill.report.groups import Group

SEEDS_FOR_A_CLAIM = 3

Claim = Literal["undefined", "includes zero", "few seeds", "seeds disagree", "a is higher", "b is higher"]


def claim(comparison: Comparison, groups: Mapping[str, Group]) -> Claim:
    """What can be claimed of a against b.

    A difference is claimed where the interval leaves out 0, no pair of seeds points the other way, and every
    student has at least 3 seeds. A teacher is one given network, so one seed of it is enough.
    """
    delta = comparison.delta_auc
    if delta.value is None or delta.low is None or delta.high is None:
        return "undefined"
    if delta.low <= 0 <= delta.high:
        return "includes zero"
    for name, seeds in zip((comparison.a, comparison.b), comparison.seeds, strict=True):
        if seeds < SEEDS_FOR_A_CLAIM and not _is_teacher(name, groups):
            return "few seeds"
    if any(pair is not None and pair * delta.value < 0 for pair in comparison.pair_deltas):
        return "seeds disagree"
    return "a is higher" if delta.value > 0 else "b is higher"


def against_control(comparison: Comparison, groups: Mapping[str, Group]) -> Comparison | None:
    """The comparison as a student minus its labels-only control; None where it is another one."""
    for turned in (comparison, _swapped(comparison)):
        a, b = groups.get(turned.a), groups.get(turned.b)
        if a is not None and b is not None and b.is_control and (a.is_distilled or a.is_as_published):
            return turned
    return None


def _is_teacher(name: str, groups: Mapping[str, Group]) -> bool:
    return name in groups and groups[name].summary.role == "teacher"


def _swapped(comparison: Comparison) -> Comparison:
    delta = comparison.delta_auc
    return comparison.model_copy(
        update={
            "a": comparison.b,
            "b": comparison.a,
            "delta_auc": delta.model_copy(
                update={
                    "value": _negated(delta.value),
                    "low": _negated(delta.high),
                    "high": _negated(delta.low),
                }
            ),
            "pair_deltas": tuple(_negated(pair) for pair in comparison.pair_deltas),
            "seeds": comparison.seeds[::-1],
        }
    )


def _negated(value: float | None) -> float | None:
    return None if value is None else -value
