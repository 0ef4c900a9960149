"""Sentences that stand wherever a probability is shown."""

import math
from collections.abc import Iterator, Sequence

from dermdistill.inference.decision import REFER, OperatingPointUsed
from dermdistill.inference.detector import NOT_DERMOSCOPIC
from dermdistill.records import MELANOMA, OTHER

DISCLAIMER = "research software, not a medical device"

ANSWERS = {MELANOMA: "flagged", OTHER: "not flagged", REFER: "referred"}
"""What a decision is called where a person reads it."""

WITHHELD = "no decision"
"""What stands instead where the picture may not be a dermoscopic photograph."""


def rates(point: OperatingPointUsed) -> str:
    """What an operating point did to the validation images."""
    if math.isnan(point.sensitivity) or math.isnan(point.specificity):
        return "of unknown sensitivity and specificity"
    return f"sensitivity {point.sensitivity:.2f}, specificity {point.specificity:.2f} on validation images"


def begins_at(point: OperatingPointUsed) -> str:
    """From which probability on an image is called melanoma."""
    return f"melanoma from P = {point.threshold:.3g} on"


def headline(model_id: str, point: OperatingPointUsed) -> str:
    """One line: which model, which operating point, and what it is not."""
    return f"model {model_id}; {begins_at(point)} ({point.name}: {rates(point)}); {DISCLAIMER}"


def outcome(decision: str, warnings: Sequence[str]) -> str:
    """What became of an image: ``called melanoma``, ``called not melanoma`` or ``no decision``."""
    if NOT_DERMOSCOPIC in warnings:
        return WITHHELD
    return "called melanoma" if decision == MELANOMA else "called not melanoma"


def introduction(model_id: str, point: OperatingPointUsed, prevalence: float, *, restated: bool) -> str:
    """Some sentences: which model, what its P means, when it flags, and what it is not.

    Args:
        model_id: of the model.
        point: that decides.
        prevalence: that P is meant for; NaN where it is not known.
        restated: whether that is the user's word, not where P was calibrated.
    """
    sentences = [f"Model {model_id}; {DISCLAIMER}.", _meaning(prevalence, restated), _flagged(point)]
    return " ".join([*sentences, *_referred(point)])


def percent(share: float) -> str:
    """A share with two digits: ``4 %``, ``0.35 %``."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 10 else f"{value:.2g} %"


def _meaning(prevalence: float, restated: bool) -> str:
    if math.isnan(prevalence):
        return "The file does not say where P is calibrated."
    if restated:
        return f"P is re-stated for people of whom {percent(prevalence)} have melanoma."
    return f"P is calibrated where {percent(prevalence)} were melanoma."


def _flagged(point: OperatingPointUsed) -> str:
    if point.threshold > 1:
        return f"Nothing is flagged ({point.name})."
    begins = f"Flagged from {percent(point.threshold)} ({point.name})"
    if math.isnan(point.sensitivity) or math.isnan(point.specificity):
        return f"{begins}; what that does is not known."
    return (
        f"{begins}: on validation images this caught {percent(point.sensitivity)} of melanomas and flagged "
        f"{percent(1 - point.specificity)} of the others."
    )


def _referred(point: OperatingPointUsed) -> Iterator[str]:
    if point.refer_below is not None:
        yield f"Below {percent(point.refer_below)}, what is flagged is referred to a person instead."
