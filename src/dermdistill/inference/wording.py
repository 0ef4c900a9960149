"""Sentences that are shown with every probability."""

import math

from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.records import MELANOMA

DISCLAIMER = "research software, not a medical device"


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


def called(decision: str) -> str:
    """A decision after the word "called"."""
    return "melanoma" if decision == MELANOMA else "not melanoma"
