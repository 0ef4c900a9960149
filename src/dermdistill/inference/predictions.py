"""The predictions table: all that evaluation and reports know of a model.

One row an image: ``image_id, lesion_id, split, diagnosis, probability``, and one ``p_<diagnosis>`` column a
class where the model distinguishes diagnoses.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.errors import UserError
from dermdistill.files import replacing
from dermdistill.records import MELANOMA, Record

_COLUMNS = ("image_id", "lesion_id", "split", "diagnosis", "probability")


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of one model for N images.

    Attributes:
        image_id, lesion_id, split, diagnosis: N strings each; intervals resample lesions.
        probability: ``(N,)`` float64 in [0, 1], P(melanoma).
        classes: the diagnoses that the model distinguishes, empty for a binary model.
        class_probabilities: ``(N, len(classes))``; rows sum to 1.
    """

    image_id: tuple[str, ...]
    lesion_id: tuple[str, ...]
    split: tuple[str, ...]
    diagnosis: tuple[str, ...]
    probability: NDArray[np.float64]
    classes: tuple[str, ...] = ()
    class_probabilities: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.image_id)

    @property
    def label(self) -> NDArray[np.bool_]:
        """``(N,)``, True where the diagnosis is melanoma."""
        return np.array([diagnosis == MELANOMA for diagnosis in self.diagnosis], dtype=bool)

    def of_split(self, split: str) -> "Predictions":
        """The rows of one split, in their order."""
        rows = [i for i, name in enumerate(self.split) if name == split]
        return Predictions(
            image_id=tuple(self.image_id[i] for i in rows),
            lesion_id=tuple(self.lesion_id[i] for i in rows),
            split=tuple(self.split[i] for i in rows),
            diagnosis=tuple(self.diagnosis[i] for i in rows),
            probability=self.probability[rows],
            classes=self.classes,
            class_probabilities=None if self.class_probabilities is None else self.class_probabilities[rows],
        )


def tabulate(
    records: Sequence[Record],
    splits: Sequence[str],
    probabilities: NDArray[np.float64],
    classes: Sequence[str],
) -> Predictions:
    """Join records with a model's class probabilities ``(N, len(classes))``; one class must be melanoma."""
    return Predictions(
        image_id=tuple(record.image_id for record in records),
        lesion_id=tuple(record.lesion_id for record in records),
        split=tuple(splits),
        diagnosis=tuple(record.diagnosis for record in records),
        probability=probabilities[:, list(classes).index(MELANOMA)].astype(np.float64),
        classes=tuple(classes) if len(classes) > 2 else (),
        class_probabilities=probabilities.astype(np.float64) if len(classes) > 2 else None,
    )


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write the table as CSV; probabilities keep every bit, so that reading gives the same numbers."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow([*_COLUMNS, *(f"p_{name}" for name in predictions.classes)])
        for i in range(len(predictions)):
            row = [
                predictions.image_id[i],
                predictions.lesion_id[i],
                predictions.split[i],
                predictions.diagnosis[i],
            ]
            numbers = [predictions.probability[i]]
            if predictions.class_probabilities is not None:
                numbers.extend(predictions.class_probabilities[i])
            writer.writerow([*row, *(repr(float(number)) for number in numbers)])


def read_predictions(path: Path) -> Predictions:
    """Read a table written by ``write_predictions``.

    Raises:
        UserError: the file is missing, lacks a column or holds a probability outside [0, 1].
    """
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            columns = reader.fieldnames or []
            rows = list(reader)
    except FileNotFoundError:
        raise UserError(f"{path}: no such predictions table; evaluate the model to make it") from None
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; expected {', '.join(_COLUMNS)}")
    classes = tuple(name[2:] for name in columns if name.startswith("p_"))
    numbers = np.array(
        [[_number(path, line, row, name) for name in ("probability", *(f"p_{c}" for c in classes))]
         for line, row in enumerate(rows, start=2)]
    ).reshape(len(rows), 1 + len(classes))  # fmt: skip
    return Predictions(
        image_id=tuple(row["image_id"] for row in rows),
        lesion_id=tuple(row["lesion_id"] for row in rows),
        split=tuple(row["split"] for row in rows),
        diagnosis=tuple(row["diagnosis"] for row in rows),
        probability=numbers[:, 0],
        classes=classes,
        class_probabilities=numbers[:, 1:] if classes else None,
    )


def _number(path: Path, line: int, row: dict[str, str], column: str) -> float:
    try:
        number = float(row[column])
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number <= 1:
        raise UserError(f"{path}, line {line}: {column} is {row[column]!r}; expected a number from 0 to 1")
    return number
