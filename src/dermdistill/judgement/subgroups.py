"""Figures by age, sex, site and skin type, where the predictions table has them."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from dermdistill.evaluation.estimates import Estimate, OperatingPoint
from dermdistill.evaluation.evaluate import seed_mean, why_undefined
from dermdistill.evaluation.intervals import bootstrap
from dermdistill.evaluation.metrics import Bools, Confusion, Floats, Ranking
from dermdistill.evaluation.predictions import DETAILS, Predictions
from dermdistill.evaluation.thresholds import called_melanoma
from dermdistill.judgement.judgement import Subgroup

POINT = "sensitivity_0.90"
"""The operating point of the subgroups; `predict` takes it too unless told otherwise."""
_MOST_VALUES = 10
NOT_STATED, OTHER = "not stated", "other"


def subgroups_of(
    tests: Sequence[Predictions], points: Sequence[Sequence[OperatingPoint]], replicates: int
) -> tuple[Subgroup, ...]:
    """Of one group, whose seeds have their rows in one order; none of a column with fewer than two values."""
    details = tests[0].details
    found = []
    for name in DETAILS:
        values = _values(name, details[name]) if name in details else []
        if len(set(values) - {NOT_STATED}) > 1:
            for value in _ordered(values):
                rows = [i for i, each in enumerate(values) if each == value]
                parts = [test.take(rows) for test in tests]
                found.append(_subgroup(name.replace("_", " "), value, parts, points, replicates))
    return tuple(found)


def _values(name: str, cells: Sequence[str]) -> list[str]:
    if name == "age":
        return [_age_band(cell) for cell in cells]
    known = [cell.strip() or NOT_STATED for cell in cells]
    counted = Counter(value for value in known if value != NOT_STATED)
    kept = {value for value, _ in counted.most_common(_MOST_VALUES)} | {NOT_STATED}
    return [value if value in kept else OTHER for value in known]


def _age_band(cell: str) -> str:
    try:
        age = float(cell)
    except ValueError:
        return NOT_STATED
    return "under 40" if age < 40 else "40 to 59" if age < 60 else "60 and over" if age >= 60 else NOT_STATED


def _ordered(values: Sequence[str]) -> list[str]:
    ages = ["under 40", "40 to 59", "60 and over"]
    return sorted(
        set(values),
        key=lambda value: (
            value == NOT_STATED,
            value == OTHER,
            ages.index(value) if value in ages else 0,
            value,
        ),
    )


def _subgroup(
    by: str,
    value: str,
    tests: Sequence[Predictions],
    points: Sequence[Sequence[OperatingPoint]],
    replicates: int,
) -> Subgroup:
    label = tests[0].label
    rules = [point for of_seed in points for point in of_seed if point.name == POINT]
    rankings = [Ranking.of(label, test.probability) for test in tests]
    called = [called_melanoma(test, rule) for test, rule in zip(tests, rules, strict=bool(rules))]

    def each_seed(weights: Floats) -> list[dict[str, Floats]]:
        aucs = [{"auc": ranking.count(weights).auc()} for ranking in rankings]
        rates = [_rates(label, calls, weights) for calls in called] or [{}] * len(aucs)
        return [auc | of_seed for auc, of_seed in zip(aucs, rates, strict=True)]

    def mean(weights: Floats) -> Mapping[str, Floats]:
        seeds = each_seed(weights)
        return {name: np.mean([figures[name] for figures in seeds], axis=0) for name in seeds[0]}

    estimates = bootstrap(
        mean,
        lambda name: why_undefined(name, label),
        tests[0].lesion_id,
        label,
        replicates=replicates,
        seed=0,
    )
    seeds = each_seed(np.ones(len(label)))
    figures = {
        name: seed_mean(estimate, [float(of_seed[name]) for of_seed in seeds])
        for name, estimate in estimates.items()
    }
    not_chosen = seed_mean(
        Estimate(value=None, reason="no threshold chosen: the validation images are of one class"),
        [np.nan] * len(tests),
    )
    return Subgroup(
        by=by,
        value=value,
        n_images=len(label),
        n_lesions=len(set(tests[0].lesion_id)),
        n_melanoma=int(label.sum()),
        auc=figures["auc"],
        sensitivity=figures.get("sensitivity", not_chosen),
        specificity=figures.get("specificity", not_chosen),
    )


def _rates(label: Bools, called: Bools, weights: Floats) -> dict[str, Floats]:
    confusion = Confusion.of(label, called, weights)
    return {"sensitivity": confusion.sensitivity(), "specificity": confusion.specificity()}
