"""What an evaluation found, in sentences; every word follows from the judgement."""

from collections.abc import Sequence

from dermdistill.evaluation.estimates import Estimate
from dermdistill.judgement.judgement import Decision, Group, Judgement, Subgroup, SubgroupFigure
from dermdistill.report import numbers

ENOUGH = 100
"""Melanomas, and others, that an external validation should have at least (Collins et al. 2016)."""

FIGURES: dict[SubgroupFigure, str] = {
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "calibration": "P minus share of melanomas",
}


def title(groups: Sequence[Group], data: Sequence[str]) -> str:
    """Which model on which images."""
    names = [path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or path for path in data]
    model = groups[0].label if len(groups) == 1 else f"{len(groups)} models"
    return f"Evaluation of {model} on {numbers.listed(names)}"


def images_sentence(group: Group) -> str:
    """How many images of what."""
    images = group.mean
    return (
        f"{numbers.count(images.n_images)} images of {numbers.several(images.n_lesions, 'lesion')}; "
        f"{numbers.count(images.n_melanoma)} of the images show melanoma "
        f"({numbers.percent(images.n_melanoma, images.n_images)})."
    )


def rule_sentence(decisions: Sequence[Decision]) -> str:
    """Which operating point is in use, and where it decides."""
    decision = decisions[0]
    known = [threshold for of in decisions for threshold in of.thresholds if threshold is not None]
    where = f", from P(melanoma) = {numbers.span(known, numbers.threshold)} on" if known else ""
    return f"An image is flagged as melanoma at the operating point {decision.point}{where}."


def in_one_line(group: Group) -> str:
    """The main figures of one of several models."""
    of, auc = group.decision, numbers.with_interval(group.mean.auc)
    if of is None:
        return f"{group.label}: AUC {auc}"
    return (
        f"{group.label}: sensitivity {numbers.with_interval(of.sensitivity)}, specificity "
        f"{numbers.with_interval(of.specificity)}, number needed to biopsy "
        f"{number_needed(of.needed_to_biopsy)}, AUC {auc}"
    )


def findings(group: Group) -> list[str]:
    """The main figures of a model, a sentence each."""
    found = [] if group.decision is None else _decision(group.decision)
    return [*found, _auc(group.mean.auc), _calibration(group)]


def _decision(of: Decision) -> list[str]:
    (quiet, false), (missed, hits) = of.confusion
    found = []
    if of.sensitivity.value is not None:
        found.append(
            f"It flags {_of(hits, missed)} melanomas: sensitivity {numbers.with_interval(of.sensitivity)}."
        )
    if of.specificity.value is not None:
        specificity = numbers.with_interval(of.specificity)
        found.append(f"It does not flag {_of(quiet, false)} other images: specificity {specificity}.")
    needed = of.needed_to_biopsy
    if needed.value is not None:
        found.append(
            f"Of {numbers.mean_count(hits + false)} flagged images {numbers.mean_count(hits)} show melanoma: "
            f"number needed to biopsy {number_needed(needed)}."
        )
    return found


def _of(part: float, rest: float) -> str:
    return f"{numbers.mean_count(part)} of {numbers.mean_count(part + rest)}"


def number_needed(needed: Estimate) -> str:
    """One decimal, with its interval."""
    if needed.value is None:
        return numbers.UNDEFINED
    interval = "" if needed.low is None or needed.high is None else f" [{needed.low:.1f}, {needed.high:.1f}]"
    return f"{needed.value:.1f}{interval}"


def _auc(auc: Estimate) -> str:
    if auc.value is None:
        return f"The AUC is not defined: {auc.reason}."
    remark = f" ({auc.reason})" if auc.low is None and auc.reason else ""
    return f"AUC {numbers.with_interval(auc)}{remark}."


def _calibration(group: Group) -> str:
    off, ece = group.calibration, f"ECE {numbers.with_interval(group.mean.ece)}"
    if off.value is None or off.low is None or off.high is None:
        return f"Calibration: {ece}."
    if off.low <= 0 <= off.high:
        return f"P(melanoma) is right on average; {ece}."
    distance = numbers.fraction(abs(off.value))
    return f"P(melanoma) is too {'high' if off.value > 0 else 'low'} here, by {distance} on average; {ece}."


def warnings(judgement: Judgement) -> list[str]:
    """What changes how all figures are read."""
    return [*cautions(judgement), *(f"{text[:1].upper()}{text[1:]}." for text in judgement.notes)]


def cautions(judgement: Judgement) -> list[str]:
    """What the figures themselves warn of."""
    groups = list(judgement.groups.values())
    found = [_backwards(group) for group in groups if group.ranks_backwards]
    images = groups[0].mean
    fewer = min(images.n_melanoma, images.n_images - images.n_melanoma)
    if fewer < ENOUGH:
        which = "melanomas" if fewer == images.n_melanoma else "images without melanoma"
        found.append(
            f"{numbers.count(fewer)} {which} are few: an external validation should have at least {ENOUGH} "
            f"melanomas and {ENOUGH} others (Collins et al. 2016). The intervals say how uncertain this is."
        )
    return found


def _backwards(group: Group) -> str:
    return (
        f"{group.label} gives melanomas lower probabilities than the other images (AUC "
        f"{numbers.fraction(group.mean.auc.value)}, far below 0.5). Are the labels exchanged? --positive "
        "NAME says which label means melanoma."
    )


def differences(group: Group) -> list[str]:
    """The subgroups that differ from all others, after the correction; a sentence each."""
    return [
        f"{_named(subgroup)}: {FIGURES[each.figure]} differs from all others by "
        f"{numbers.with_interval(each.delta, with_sign=True)}."
        for subgroup in group.subgroups
        for each in subgroup.differences
        if each.is_claimed
    ]


def _named(subgroup: Subgroup) -> str:
    return f"{subgroup.by.capitalize()}, {subgroup.value}"
