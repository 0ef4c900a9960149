"""The predictions table: all that evaluation and reports know of a model.

One row an image: ``image_id, lesion_id, split, diagnosis, source, probability``, one ``p_<diagnosis>`` column
a class where the model distinguishes diagnoses, ``seen`` where it was checked whether the model learned from
it, ``age, sex, site, skin_type`` as far as the source says them, and ``short_side, typology_angle`` where the
photographs were measured.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.errors import UserError
from dermdistill.files import replacing
from dermdistill.records import MELANOMA, Record
from dermdistill.spreadsheet import csv_line, text_cell, text_of

_SEEN = "seen"
_OF_RECORD = ("age", "sex", "site", "skin_type")
_OF_PHOTOGRAPH = ("short_side", "typology_angle")
DETAILS = (*_OF_RECORD, *_OF_PHOTOGRAPH)
"""What the table says of lesion, patient and photograph; tables of older runs lack it.

``short_side`` is in pixels; ``typology_angle`` in degrees, as ``data.skin_tone`` estimates it.
"""

_COLUMNS = ("image_id", "lesion_id", "split", "diagnosis", "probability")
_SOURCE = "source"
"""Tables of older runs lack it."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of one model for N images.

    Attributes:
        image_id, lesion_id, split, diagnosis: N strings each; intervals resample lesions.
        probability: ``(N,)`` float64 in [0, 1], P(melanoma).
        classes: the diagnoses that the model distinguishes, empty for a binary model.
        class_probabilities: ``(N, len(classes))``; rows sum to 1.
        seen: N strings: how the image, or its lesion, was recognised as one that the model learned from,
            empty where it was not; no string at all where that was not checked.
        source: N names of data sets; all are empty where none is given.
        details: N strings for each of ``DETAILS``, empty where the source does not say it; of an older table
            none at all.
    """

    image_id: tuple[str, ...]
    lesion_id: tuple[str, ...]
    split: tuple[str, ...]
    diagnosis: tuple[str, ...]
    probability: NDArray[np.float64]
    classes: tuple[str, ...] = ()
    class_probabilities: NDArray[np.float64] | None = None
    seen: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    details: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.source:
            object.__setattr__(self, "source", ("",) * len(self.image_id))

    def __len__(self) -> int:
        return len(self.image_id)

    @property
    def label(self) -> NDArray[np.bool_]:
        """``(N,)``, True where the diagnosis is melanoma."""
        return np.array([diagnosis == MELANOMA for diagnosis in self.diagnosis], dtype=bool)

    def of_split(self, split: str) -> "Predictions":
        """The rows of one split, in their order."""
        return self.take([i for i, name in enumerate(self.split) if name == split])

    def by_source(self) -> dict[str, "Predictions"]:
        """The rows of each source, in the order in which the sources first occur."""
        rows: dict[str, list[int]] = {}
        for i, name in enumerate(self.source):
            rows.setdefault(name, []).append(i)
        return {name: self.take(of_source) for name, of_source in rows.items()}

    def take(self, rows: Sequence[int]) -> "Predictions":
        """These rows, in this order."""
        return Predictions(
            image_id=tuple(self.image_id[i] for i in rows),
            lesion_id=tuple(self.lesion_id[i] for i in rows),
            split=tuple(self.split[i] for i in rows),
            diagnosis=tuple(self.diagnosis[i] for i in rows),
            probability=self.probability[list(rows)],
            classes=self.classes,
            class_probabilities=None
            if self.class_probabilities is None
            else self.class_probabilities[list(rows)],
            seen=tuple(self.seen[i] for i in rows) if self.seen else (),
            source=tuple(self.source[i] for i in rows),
            details={name: tuple(cells[i] for i in rows) for name, cells in self.details.items()},
        )


def tabulate(
    records: Sequence[Record],
    splits: Sequence[str],
    probabilities: NDArray[np.float64],
    classes: Sequence[str],
) -> Predictions:
    """Join records with a model's class probabilities ``(N, len(classes))``; one class must be melanoma.

    Raises:
        UserError: a probability is not a number from 0 to 1, as damaged weights give.
    """
    wrong = np.flatnonzero(~((probabilities >= 0) & (probabilities <= 1)).all(axis=1))
    if len(wrong):
        first = int(wrong[0])
        raise UserError(
            f"image {records[first].image_id}: the model gives {probabilities[first].tolist()}; expected "
            "probabilities from 0 to 1: its weights are damaged, train it again"
        )
    return Predictions(
        image_id=tuple(record.image_id for record in records),
        lesion_id=tuple(record.lesion_id for record in records),
        split=tuple(splits),
        diagnosis=tuple(record.diagnosis for record in records),
        probability=probabilities[:, list(classes).index(MELANOMA)].astype(np.float64),
        classes=tuple(classes) if len(classes) > 2 else (),
        class_probabilities=probabilities.astype(np.float64) if len(classes) > 2 else None,
        source=tuple(record.source for record in records),
        details={name: tuple(_text(getattr(record, name)) for record in records) for name in _OF_RECORD},
    )


def _text(value: str | float | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:g}"


def aligned(named: Sequence[tuple[str, Predictions]]) -> list[Predictions]:
    """The tables of several models for the same images, all in the row order of the first.

    Args:
        named: each model's name, for the error, and its table.

    Raises:
        UserError: two tables differ in an image, or in what they say of its lesion or of melanoma.
    """
    (first_name, first), *others = named
    tables = [first]
    for name, other in others:
        row = {image_id: i for i, image_id in enumerate(other.image_id)}
        missing = [image_id for image_id in first.image_id if image_id not in row]
        if missing:
            raise _unlike(f"image {missing[0]} is missing from {name}", first_name, name)
        if len(other) != len(first):
            extra = next(iter(set(other.image_id) - set(first.image_id)))
            raise _unlike(f"image {extra} is missing from {first_name}", first_name, name)
        table = other.take([row[image_id] for image_id in first.image_id])
        differs = (np.array(table.lesion_id) != np.array(first.lesion_id)) | (table.label != first.label)
        if differs.any():
            image_id = first.image_id[int(np.argmax(differs))]
            raise _unlike(f"image {image_id} has another lesion or label in {name}", first_name, name)
        tables.append(table)
    return tables


def _unlike(what: str, first: str, other: str) -> UserError:
    return UserError(f"{first} and {other} cannot be compared: {what}; evaluate both on the same images")


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write the table as CSV; probabilities keep every bit, so that reading gives the same numbers.

    No text is a formula of a spreadsheet, whoever chose it (see ``spreadsheet``).
    """
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        first, seen = [*_COLUMNS[:-1], _SOURCE, _COLUMNS[-1]], [_SEEN] if predictions.seen else []
        classes = (f"p_{name}" for name in predictions.classes)
        handle.write(csv_line([*first, *classes, *seen, *predictions.details]))
        for i in range(len(predictions)):
            text = (
                predictions.image_id[i],
                predictions.lesion_id[i],
                predictions.split[i],
                predictions.diagnosis[i],
                predictions.source[i],
            )
            numbers = [predictions.probability[i]]
            if predictions.class_probabilities is not None:
                numbers.extend(predictions.class_probabilities[i])
            figures = (repr(float(number)) for number in numbers)
            last = (*predictions.seen[i : i + 1], *(cells[i] for cells in predictions.details.values()))
            handle.write(csv_line([*map(text_cell, text), *figures, *map(text_cell, last)]))


