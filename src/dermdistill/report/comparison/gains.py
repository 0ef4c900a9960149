"""What distillation, and what the published arithmetic, changes against labels alone."""

from collections.abc import Mapping, Sequence

from dermdistill.evaluation.results import Comparison
from dermdistill.report import numbers
from dermdistill.report.claims import SEEDS_FOR_A_CLAIM, Claim, against_control, claim, why_nothing
from dermdistill.report.comparison.arrangement import Arrangement
from dermdistill.report.comparison.verdict import Verdict
from dermdistill.report.groups import AS_PUBLISHED, DISTILLED, objective_name

_METHOD = (
    "AUC, paired: the same test images and, where both have as many, the same seeds; 95 % interval by "
    "bootstrap over lesions. A difference is claimed where its interval leaves out 0, no pair of seeds "
    f"points the other way and both sides have {SEEDS_FOR_A_CLAIM} seeds. The interval speaks of these test "
    "images, not of other trainings; of many networks without any difference, one in twenty has such "
    "an interval by chance."
)

Found = Mapping[str, tuple[Comparison, Claim]]
"""By the network's name: one objective minus labels only, and what can be claimed."""


def distillation_verdict(arrangement: Arrangement, comparisons: Sequence[Comparison]) -> Verdict:
    """``hinton`` against ``labels`` of every network."""
    return _verdict("What does distillation give over the labels alone?", DISTILLED, arrangement, comparisons)


def published_verdict(arrangement: Arrangement, comparisons: Sequence[Comparison]) -> Verdict:
    """``as-published`` against ``labels`` of every network."""
    question = "Does the published arithmetic differ from the labels alone?"
    return _verdict(question, AS_PUBLISHED, arrangement, comparisons)


def _verdict(
    question: str, objective: str, arrangement: Arrangement, comparisons: Sequence[Comparison]
) -> Verdict:
    found = _found(objective, arrangement, comparisons)
    if not found:
        return Verdict(
            question,
            f"Cannot be answered: no network has finished models “{objective_name(objective)}” and “labels "
            "only”.",
        )
    student = arrangement.student_name
    answer = _answer(student, *found[student]) if student in found else f"Nothing can be said of {student}."
    others = {name: claimed for name, (_, claimed) in found.items() if name != student}
    lines = tuple(_line(name, *each) for name, each in found.items())
    return Verdict(question, " ".join(filter(None, (answer, _tally(others)))), lines, _METHOD)


def _found(objective: str, arrangement: Arrangement, comparisons: Sequence[Comparison]) -> Found:
    groups = {group.name: group for group in arrangement.main_groups}
    turned = [against_control(comparison, groups) for comparison in comparisons]
    by_student = {each.a: each for each in turned if each is not None}
    return {
        network.name: (by_student[group.name], claim(by_student[group.name], groups))
        for network in arrangement.networks
        if (group := network.groups.get(objective)) is not None and group.name in by_student
    }


def _answer(student: str, comparison: Comparison, found: Claim) -> str:
    delta = numbers.with_interval(comparison.delta_auc, with_sign=True)
    match found:
        case "a is higher":
            return f"{student} gains: {delta} in AUC."
        case "b is higher":
            return f"{student} loses: {delta} in AUC."
        case _:
            return f"For {student} no difference can be claimed: {delta} in AUC; {_why(comparison, found)}."


def _tally(others: Mapping[str, Claim]) -> str:
    """How many of the other networks gain, lose, or show nothing."""
    if not others:
        return ""
    parts = [
        f"{len(names)} {verb}{'s' if len(names) == 1 else ''} ({numbers.listed(names)})"
        for verb, wanted in (("gain", "a is higher"), ("lose", "b is higher"))
        if (names := [name for name, found in others.items() if found == wanted])
    ]
    unclaimed = [found for found in others.values() if found not in ("a is higher", "b is higher")]
    if unclaimed:
        few = unclaimed.count("few seeds")
        for_seeds = f", of {few} only for want of seeds" if few else ""
        of_whom = "any" if len(unclaimed) == len(others) else len(unclaimed)
        parts.append(f"nothing can be claimed of {of_whom}{for_seeds}")
    return f"{numbers.several(len(others), 'other network').capitalize()}: {'; '.join(parts)}."


def _line(name: str, comparison: Comparison, found: Claim) -> str:
    delta = numbers.with_interval(comparison.delta_auc, with_sign=True)
    words = {"a is higher": "gains", "b is higher": "loses"}.get(found, f"nothing: {_why(comparison, found)}")
    a, b = comparison.seeds
    seeds = f"{numbers.several(a, 'seed')} each" if a == b else f"{a} and {numbers.several(b, 'seed')}"
    return f"{name}: {delta}, {seeds}; {words}."


def _why(comparison: Comparison, found: Claim) -> str:
    """Why nothing can be claimed; of a missing interval, why it is missing."""
    return comparison.delta_auc.reason or why_nothing(found)
