"""What travels with a model's weights: all that is needed to score an image right, wherever the file goes."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any, Literal

import numpy as np

from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.inference.calibration import Calibration
from dermdistill.inference.detector import DetectorLimits
from dermdistill.inference.reference import Reference
from dermdistill.records import MELANOMA

OutputActivation = Literal["softmax", "softmax-of-softmax"]
"""How logits become class probabilities; the second is the published code's, which squeezes them."""

_REPEATED = re.compile(r"(?P<name>.+)\*(?P<members>[2-9]|[1-9]\d{1,3})")


@dataclass(frozen=True, slots=True)
class ChosenThreshold:
    """An operating point of the validation images, so that the weights alone can make a decision.

    Attributes:
        name: as in ``evaluation.estimates.OperatingPoint``.
        threshold: on P(melanoma), at or above which an image is called melanoma; None for argmax over more
            than two diagnoses.
        sensitivity, specificity: on the validation images; None for a fixed threshold.
    """

    name: str
    threshold: float | None
    sensitivity: float | None = None
    specificity: float | None = None


@dataclass(frozen=True, slots=True)
class ValidationScores:
    """P(melanoma) of the validation images: what any threshold does to them can be read off.

    Attributes:
        melanoma, other: sorted, calibrated, one per image.
    """

    melanoma: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def prevalence(self) -> float:
        """Share of melanomas; NaN where there is no image."""
        images = len(self.melanoma) + len(self.other)
        return len(self.melanoma) / images if images else float("nan")

    def at(self, threshold: float) -> tuple[float, float]:
        """Sensitivity and specificity at a threshold; NaN where a class has no image."""
        called_melanoma = np.array(self.melanoma) >= threshold
        called_other = np.array(self.other) < threshold
        return tuple(float(a.mean()) if len(a) else float("nan") for a in (called_melanoma, called_other))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Description of a trained network.

    Attributes:
        architecture: a student's name, such as ``dsnet``, or a timm name; see ``member_networks``.
        classes: output names in order; one is ``melanoma``.
        input: the preprocessing that it was trained with.
        output: how its logits become probabilities.
        thresholds: operating points chosen on validation; empty until they have been chosen.
        provenance: what made it (program version, data, objective, seed), as text.
        calibration: of P(melanoma), fitted on validation; None until it has been fitted.
        validation: what it gave to the validation images; None until it has been exported.
        reference: what training images look like; None until it has been exported.
        detector: when a picture is taken for something else than a dermoscopic photograph; None in files of
            earlier versions, and where the network gave nothing to go by.
        learned_from: perceptual hashes of its training and validation images (``data.packed_hashes``); None
            in files of earlier versions.
        frequencies: share of each class that the calibrated probabilities stand for: of melanoma that of the
            validation images, of the others that of the training images, as the loss weighted them; summing
            to 1. None in files of earlier versions.
        default_point: the operating point that decides where the user names none; None stands for
            ``decision.DEFAULT_POINT``.
    """

    architecture: str
    classes: tuple[str, ...]
    input: InputSpec
    output: OutputActivation = "softmax"
    thresholds: tuple[ChosenThreshold, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)
    calibration: Calibration | None = None
    validation: ValidationScores | None = None
    reference: Reference | None = None
    detector: DetectorLimits | None = None
    learned_from: str | None = None
    frequencies: tuple[float, ...] | None = None
    default_point: str | None = None

    @property
    def melanoma(self) -> int:
        """The column of P(melanoma)."""
        return self.classes.index(MELANOMA)

    def to_json(self) -> str:
        """One JSON object, stable under equal content."""
        content: dict[str, object] = {
            "architecture": self.architecture,
            "classes": list(self.classes),
            "input": self.input.to_dict(),
            "output": self.output,
            "thresholds": [asdict(point) for point in self.thresholds],
            "provenance": self.provenance,
        }
        fitted = {
            "calibration": self.calibration,
            "validation": self.validation,
            "reference": self.reference,
            "detector": self.detector,
        }
        content |= {key: asdict(value) for key, value in fitted.items() if value is not None}
        texts = {"learned_from": self.learned_from, "default_point": self.default_point}
        content |= {key: value for key, value in texts.items() if value is not None}
        if self.frequencies is not None:
            content["frequencies"] = list(self.frequencies)
        return json.dumps(content, sort_keys=True)

    @classmethod
    def from_json(cls, text: str, where: str) -> "ModelInfo":
        """Read what ``to_json`` wrote; ``where`` names the file in the error.

        Raises:
            UserError: not JSON, or an entry is missing or wrong.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            classes = _classes(content["classes"])
            return cls(
                architecture=str(content["architecture"]),
                classes=classes,
                input=InputSpec.from_dict(content["input"]),
                output=content["output"],
                thresholds=tuple(ChosenThreshold(**point) for point in content["thresholds"]),
                provenance=dict(content["provenance"]),
                calibration=Calibration(**content["calibration"]) if "calibration" in content else None,
                validation=_validation(content["validation"]) if "validation" in content else None,
                reference=Reference.from_dict(content["reference"]) if "reference" in content else None,
                detector=DetectorLimits.from_dict(content["detector"]) if "detector" in content else None,
                learned_from=str(content["learned_from"]) if "learned_from" in content else None,
                frequencies=_frequencies(content["frequencies"], classes)
                if "frequencies" in content
                else None,
                default_point=str(content["default_point"]) if "default_point" in content else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{where}: its model description is damaged ({error}); expected a model made by dermdistill"
            ) from error


def member_networks(architecture: str) -> tuple[str, ...]:
    """The networks whose mean an architecture is; a lone network is its own only member.

    >>> member_networks("resnet50*2+vgg16")
    ('resnet50', 'resnet50', 'vgg16')
    """
    members: list[str] = []
    for part in architecture.split("+"):
        repeated = _REPEATED.fullmatch(part)
        members += [repeated["name"]] * int(repeated["members"]) if repeated else [part]
    return tuple(members)


def joint_architecture(networks: Sequence[str]) -> str:
    """The inverse of ``member_networks``: neighbours of one name are counted."""
    runs = [(name, len(list(same))) for name, same in groupby(networks)]
    return "+".join(name if count == 1 else f"{name}*{count}" for name, count in runs)


def _classes(names: list[object]) -> tuple[str, ...]:
    classes = tuple(str(name) for name in names)
    if MELANOMA not in classes:
        raise ValueError(f"classes {classes} lack {MELANOMA!r}")
    return classes


def _validation(content: Mapping[str, list[float]]) -> ValidationScores:
    return ValidationScores(*(tuple(map(float, content[key])) for key in ("melanoma", "other")))


def _frequencies(shares: list[float], classes: Sequence[str]) -> tuple[float, ...]:
    frequencies = tuple(map(float, shares))
    if len(frequencies) != len(classes) or min(frequencies) <= 0 or abs(sum(frequencies) - 1) > 1e-6:
        raise ValueError(f"frequencies {frequencies} are not a share above 0 of each of {classes}")
    return frequencies
