"""A scored image as a flat record: the columns of the CSV and the keys of the JSON lines."""

import math
from collections.abc import Mapping

from dermdistill.inference.model import Model
from dermdistill.inference.stream import Row
from dermdistill.spreadsheet import csv_line, path_cell, text_cell

Value = str | float | None

FIRST_COLUMNS = ("path", "probability", "decision")
"""How every table begins, whatever the model."""


def columns(model: Model) -> list[str]:
    """The names, in order; diagnoses have a column each where the model tells more than two classes."""
    return [
        *FIRST_COLUMNS,
        *("operating_point", "threshold", "validation_sensitivity", "validation_specificity", "prevalence"),
        *(f"p_{name}" for name in _diagnoses(model)),
        *("model", "file_bytes", "warnings", "error"),
    ]


def record(row: Row, model: Model) -> dict[str, Value]:
    """The values by column; None where there is none, as for all figures of a file that cannot be scored."""
    prediction, point = row.prediction, model.operating_point
    diagnoses: Mapping[str, float] = prediction.diagnoses if prediction else {}
    return {
        "path": row.name,
        "probability": prediction.probability if prediction else None,
        "decision": prediction.decision if prediction else None,
        "operating_point": point.name,
        "threshold": point.threshold,
        "validation_sensitivity": _known(point.sensitivity),
        "validation_specificity": _known(point.specificity),
        "prevalence": _known(model.prevalence),
        **{f"p_{name}": diagnoses.get(name) for name in _diagnoses(model)},
        "model": model.model_id,
        "file_bytes": row.file_bytes,
        "warnings": "; ".join(prediction.warnings) if prediction else "",
        "error": row.error,
    }


def header_line(model: Model) -> str:
    """The first line of a CSV of ``row_line``."""
    return csv_line(columns(model))


def row_line(row: Row, model: Model) -> str:
    """A line of CSV; numbers keep every bit, and no cell is a formula (see ``spreadsheet``)."""
    return csv_line(cell(name, value) for name, value in record(row, model).items())


def cell(column: str, value: Value) -> str:
    """A value as it stands in the CSV."""
    if isinstance(value, str):
        return path_cell(value) if column == "path" else text_cell(value)
    return "" if value is None else repr(value)


def _diagnoses(model: Model) -> tuple[str, ...]:
    return model.info.classes if len(model.info.classes) > 2 else ()


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
