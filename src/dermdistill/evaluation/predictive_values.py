"""What a flag is worth where melanoma is rarer or more frequent than among the judged images."""

import math

from dermdistill.evaluation.estimates import Estimate
from dermdistill.evaluation.shares import Share, Z

NONE_FLAGGED = "no image is called melanoma"
ALL_FLAGGED = "every image is called melanoma"


def predictive_values(sensitivity: Share, specificity: Share, prevalence: float) -> tuple[Estimate, Estimate]:
    """PPV and NPV at a prevalence, by Bayes' rule, with 95 % intervals.

    Sensitivity and specificity are taken to be the same there. The intervals come from those of the
    likelihood ratios (Simel et al. 1991), half an image added to each count (Walter 1975).

    Args:
        sensitivity: of some images.
        specificity: of others.
        prevalence: share of melanomas, strictly between 0 and 1.

    Returns:
        Both undefined where sensitivity or specificity is; PPV where nothing is called melanoma, NPV where
        everything is.
    """
    odds = prevalence / (1 - prevalence)
    if math.isnan(sensitivity.value) or math.isnan(specificity.value):
        missing = "specificity" if math.isnan(specificity.value) else "sensitivity"
        undefined = Estimate(value=None, reason=f"the {missing} is undefined on these images")
        return undefined, undefined
    positive = _ratio(sensitivity, specificity.complement)
    negative = _ratio(sensitivity.complement, specificity)
    return _probability(positive, odds, NONE_FLAGGED), _complement(_probability(negative, odds, ALL_FLAGGED))


def needed_to_biopsy(ppv: Estimate) -> Estimate:
    """Flagged lesions for each melanoma among them, which is 1 / PPV; undefined where none of them is one."""
    if not ppv.value:
        return Estimate(value=None, reason=ppv.reason or "no melanoma among the flagged images")
    if not ppv.low or not ppv.high:
        return Estimate(value=1 / ppv.value, reason=ppv.reason)
    return Estimate(value=1 / ppv.value, low=1 / ppv.high, high=1 / ppv.low)


def _ratio(a: Share, b: Share) -> tuple[float, float, float]:
    """Quotient a / b, NaN where both are 0, and its interval."""
    counts = [(share.value * share.effective + 0.5, share.effective + 0.5) for share in (a, b)]
    (x, n), (y, m) = counts
    error = math.sqrt(max(0.0, 1 / x - 1 / n + 1 / y - 1 / m))
    middle = math.log(x / n) - math.log(y / m)
    value = a.value / b.value if b.value else math.inf if a.value else math.nan
    low, high = math.exp(middle - Z * error), math.exp(middle + Z * error)
    return value, min(low, value), max(high, value)


def _probability(ratio: tuple[float, float, float], odds: float, why_undefined: str) -> Estimate:
    value, low, high = (1.0 if math.isinf(each) else each * odds / (1 + each * odds) for each in ratio)
    if math.isnan(value):
        return Estimate(value=None, reason=why_undefined)
    return Estimate(value=value, low=low, high=high)


def _complement(of: Estimate) -> Estimate:
    if of.value is None or of.low is None or of.high is None:
        return of
    return Estimate(value=1 - of.value, low=1 - of.high, high=1 - of.low)
