"""What a paired comparison allows to be claimed, and no more."""

from collections.abc import Collection, Sequence

from dermdistill.evaluation.estimates import Comparison, Estimate
from dermdistill.judgement.judgement import Claim, ClaimedComparison

SEEDS_FOR_A_CLAIM = 3


def claimed(comparison: Comparison, teachers: Collection[str]) -> ClaimedComparison:
    """The comparison with its claim.

    A difference is claimed where the interval excludes 0, no pair of seeds points the other way, and every
    student has at least 3 seeds. A teacher is one given network, so one seed of it is enough.
    """
    too_few = any(
        seeds < SEEDS_FOR_A_CLAIM and name not in teachers
        for name, seeds in zip((comparison.a, comparison.b), comparison.seeds, strict=True)
    )
    found = claim_of(comparison.delta_auc, comparison.pair_deltas, too_few_seeds=too_few)
    return ClaimedComparison(**dict(comparison), claim=found)


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
