"""Is the student better than EfficientNet-B0 in precision, recall and F1 of both classes?"""

from collections.abc import Mapping, Sequence

from dermdistill.evaluation.evaluate import compare
from dermdistill.evaluation.paired import Judged, compare_decisions
from dermdistill.evaluation.results import DecisionComparison, Difference
from dermdistill.report import numbers
from dermdistill.report.claims import SEEDS_FOR_A_CLAIM, Claim, claim, claim_of, why_nothing
from dermdistill.report.comparison.arrangement import Arrangement, Network
from dermdistill.report.comparison.verdict import BASELINE, Verdict
from dermdistill.report.groups import DISTILLED, Group, network_name, objective_name
from dermdistill.report.tables import Cell, Row, Table, text

_POINTS = {"argmax": "argmax", "youden": "Youden threshold"}
_METHOD = (
    "Differences are paired: both networks on the same test images, means over the seeds, 95 % interval by "
    "bootstrap over lesions. One is claimed where its interval leaves out 0, no pair of seeds points the "
    f"other way and both networks have {SEEDS_FOR_A_CLAIM} seeds; with fewer it is of these very models. Six "
    "figures are looked at together without a correction, and those of one threshold are not independent."
)

Differences = Mapping[str, Difference]
"""By what differs, such as ``recall of melanoma``."""


def better_verdict(arrangement: Arrangement, replicates: int) -> Verdict:
    """The student against EfficientNet-B0, with every objective that both have."""
    baseline_name = network_name(BASELINE)
    question = (
        f"Is {arrangement.student_name} better than {baseline_name} in precision, recall and F1 of both "
        "classes, as the paper says?"
    )
    student, baseline = arrangement.student, arrangement.network(BASELINE)
    if student is None or baseline is None:
        missing = arrangement.student_name if student is None else baseline_name
        return Verdict(question, f"Cannot be answered: {missing} has no finished model in this run.")
    shared = [name for name in arrangement.objectives if name in student.groups and name in baseline.groups]
    if not shared:
        return Verdict(question, "Cannot be answered: the two have no finished models of one objective.")
    found = {
        (objective, point): _compare(student.groups[objective], baseline.groups[objective], point, replicates)
        for objective in shared
        for point in _POINTS
    }
    main = DISTILLED if DISTILLED in shared else shared[0]
    return Verdict(
        question,
        _answer(found[main, "argmax"], found[main, "youden"], student.name, objective_name(main)),
        tuple(_auc(student, baseline, objective, replicates) for objective in shared),
        _METHOD,
        _table(found, f"{student.name} minus {baseline.name} on the same test images"),
    )


def _compare(a: Group, b: Group, point: str, replicates: int) -> DecisionComparison | None:
    of_a, of_b = _judged(a, point), _judged(b, point)
    if not of_a or not of_b:
        return None
    return compare_decisions(of_a, of_b, names=(a.label, b.label), replicates=replicates)


def _judged(group: Group, point: str) -> list[Judged]:
    """Nothing where a point was not chosen."""
    rules = [model.evaluation.operating_points.get(point) for model in group.models]
    return [(m.test, rule.point) for m, rule in zip(group.models, rules, strict=True) if rule is not None]


def _named(comparison: DecisionComparison) -> Differences:
    return {
        f"{figure} of {name}": difference
        for name, of_class in (("melanoma", comparison.melanoma), ("other", comparison.other))
        for figure, difference in (
            ("precision", of_class.precision),
            ("recall", of_class.recall),
            ("F1", of_class.f1),
        )
    }


def _claims(comparison: DecisionComparison) -> dict[str, Claim]:
    few = min(comparison.seeds) < SEEDS_FOR_A_CLAIM
    return {
        name: claim_of(difference.delta, difference.pair_deltas, too_few_seeds=few)
        for name, difference in _named(comparison).items()
    }


def _answer(
    argmax: DecisionComparison | None, youden: DecisionComparison | None, student: str, objective: str
) -> str:
    """The paper calls the most probable class, so argmax decides."""
    assert argmax is not None  # fixed, never chosen
    claims = _claims(argmax)
    if all(found == "a is higher" for found in claims.values()):
        lead = "Yes"
    elif "b is higher" in claims.values():
        lead = "No"
    else:
        lead = "Not shown"
    at_youden = "no threshold could be chosen" if youden is None else _counts(youden)
    return (
        f"{lead}. Of the six figures of {student}, both networks {objective}: at argmax, as in the paper, "
        f"{_counts(argmax)}. At the Youden threshold: {at_youden}."
    )


def _counts(comparison: DecisionComparison) -> str:
    """How many of the figures are higher, lower, or neither."""
    differences, claims = _named(comparison), list(_claims(comparison).items())
    of_few = [differences[name].delta.value or 0 for name, found in claims if found == "few seeds"]
    counted = {
        "higher": sum(found == "a is higher" for _, found in claims),
        "lower": sum(found == "b is higher" for _, found in claims),
        "higher, but with too few seeds to claim it": sum(value > 0 for value in of_few),
        "lower, but with too few seeds to claim it": sum(value < 0 for value in of_few),
    }
    counted["not told apart"] = len(claims) - sum(counted.values())
    return "; ".join(f"{number} {words}" for words, number in counted.items() if number)


def _auc(student: Network, baseline: Network, objective: str, replicates: int) -> str:
    a, b = student.groups[objective], baseline.groups[objective]
    compared = compare(
        [model.test for model in a.models],
        [model.test for model in b.models],
        names=(a.name, b.name),
        replicates=replicates,
    )
    found = claim(compared, {a.name: a, b.name: b})
    words = {"a is higher": f"{student.name} is higher", "b is higher": f"{baseline.name} is higher"}
    delta = numbers.with_interval(compared.delta_auc, with_sign=True)
    return f"AUC, both {objective_name(objective)}: {delta}; {words.get(found) or why_nothing(found)}."


def _table(found: Mapping[tuple[str, str], DecisionComparison | None], caption: str) -> Table:
    return Table(
        name="better",
        caption=caption,
        spans=(("", 1), ("Melanoma", 3), ("Other", 3)),
        columns=("both networks", *("precision", "recall", "F1") * 2),
        rows=tuple(
            Row(text(f"{objective_name(objective)}, {_POINTS[point]}"), tuple(_cells(comparison)))
            for (objective, point), comparison in found.items()
        ),
    )


def _cells(comparison: DecisionComparison | None) -> Sequence[Cell]:
    if comparison is None:
        return [
            Cell(numbers.UNDEFINED, reason="no threshold chosen: the validation images are of one class")
        ] * 6
    claims = _claims(comparison)
    return [_cell(difference, claims[name]) for name, difference in _named(comparison).items()]


def _cell(difference: Difference, found: Claim) -> Cell:
    delta = difference.delta
    if delta.value is None:
        return Cell(numbers.UNDEFINED, reason=delta.reason)
    words = {
        "a is higher": "higher",
        "b is higher": "lower",
        "includes zero": "includes 0",
        "few seeds": "few seeds",
        "seeds disagree": "seeds disagree",
        "undefined": "no interval",
    }
    interval = numbers.interval(delta, with_sign=True)
    below = (words[found],) if interval is None else (interval, words[found])
    return Cell(numbers.signed(delta.value), below=below, reason=delta.reason)
