"""What a model says of one image, as Python, as a flat record and as a table in a notebook."""

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dermdistill.digits import six_digits
from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.inference.wording import DISCLAIMER, begins_at, rates

Value = str | float | list[str] | None


@dataclass(frozen=True, slots=True, repr=False)
class Prediction:
    """What a model says of one image; equal to another if the answers are, wherever the images came from.

    Attributes:
        probability: P(melanoma), calibrated on the model's validation images.
        decision: ``melanoma`` or ``other``, at the operating point.
        operating_point: the threshold, with what it did to the validation images.
        diagnoses: probability of every class of the model, summing to 1; two for a binary model.
        warnings: why to distrust this answer; empty where nothing was noticed.
        model_id: architecture and digest of the model file.
        prevalence: share of melanomas that the probability is meant for; NaN where the model does not know.
        path: of the image file, as it was given; None where the image was not a path.
        frame: which image of a DICOM file that holds several, from 1; None for a file of one.
    """

    probability: float
    decision: str
    operating_point: OperatingPointUsed
    diagnoses: dict[str, float]
    warnings: tuple[str, ...]
    model_id: str
    prevalence: float = field(default=math.nan, compare=False)
    path: str | None = field(default=None, compare=False)
    frame: int | None = field(default=None, compare=False)

    def to_dict(self) -> dict[str, Value]:
        """A flat record for JSON: the keys of ``dermdistill predict --json`` (see ``docs/output.md``).

        Numbers have six significant digits; what is not known is None.
        """
        point, columns = self.operating_point, probability_columns(tuple(self.diagnoses))
        of_classes = zip(columns, self.diagnoses.values(), strict=False)
        return {
            "path": self.path,
            "frame": self.frame,
            "probability": six_digits(self.probability),
            "decision": self.decision,
            "operating_point": point.name,
            "threshold": six_digits(point.threshold),
            "validation_sensitivity": known(point.sensitivity),
            "validation_specificity": known(point.specificity),
            "prevalence": known(self.prevalence),
            **{column: six_digits(probability) for column, probability in of_classes},
            "model": self.model_id,
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        path = "" if self.path is None else f", path={self.path!r}"
        warnings = f", warnings={list(self.warnings)}" if self.warnings else ""
        return f"Prediction(probability={self.probability:.4f}, decision={self.decision!r}{path}{warnings})"

    def _repr_html_(self) -> str:
        """A small table for notebooks; all text in it is escaped."""
        point = self.operating_point
        rows = [
            ("P(melanoma)", f"{self.probability:.3f}"),
            ("decision", self.decision),
            ("operating point", f"{point.name}: {begins_at(point)}; {rates(point)}"),
            *(("warning", warning) for warning in self.warnings),
            ("model", f"{self.model_id}; {DISCLAIMER}"),
        ]
        cells = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>" for name, text in rows
        )
        caption = "" if self.path is None else f"<caption>{html.escape(self.path)}</caption>"
        return f"<table>{caption}{cells}</table>"


def probability_columns(classes: Sequence[str]) -> tuple[str, ...]:
    """The names under which the classes' probabilities are written; none for a binary model.

    >>> probability_columns(["melanoma", "nevus", "benign keratosis"])
    ('p_melanoma', 'p_nevus', 'p_benign_keratosis')
    """
    if len(classes) <= 2:
        return ()
    return tuple("p_" + re.sub(r"\W+", "_", name.strip()).lower() for name in classes)


def known(value: float) -> float | None:
    """A number of six digits; None for NaN."""
    return None if math.isnan(value) else six_digits(value)
