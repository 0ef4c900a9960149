"""The operating point at which an image is called melanoma."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dermdistill.errors import UserError
from dermdistill.inference.model_info import ChosenThreshold, ModelInfo
from dermdistill.records import MELANOMA, OTHER

DEFAULT_POINT = "sensitivity_0.90"
"""Missing a melanoma costs more than a needless look; the validation images' specificity stands beside it."""

REFER = "refer"
"""The decision that a person is to look."""

LESION_SUFFIX = "_lesions"
"""Ends the name of an operating point for the mean over a lesion's photographs."""


def for_images(points: Iterable[ChosenThreshold]) -> tuple[ChosenThreshold, ...]:
    """Without the points that are for the mean over a lesion's photographs."""
    return tuple(point for point in points if not point.name.endswith(LESION_SUFFIX))


@dataclass(frozen=True, slots=True)
class OperatingPointUsed:
    """A threshold and what it did to the model's validation images.

    Attributes:
        name: as chosen at training, or ``given`` for a number of the user's.
        threshold: P(melanoma) at or above which an image is called melanoma.
        sensitivity, specificity: on the validation images; NaN where the file does not know them.
        refer_below: an image that would be called melanoma is referred to a person below this P(melanoma);
            None where nothing is referred.
    """

    name: str
    threshold: float
    sensitivity: float
    specificity: float
    refer_below: float | None = None

    def calls_melanoma(self, probability: float) -> bool:
        """True where the image is called melanoma, or referred."""
        return probability >= self.threshold

    def decision(self, probability: float) -> str:
        """``melanoma``, ``other`` or ``refer``."""
        if not self.calls_melanoma(probability):
            return OTHER
        return MELANOMA if self.refer_below is None or probability >= self.refer_below else REFER


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


def referring(point: OperatingPointUsed, upper: OperatingPointUsed) -> OperatingPointUsed:
    """An operating point that refers images to a person below another one, which must be higher.

    Raises:
        UserError: it is not.
    """
    if upper.threshold <= point.threshold:
        raise UserError(
            f"refer below {upper.name} (P = {upper.threshold:.3g}): expected a higher operating point than "
            f"{point.name} (P = {point.threshold:.3g})"
        )
    return replace(point, refer_below=upper.threshold)


def _named(info: ModelInfo, name: str, where: str) -> OperatingPointUsed:
    for point in info.thresholds:
        if point.name == name and point.threshold is not None:
            rates = (math.nan if rate is None else rate for rate in (point.sensitivity, point.specificity))
            return OperatingPointUsed(name, point.threshold, *rates)
    raise UserError(f"operating point {name!r}: {where} has {_names(info)}; or give a threshold from 0 to 1")


def names_of_points(info: ModelInfo) -> list[str]:
    """Of the operating points for single photographs that have a threshold."""
    return [point.name for point in for_images(info.thresholds) if point.threshold is not None]


def _names(info: ModelInfo) -> str:
    return ", ".join(names_of_points(info)) or "no operating points of its own"
