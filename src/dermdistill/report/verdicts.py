"""What was found, in words; every word follows from the judgement."""

from collections.abc import Mapping, Sequence

from dermdistill.evaluation.estimates import Estimate
from dermdistill.judgement.claims import SEEDS_FOR_A_CLAIM
from dermdistill.judgement.judgement import Claim, ClaimedComparison, Group
from dermdistill.judgement.names import DISTILLED, LABELS_ONLY, objectives_in_order
from dermdistill.report import numbers
from dermdistill.report.read import ReportedRun

Groups = Mapping[str, Group]

WHY_NOT: dict[Claim, str] = {
    "includes zero": "the interval includes 0",
    "few seeds": f"a student has fewer than {SEEDS_FOR_A_CLAIM} seeds",
    "seeds disagree": "the seeds disagree on the direction",
    "undefined": "the difference or its interval is undefined",
}


def auc_lines(groups: Sequence[Group]) -> list[str]:
    """The AUC of every group."""
    return [_auc_line(group) for group in groups]


def _auc_line(group: Group) -> str:
    auc = group.mean.auc
    if auc.value is None:
        return f"{group.label}: undefined, {auc.reason}"
    seeds = f", mean of {group.mean.seeds} seeds" if group.mean.seeds > 1 else ""
    return f"{group.label}: {numbers.with_interval(auc)}{seeds}"


def images_sentence(group: Group) -> str:
    """What the AUCs rest on."""
    images = group.mean
    return (
        f"AUC with its 95\N{NO-BREAK SPACE}% interval on {numbers.count(images.n_images)} test images "
        f"({numbers.count(images.n_melanoma)} of melanoma) of {numbers.count(images.n_lesions)} lesions:"
    )


def difference_sentence(comparison: ClaimedComparison, groups: Groups, a: str = "", b: str = "") -> str:
    """A paired difference and what can be claimed; ``a`` and ``b`` are other names than the labels."""
    a, b = a or groups[comparison.a].label, b or groups[comparison.b].label
    delta = comparison.delta_auc
    if delta.value is None or delta.low is None or delta.high is None:
        figure = "" if delta.value is None else f" (difference in AUC {numbers.signed(delta.value)})"
        return f"{a} and {b} cannot be compared{figure}: {delta.reason or 'there is no interval'}."
    if comparison.claim == "includes zero":
        signed = numbers.with_interval(delta, with_sign=True)
        return f"{a} and {b}: no measurable difference in AUC, {signed}."
    higher = delta.value > 0
    size = delta if higher else _turned(delta)
    found = f"{a} scored {'higher' if higher else 'lower'} than {b}, by {numbers.with_interval(size)}."
    if comparison.claim == "few seeds":
        return f"{found} {_too_few(comparison, groups)}"
    if comparison.claim == "seeds disagree":
        return f"{found} The seeds disagree on the direction, so it cannot be claimed."
    return found


def _turned(delta: Estimate) -> Estimate:
    values = (None if value is None else -value for value in (delta.value, delta.high, delta.low))
    return Estimate(**dict(zip(("value", "low", "high"), values, strict=True)))


def _too_few(comparison: ClaimedComparison, groups: Groups) -> str:
    sides = zip((comparison.a, comparison.b), comparison.seeds, strict=True)
    seeds = min(seeds for name, seeds in sides if not groups[name].is_teacher)
    few = "One seed is" if seeds == 1 else f"{seeds} seeds are"
    return f"{few} too few to claim it; run {SEEDS_FOR_A_CLAIM}."


def claim_words(comparison: ClaimedComparison, groups: Groups) -> str:
    """What can be claimed, for a table."""
    if comparison.claim in ("a is higher", "b is higher"):
        higher = comparison.a if comparison.claim == "a is higher" else comparison.b
        return f"{groups[higher].label} has the higher AUC"
    return f"nothing: {WHY_NOT[comparison.claim]}"


def against_control(run: ReportedRun, objective: str) -> list[ClaimedComparison]:
    """Students of one objective minus their labels-only control."""
    groups = run.judgement.groups
    return [
        each
        for each in run.judgement.comparisons
        if groups[each.a].learned_by(objective) and groups[each.b].learned_by(LABELS_ONLY)
    ]


def run_claims(run: ReportedRun) -> list[str]:
    """Did distillation help; do the other objectives differ from labels only?"""
    groups = run.judgement.groups
    leads = {"a is higher": "Distillation helped: ", "b is higher": "Distillation did harm: "}
    distilled = against_control(run, DISTILLED)
    sentences = [leads.get(each.claim, "") + difference_sentence(each, groups) for each in distilled]
    trained = objectives_in_order(
        group.summary.objective for group in groups.values() if group.summary is not None
    )
    others = [name for name in trained if name != DISTILLED]
    sentences += [difference_sentence(each, groups) for name in others for each in against_control(run, name)]
    if not sentences:
        sentences.append(
            "No distilled student was compared with a labels-only control, so nothing can be said about "
            "distillation."
        )
    return sentences
