"""What a model says of a lesion that was photographed several times: the mean of the log-odds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dermdistill.digits import six_digits
from dermdistill.inference.calibration import expit
from dermdistill.inference.decision import LESION_SUFFIX, OperatingPointUsed
from dermdistill.inference.model import Model, load
from dermdistill.inference.prediction import Prediction, Value, known
from dermdistill.inference.stream import ScoredImage
from dermdistill.inference.wording import percent
from dermdistill.records import MELANOMA
from dermdistill.spreadsheet import csv_line, text_cell

COLUMNS = (
    *("lesion", "photographs", "unreadable", "probability", "decision", "lowest", "highest", "flagged_alone"),
    *("operating_point", "threshold", "refer_below", "validation_sensitivity", "validation_specificity"),
    *("prevalence", "model", "warnings", "error"),
)

_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, slots=True)
class ScoredLesion:
    """One lesion and what became of it.

    Attributes:
        name: of the lesion.
        predictions: of its photographs that can be read.
        errors: why the others cannot.
        probability: P(melanoma) of the lesion; NaN where no photograph can be read.
        decision: empty there.
        point: that decides; the photographs alone are decided by their own.
    """

    name: str
    predictions: tuple[Prediction, ...]
    errors: tuple[str, ...]
    probability: float
    decision: str
    point: OperatingPointUsed

    @property
    def flagged_alone(self) -> int:
        """How many of its photographs would be called melanoma, or referred, each by itself."""
        return sum(each.operating_point.calls_melanoma(each.probability) for each in self.predictions)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Whether its photographs disagree, and how many of them have which warning."""
        images = len(self.predictions)
        found = Counter(text for each in self.predictions for text in each.warnings)
        notes = [text if images == 1 else f"{count} of {images}: {text}" for text, count in found.items()]
        if 0 < self.flagged_alone < images:
            lowest, highest = map(percent, self.range)
            flagged = f"{self.flagged_alone} of {images} flagged"
            notes.insert(0, f"photographs disagree: {flagged}, P from {lowest} to {highest}")
        return tuple(notes)

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest P(melanoma) of its photographs, at least one."""
        scores = [each.probability for each in self.predictions]
        return min(scores), max(scores)


def lesion_point(model: Model, file: Path | None, prevalence: float | None) -> OperatingPointUsed:
    """The point that decides on lesions: the model's own for them where it has one, else that of images.

    Args:
        model: with the point that decides on images.
        file: that it was loaded from; None for the packaged model.
        prevalence: that it was loaded with; None where P is not re-stated.
    """
    point = model.operating_point
    name = f"{point.name}{LESION_SUFFIX}"
    if name not in {each.name for each in model.info.thresholds}:
        return point
    of_lesions = load(file, operating_point=name, prevalence=prevalence).operating_point
    return replace(of_lesions, refer_below=point.refer_below)


def judge_lesions(
    rows: Iterable[ScoredImage], lesions: Sequence[str], point: OperatingPointUsed
) -> list[ScoredLesion]:
    """The lesions in the order of their first photographs.

    Args:
        rows: the photographs; several rows in a row may be the frames of one file.
        lesions: of each file, in the order of the rows.
        point: that decides on lesions.
    """
    of: dict[str, list[ScoredImage]] = {}
    files = iter(lesions)
    name, before = "", None
    for row in rows:
        if before is None or row.frame in (None, 1):
            name = next(files)
        before = row
        of.setdefault(name, []).append(row)
    return [_judged(name, photographs, point) for name, photographs in of.items()]


def mean_probability(predictions: Sequence[Prediction]) -> float:
    """P(melanoma) whose log-odds are the mean of those of the predictions, at least one."""
    odds = []
    for each in predictions:
        # From both sides: 1 - P has no digits left where P is near 1.
        others = sum(p for name, p in each.diagnoses.items() if name != MELANOMA)
        odds.append(np.log(max(each.probability, _TINY)) - np.log(max(others, _TINY)))
    return float(expit(np.mean(odds)))


def row_dict(lesion: ScoredLesion, model: Model) -> dict[str, Value]:
    """A lesion by column; None where there is nothing to say (docs/output.md)."""
    point, is_scored = lesion.point, bool(lesion.predictions)
    lowest, highest = lesion.range if is_scored else (None, None)
    return {
        "lesion": lesion.name,
        "photographs": len(lesion.predictions),
        "unreadable": len(lesion.errors),
        "probability": six_digits(lesion.probability) if is_scored else None,
        "decision": lesion.decision or None,
        "lowest": None if lowest is None else six_digits(lowest),
        "highest": None if highest is None else six_digits(highest),
        "flagged_alone": lesion.flagged_alone if is_scored else None,
        "operating_point": point.name,
        "threshold": six_digits(point.threshold),
        "refer_below": None if point.refer_below is None else six_digits(point.refer_below),
        "validation_sensitivity": known(point.sensitivity),
        "validation_specificity": known(point.specificity),
        "prevalence": known(model.prevalence),
        "model": model.model_id,
        "warnings": list(lesion.warnings),
        "error": "; ".join(lesion.errors) or None,
    }


def table(lesions: Iterable[ScoredLesion], model: Model) -> str:
    """All lesions as CSV; no cell is a formula."""
    lines = [csv_line(COLUMNS)]
    for lesion in lesions:
        lines.append(csv_line(map(_cell, row_dict(lesion, model).values())))
    return "".join(lines)


def _cell(value: Value) -> str:
    if isinstance(value, list):
        return text_cell("; ".join(value))
    if isinstance(value, str):
        return text_cell(value)
    return "" if value is None else repr(value)


def _judged(name: str, rows: Sequence[ScoredImage], point: OperatingPointUsed) -> ScoredLesion:
    predictions = tuple(row.prediction for row in rows if row.prediction is not None)
    errors = tuple(row.error for row in rows if row.error is not None)
    if not predictions:
        return ScoredLesion(name, (), errors, float("nan"), "", point)
    probability = mean_probability(predictions)
    return ScoredLesion(name, predictions, errors, probability, point.decision(probability), point)
