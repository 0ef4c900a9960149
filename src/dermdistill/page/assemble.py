"""One HTML file that scores photographs in a browser: the built page, its runtime and a model.

Page and runtime come with the package, in ``built``; ``make page`` builds them from the repository's folder
``web``. Here a model, its description and a photograph for the self-test are put in.
"""

import base64
import gzip
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from dermdistill.data.images import read_image_bytes
from dermdistill.errors import UserError
from dermdistill.inference.decision import default_point, for_images
from dermdistill.inference.onnx import OnnxModel
from dermdistill.inference.prediction import probability_columns

BUILT = Path(__file__).with_name("built")

_SELF_TEST = Path(__file__).with_name("self-test.jpg")
"""A procedural lesion (``data.synthetic``), large enough that models halve it."""

# What a page needs beyond the file when a server gives it: see ``site``.
_POLICY = "worker-src blob:;"
_POLICY_SERVED = "worker-src blob: 'self'; manifest-src 'self';"
_HEAD_END = "</head>"
_MANIFEST_LINK = '<link rel="manifest" href="manifest.webmanifest">\n'


@dataclass(frozen=True, slots=True)
class Resource:
    """What a server gives under one name.

    Attributes:
        media_type: the header ``Content-Type``.
        content: the body.
    """

    media_type: str
    content: bytes


def page(model: Path) -> str:
    """A page to open from a disk, with a model in it; it never asks for anything.

    Args:
        model: a file of ``dermdistill export`` (``inference.model.model_file`` finds one).

    Raises:
        UserError: no such model, a damaged one, or one without operating points.
    """
    return _filled(
        (BUILT / "template.html").read_text(encoding="utf-8"),
        description=_description(OnnxModel.read(model), str(model)),
        model=_base64(gzip.compress(model.read_bytes(), mtime=0)),
        runtime=_base64((BUILT / "runtime.wasm.gz").read_bytes()),
    )


def site(model: Path) -> dict[str, Resource]:
    """The same page for a server, from which browsers can install it as an app.

    Arguments and errors as ``page``.

    Returns:
        What to give for which name, relative to the address of the page, whose own name is ``""``.
    """
    text = _with(page(model), _POLICY, _POLICY_SERVED)
    text = _with(text, _HEAD_END, _MANIFEST_LINK + _HEAD_END)
    others = {
        "manifest.webmanifest": "application/manifest+json",
        "service-worker.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml",
    }
    files = {name: Resource(kind, (BUILT / name).read_bytes()) for name, kind in others.items()}
    return {"": Resource("text/html; charset=utf-8", text.encode()), **files}


def _description(model: OnnxModel, name: str) -> str:
    """What the page has to know of a model, as JSON: ONNX Runtime Web does not show a file's metadata."""
    info = model.info
    points = [asdict(point) for point in for_images(info.thresholds) if point.threshold is not None]
    if not points:
        raise UserError(f"{name}: has no operating points, so a page could not decide; export it again")
    photograph = _SELF_TEST.read_bytes()
    pixels = read_image_bytes(photograph, str(_SELF_TEST), info.input.halve_from).pixels
    content = {
        "model_id": model.model_id,
        "classes": info.classes,
        "columns": probability_columns(info.classes),
        "size": info.input.size,
        "halve_from": info.input.halve_from,
        "operating_points": points,
        "default_point": default_point(info),
        "prevalence": _prevalence(model),
        "reference": asdict(info.reference) if info.reference else None,
        "detector": asdict(info.detector) if info.detector else None,
        "self_test": {
            "image": _base64(photograph),
            "probabilities": model.score(pixels).probabilities.tolist(),
        },
    }
    return json.dumps(content, allow_nan=False).replace("<", "\\u003c")


def _prevalence(model: OnnxModel) -> float | None:
    """Share of melanomas among the validation images; None where it is unknown, or P cannot be re-stated."""
    validation = model.info.validation
    return validation.prevalence if validation and 0 < validation.prevalence < 1 else None


def _filled(text: str, **contents: str) -> str:
    for name, content in contents.items():
        text = _with(text, "{{" + name + "}}", content)
    return text


def _with(text: str, place: str, content: str) -> str:
    """The text with something else in a place that it has once."""
    before, after = text.split(place)
    return before + content + after


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
