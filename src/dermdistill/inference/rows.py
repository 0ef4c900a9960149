"""A scored image as a row: the columns of the CSV and the keys of the JSON lines (``docs/output.md``)."""

from dermdistill.digits import six_digits
from dermdistill.inference.model import Model
from dermdistill.inference.prediction import Value, known, probability_columns
from dermdistill.inference.stream import ScoredImage
from dermdistill.spreadsheet import csv_line, path_cell, text_cell

FIRST_COLUMNS = ("path", "probability", "decision")
"""How every table begins, whatever the model."""

_POINT = ("operating_point", "threshold")
_REFER = "refer_below"
_VALIDATION = ("validation_sensitivity", "validation_specificity", "prevalence")
_LAST = ("model", "file_bytes", "warnings", "error")


def columns(model: Model) -> list[str]:
    """The names, in order; diagnoses have a column each where the model has more than two classes."""
    point = (*_POINT, _REFER) if model.operating_point.refer_below is not None else _POINT
    return [*FIRST_COLUMNS, *point, *_VALIDATION, *probability_columns(model.info.classes), *_LAST]


def row_dict(scored: ScoredImage, model: Model) -> dict[str, Value]:
    """The values by column; None where there is none, as for all figures of a file that cannot be scored."""
    point, prediction = model.operating_point, scored.prediction
    values: dict[str, Value] = dict.fromkeys(columns(model))
    values |= {
        "operating_point": point.name,
        "threshold": six_digits(point.threshold),
        "validation_sensitivity": known(point.sensitivity),
        "validation_specificity": known(point.specificity),
        "prevalence": known(model.prevalence),
        "model": model.model_id,
        "warnings": [],
    }
    if point.refer_below is not None:
        values[_REFER] = six_digits(point.refer_below)
    if prediction is not None:
        values |= {name: value for name, value in prediction.to_dict().items() if name in values}
    return values | {"path": scored.name, "file_bytes": scored.file_bytes, "error": scored.error}


def header_line(model: Model) -> str:
    """The first line of a CSV of ``row_line``."""
    return csv_line(columns(model))


def old_header_line(model: Model) -> str:
    """The same as earlier versions wrote it: with spaces in the columns of diagnoses."""
    classes = model.info.classes if len(model.info.classes) > 2 else ()
    return csv_line([*FIRST_COLUMNS, *_POINT, *_VALIDATION, *(f"p_{name}" for name in classes), *_LAST])


def row_line(scored: ScoredImage, model: Model) -> str:
    """A line of CSV; no cell is a formula (see ``spreadsheet``)."""
    return csv_line(cell(name, value) for name, value in row_dict(scored, model).items())


def cell(column: str, value: Value) -> str:
    """A value as it stands in the CSV: None is an empty cell, a list is divided by semicolons."""
    if isinstance(value, list):
        return text_cell("; ".join(value))
    if isinstance(value, str):
        return path_cell(value) if column == "path" else text_cell(value)
    return "" if value is None else repr(value)
