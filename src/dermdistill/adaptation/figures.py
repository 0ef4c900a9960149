"""The figures of an adaptation, before and after."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dermdistill.adaptation.nested import Nested
from dermdistill.adaptation.result import Band, Rate, Side
from dermdistill.adaptation.sample import Rows, Sample, one_of_each
from dermdistill.evaluation.binomial import cases_for_width, exact_interval
from dermdistill.evaluation.estimates import Estimate
from dermdistill.evaluation.evaluate import why_undefined
from dermdistill.evaluation.intervals import CHANCE, REPLICATES, bootstrap
from dermdistill.evaluation.metrics import Bools, Floats, Ranking
from dermdistill.evaluation.reliability import bin_gaps, mean_gaps

WIDTHS = ("0.20", "0.10", "0.05")
"""Of the interval of the sensitivity, for which the melanomas that it needs are named."""


@dataclass(frozen=True, slots=True)
class Judged:
    """P(melanoma) of a sample's photographs, and which are flagged, by one model.

    Attributes:
        point: name of the operating point.
        threshold: of the point; the one in the file, where each fold had its own.
        probability, flagged: ``(N,)``.
    """

    point: str
    threshold: float
    probability: Floats
    flagged: Bools


def sides(sample: Sample, before: Judged, after: Judged, seed: int) -> tuple[Side, Side, Estimate]:
    """The figures before and after, and the difference in AUC, after less before, on the same photographs."""
    pairs = {"before": before, "after": after}
    rankings = {name: Ranking.of(sample.label, judged.probability) for name, judged in pairs.items()}
    gaps = {name: bin_gaps(sample.label, judged.probability) for name, judged in pairs.items()}
    all_once = np.ones(len(sample))

    def statistic(weights: Floats) -> Mapping[str, Floats]:
        figures = {}
        for name in pairs:
            means = mean_gaps(gaps[name], weights)
            figures[f"{name}/auc"] = rankings[name].count(weights).auc()
            figures[f"{name}/ece"] = np.abs(means).sum(axis=-1)
            unweighted = mean_gaps(gaps[name], all_once)
            figures[f"{name}/ece{CHANCE}"] = np.abs(means - unweighted).sum(axis=-1)
        return figures | {"delta": figures["after/auc"] - figures["before/auc"]}

    found = bootstrap(
        statistic,
        lambda name: why_undefined(name, sample.label),
        sample.group,
        sample.label,
        replicates=REPLICATES,
        seed=seed,
    )
    melanomas, others = (one_of_each(sample, melanoma=label, seed=seed) for label in (True, False))
    of = {
        name: Side(
            point=judged.point,
            threshold=judged.threshold,
            auc=found[f"{name}/auc"],
            ece=found[f"{name}/ece"],
            sensitivity=rate(judged.flagged, melanomas),
            specificity=rate(~judged.flagged, others),
        )
        for name, judged in pairs.items()
    }
    return of["before"], of["after"], found["delta"]


def rate(is_right: Bools, cases: Rows) -> Rate:
    """Of independent cases, by row, at least one."""
    found = int(is_right[cases].sum())
    low, high = exact_interval(found, len(cases))
    return Rate(found=found, cases=len(cases), low=low, high=high)


def more_melanomas(sensitivity: Rate) -> dict[str, int]:
    """How many more independent melanomas make its interval as narrow as ``WIDTHS``; 0 where it is."""
    return {
        width: max(0, cases_for_width(sensitivity.value, float(width)) - sensitivity.cases)
        if sensitivity.high - sensitivity.low > float(width)
        else 0
        for width in WIDTHS
    }


def bands(sample: Sample, nested: Nested) -> tuple[Band, ...]:
    """What is referred between the threshold and each higher operating point."""
    return tuple(
        _band(name, sample.label, nested.flagged & ~above, nested.flagged & above)
        for name, above in nested.above.items()
        if (nested.flagged & ~above).any()
    )


def _band(name: str, label: Bools, referred: Bools, flagged: Bools) -> Band:
    rest = ~(referred | flagged)
    return Band(
        up_to=name,
        referred=int(referred.sum()),
        flagged=int(flagged.sum()),
        not_flagged=int(rest.sum()),
        melanomas_referred=int((referred & label).sum()),
        melanomas_flagged=int((flagged & label).sum()),
        melanomas_missed=int((rest & label).sum()),
    )
