"""The operating point at which an image is called melanoma."""

import math
from dataclasses import dataclass

from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo

DEFAULT_POINT = "sensitivity_0.90"
"""Missing a melanoma costs more than a needless look; the validation images' specificity stands beside it."""

LESION_SUFFIX = "_lesions"
"""Ends the name of an operating point for the mean over a lesion's photographs."""


@dataclass(frozen=True, slots=True)
class OperatingPointUsed:
    """A threshold and what it did to the model's validation images.

    Attributes:
        name: as chosen at training, or ``given`` for a number of the user's.
        threshold: P(melanoma) at or above which an image is called melanoma.
        sensitivity, specificity: on the validation images; NaN where the file does not know them.
    """

    name: str
    threshold: float
    sensitivity: float
    specificity: float

    def calls_melanoma(self, probability: float) -> bool:
        """True where the image is called melanoma."""
        return probability >= self.threshold


def default_point(info: ModelInfo) -> str:
    """The name of the operating point that decides where the user names none."""
    return info.default_point or DEFAULT_POINT


def point_of(info: ModelInfo, wanted: str | float | None, where: str) -> OperatingPointUsed:
    """The operating point of this name, or at this threshold.

    Args:
        info: the model's description.
        wanted: a name that the model has, a threshold in [0, 1] as a number or text, or None for the model's
            own default.
        where: names the model in the error.

    Raises:
        UserError: no such operating point, or a number outside [0, 1].
    """
    if wanted is None:
        return _named(info, default_point(info), where)
    try:
        threshold = float(wanted)
    except ValueError:
        return _named(info, str(wanted), where)
    if not 0 <= threshold <= 1:
        raise UserError(
            f"operating point {wanted}: expected a threshold from 0 to 1, or one of {_names(info)}"
        )
    sensitivity, specificity = info.validation.at(threshold) if info.validation else (math.nan, math.nan)
    return OperatingPointUsed("given", threshold, sensitivity, specificity)


def _named(info: ModelInfo, name: str, where: str) -> OperatingPointUsed:
    for point in info.thresholds:
        if point.name == name and point.threshold is not None:
            rates = (math.nan if rate is None else rate for rate in (point.sensitivity, point.specificity))
            return OperatingPointUsed(name, point.threshold, *rates)
    raise UserError(f"operating point {name!r}: {where} has {_names(info)}; or give a threshold from 0 to 1")


def _names(info: ModelInfo) -> str:
    names = [point.name for point in info.thresholds if point.threshold is not None]
    return ", ".join(names) or "no operating points of its own"
