"""What the API takes and gives, for its OpenAPI document; ``docs/output.md`` explains the rows."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from dermdistill.inference.wording import DISCLAIMER
from dermdistill.server.problems import MEDIA_TYPE
from dermdistill.server.uploads import RAW_TYPES

_ROW: dict[str, Any] = {
    "path": "lesion.jpg",
    "probability": 0.243871,
    "decision": "melanoma",
    "operating_point": "sensitivity_0.90",
    "threshold": 0.0399617,
    "validation_sensitivity": 0.908163,
    "validation_specificity": 0.670909,
    "prevalence": 0.0818864,
    "model": "dermlet 0123456789ab",
    "file_bytes": 48_213,
    "warnings": ["blurred: less sharp than 99 % of the training images"],
    "error": None,
}
_ERROR = "notes.txt: not an image; JPEG, PNG, TIFF, WebP, BMP, GIF and DICOM are read"
_FAILED = _ROW | {
    "path": "notes.txt",
    "probability": None,
    "decision": None,
    "file_bytes": 12,
    "warnings": [],
    "error": _ERROR,
}


class RowSchema(BaseModel):
    """An image and what became of it: the keys of `dermdistill predict --json`.

    A model of more than two classes adds a probability for each, such as `p_nevus`.
    """

    model_config = ConfigDict(extra="allow")

    path: str
    probability: float | None
    decision: str | None
    operating_point: str
    threshold: float
    validation_sensitivity: float | None
    validation_specificity: float | None
    prevalence: float | None
    model: str
    file_bytes: int | None
    warnings: list[str]
    error: str | None


class Predictions(BaseModel):
    """Rows in the order of the files; a DICOM file of several images has a row for each."""

    rows: list[RowSchema]
    notice: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


EXAMPLES: dict[str, dict[str, Any]] = {
    "Predictions": {"rows": [_ROW, _FAILED], "notice": DISCLAIMER},
    "Problem": {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": _ERROR,
        "file": "notes.txt",
        "rows": [_FAILED],
    },
}
"""By schema; FastAPI would leave their nulls out."""


class PointSchema(BaseModel):
    """An operating point and what it did to the model's validation images."""

    name: str
    threshold: float
    validation_sensitivity: float | None
    validation_specificity: float | None


class ModelSchema(BaseModel):
    """The model and the bounds of this server."""

    model: str
    classes: list[str]
    input_size: int
    operating_point: PointSchema
    operating_points: list[PointSchema]
    prevalence: float | None
    provenance: dict[str, str]
    limits: dict[str, float]
    notice: str


class Health(BaseModel):
    """How a server is."""

    status: str
    workers: int


def body(*, several: bool) -> dict[str, Any]:
    """The request body of an endpoint, as OpenAPI describes it: a form of files, or one file."""
    binary = {"type": "string", "format": "binary"}
    files: dict[str, Any] = {"type": "array", "items": binary, "minItems": 1}
    if not several:
        files["maxItems"] = 1
    form = {
        "type": "object",
        "properties": {"files": files},
        "required": ["files"],
        "additionalProperties": False,
    }
    raw = {media_type: {"schema": binary} for media_type in ("image/*", *RAW_TYPES)}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}, **raw}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an endpoint may answer with, as OpenAPI describes them."""
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _REASONS[status], "content": {MEDIA_TYPE: reference}} for status in statuses
    }


_REASONS = {
    400: "The form is damaged.",
    401: "The bearer token is missing or wrong.",
    408: "The body did not come in time.",
    413: "The body is too large, or holds too many files.",
    415: "The body is neither a form nor an image.",
    422: "No image could be scored; `detail` names the first file, `rows` has all.",
    429: "Too many requests; `Retry-After` says when to come again.",
    503: "The server is starting, stopping or too busy.",
}
