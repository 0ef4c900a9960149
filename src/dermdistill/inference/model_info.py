"""What travels with a model's weights: all that is needed to score an image right, wherever the file goes."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError

Output = Literal["softmax", "softmax-of-softmax"]
"""How logits become class probabilities; the second is the published code's, which squeezes them."""


@dataclass(frozen=True, slots=True)
class ChosenThreshold:
    """An operating point of the validation images, so that the weights alone can make a decision.

    Attributes:
        name: as in ``evaluation.results.OperatingPoint``.
        threshold: on P(melanoma), at or above which an image is called melanoma; None for argmax over more
            than two diagnoses.
        sensitivity, specificity: on the validation images; None for a fixed threshold.
    """

    name: str
    threshold: float | None
    sensitivity: float | None = None
    specificity: float | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Description of a trained network.

    Attributes:
        architecture: ``dsnet`` or a timm name.
        classes: output names in order; one is ``melanoma``.
        input: the preprocessing that it was trained with.
        output: how its logits become probabilities.
        thresholds: operating points chosen on validation; empty until they have been chosen.
        provenance: what made it (program version, data, objective, seed), as text.
    """

    architecture: str
    classes: tuple[str, ...]
    input: InputSpec
    output: Output = "softmax"
    thresholds: tuple[ChosenThreshold, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """One JSON object, stable under equal content."""
        return json.dumps(
            {
                "architecture": self.architecture,
                "classes": list(self.classes),
                "input": self.input.to_dict(),
                "output": self.output,
                "thresholds": [
                    {
                        "name": point.name,
                        "threshold": point.threshold,
                        "sensitivity": point.sensitivity,
                        "specificity": point.specificity,
                    }
                    for point in self.thresholds
                ],
                "provenance": self.provenance,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str, where: str) -> "ModelInfo":
        """Read what ``to_json`` wrote; ``where`` names the file in the error.

        Raises:
            UserError: not JSON, or an entry is missing or wrong.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            return cls(
                architecture=str(content["architecture"]),
                classes=tuple(content["classes"]),
                input=InputSpec.from_dict(content["input"]),
                output=content["output"],
                thresholds=tuple(ChosenThreshold(**point) for point in content["thresholds"]),
                provenance=dict(content["provenance"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{where}: its model description is damaged ({error}); expected weights made by dermdistill"
            ) from error
