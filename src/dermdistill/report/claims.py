"""What a paired comparison allows to be said, and no more."""

from collections.abc import Mapping, Sequence
from typing import Literal

from dermdistill.evaluation.results import Comparison, Estimate
from dermdistill.report.groups import Group

SEEDS_FOR_A_CLAIM = 3

Claim = Literal["undefined", "includes zero", "few seeds", "seeds disagree", "a is higher", "b is higher"]


def claim(comparison: Comparison, groups: Mapping[str, Group]) -> Claim:
    """What can be claimed of a against b.

    A difference is claimed where the interval leaves out 0, no pair of seeds points the other way, and every
    student has at least 3 seeds. A teacher is one given network, so one seed of it is enough.
    """
    too_few = any(
        seeds < SEEDS_FOR_A_CLAIM and not _is_teacher(name, groups)
        for name, seeds in zip((comparison.a, comparison.b), comparison.seeds, strict=True)
    )
    return claim_of(comparison.delta_auc, comparison.pair_deltas, too_few_seeds=too_few)


def claim_of(delta: Estimate, pair_deltas: Sequence[float | None], *, too_few_seeds: bool) -> Claim:
    """The same of any paired difference, a minus b."""
    if delta.value is None or delta.low is None or delta.high is None:
        return "undefined"
    if delta.low <= 0 <= delta.high:
        return "includes zero"
    if too_few_seeds:
        return "few seeds"
    if any(pair is not None and pair * delta.value < 0 for pair in pair_deltas):
        return "seeds disagree"
    return "a is higher" if delta.value > 0 else "b is higher"


def why_nothing(found: Claim) -> str:
    """Why nothing can be claimed; empty where something can."""
    match found:
        case "includes zero":
            return "the interval includes 0"
        case "few seeds":
            return f"fewer than {SEEDS_FOR_A_CLAIM} seeds of a student"
        case "seeds disagree":
            return "the seeds disagree on the direction"
        case "undefined":
            return "the difference or its interval is undefined"
        case _:
            return ""


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