def read_predictions(path: Path) -> Predictions:
    """Read a table written by ``write_predictions``.

    Raises:
        UserError: the file is missing or not such a table: a column is missing, a row is cut short or says
            nothing, an image has two rows, or a probability is not a number from 0 to 1.
    """
    columns, rows = _read_rows(path)
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; expected {', '.join(_COLUMNS)}")
    _check_rows(path, rows)
    classes = tuple(name.removeprefix("p_") for name in columns if name.startswith("p_"))
    names = ("probability", *(f"p_{name}" for name in classes))
    numbers = np.array([[_number(path, line, row, name) for name in names] for line, row in rows])
    numbers = numbers.reshape(len(rows), len(names))
    return Predictions(
        image_id=tuple(row["image_id"] for _, row in rows),
        lesion_id=tuple(row["lesion_id"] for _, row in rows),
        split=tuple(row["split"] for _, row in rows),
        diagnosis=tuple(row["diagnosis"] for _, row in rows),
        probability=numbers[:, 0],
        classes=classes,
        class_probabilities=numbers[:, 1:] if classes else None,
        seen=tuple(row[_SEEN] for _, row in rows) if _SEEN in columns else (),
        source=tuple(row.get(_SOURCE, "") for _, row in rows),
        details={name: tuple(row[name] for _, row in rows) for name in DETAILS if name in columns},
    )


def _read_rows(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Column names, and every row with its line in the file; all rows are as long as the header."""
    try:
        # Spreadsheets put a byte order mark first.
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.reader(handle, strict=True)
            columns = next(reader, [])
            rows = []
            for values in reader:
                if len(values) != len(columns):
                    raise UserError(
                        f"{path}, line {reader.line_num}: {len(values)} fields; expected {len(columns)}: "
                        "the table is damaged, evaluate the model again"
                    )
                rows.append((reader.line_num, dict(zip(columns, map(text_of, values), strict=True))))
    except FileNotFoundError:
        raise UserError(f"{path}: no such predictions table; evaluate the model to make it") from None
    except OSError as error:
        raise UserError(f"{path}: cannot read ({error.strerror}); expected a predictions table") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: not a CSV table in UTF-8 ({error}); evaluate the model again") from None
    return columns, rows


def _check_rows(path: Path, rows: Sequence[tuple[int, dict[str, str]]]) -> None:
    lines: dict[str, int] = {}
    for line, row in rows:
        for name in ("image_id", "lesion_id", "diagnosis"):
            if not row[name]:
                raise UserError(f"{path}, line {line}: {name} is empty; every image needs one")
        if row["diagnosis"] != MELANOMA and row["diagnosis"].strip().lower() == MELANOMA:
            raise UserError(f"{path}, line {line}: diagnosis is {row['diagnosis']!r}; expected {MELANOMA!r}")
        earlier = lines.setdefault(row["image_id"], line)
        if earlier != line:
            raise UserError(
                f"{path}, line {line}: image {row['image_id']} is on line {earlier} already; keep one"
            )


def _number(path: Path, line: int, row: dict[str, str], column: str) -> float:
    try:
        number = float(row[column])
    except ValueError:
        number = float("nan")
    if not 0 <= number <= 1:
        raise UserError(f"{path}, line {line}: {column} is {row[column]!r}; expected a number from 0 to 1")
    return number
