"""What ``dermdistill explain`` does; imports nothing of PyTorch."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from dermdistill.data.images import read_image
from dermdistill.errors import UserError, printable
from dermdistill.files import check_writable, write_bytes
from dermdistill.inference.explain import Explanation, explain
from dermdistill.inference.explanation_picture import PANEL, draw, to_png
from dermdistill.inference.model import Model, load
from dermdistill.inference.rows import Value, record
from dermdistill.inference.stream import Row
from dermdistill.inference.wording import headline


def explain_file(
    image: Path,
    *,
    frame: int | None,
    out: Path | None,
    model: Path | None,
    threshold: str,
    prevalence: float | None,
    as_json: bool,
) -> None:
    """Write the picture that explains the answer to one image, and print the answer.

    Raises:
        UserError: no such image or model, one that cannot be read, or a picture that cannot be written.
    """
    shown = Row(str(image), None, frame=frame)
    target = out or Path(f"{image.stem}{'' if frame is None else f'-frame{frame}'}-explained.png")
    _check(image, target)
    loaded = load(model, threshold=threshold, prevalence=prevalence)
    read = loaded.read(image, frame=frame)
    photograph = read_image(image, at_least=PANEL, frame=frame).pixels
    print(headline(loaded.model_id, loaded.operating_point), file=sys.stderr)
    began = time.perf_counter()
    explanation = explain(loaded, read)
    took = time.perf_counter() - began
    write_bytes(target, to_png(draw(explanation, photograph, printable(Path(shown.name).name), prevalence)))
    if as_json:
        print(json.dumps(_record(shown, loaded, explanation, target, took)))
    else:
        print(_line(explanation, target))
        print(f"{explanation.runs} runs of the network in {took:.1f} s", file=sys.stderr)


def _check(image: Path, target: Path) -> None:
    name = printable(str(target))
    if target.suffix.lower() != ".png":
        raise UserError(f"{name}: the picture is a PNG; give a name that ends in .png for --out")
    if target.is_dir():
        raise UserError(f"{name}: is a folder; expected a file for --out")
    if image.exists() and target.exists() and image.samefile(target):
        raise UserError(f"{name}: is the photograph itself; choose another file for --out")
    check_writable(target.absolute().parent)


def _line(explanation: Explanation, target: Path) -> str:
    prediction, views = explanation.prediction, explanation.views
    remarks = f"; {'; '.join(prediction.warnings)}" if prediction.warnings else ""
    return (
        f"P(melanoma) {prediction.probability:.3f} ({views.lowest:.3f} to {views.highest:.3f} over "
        f"{len(views.probabilities)} views); {prediction.decision}{remarks}; "
        f"picture: {printable(str(target))}"
    )


def _record(
    shown: Row, model: Model, explanation: Explanation, target: Path, seconds: float
) -> dict[str, Value]:
    views = explanation.views
    return record(replace(shown, prediction=explanation.prediction), model) | {
        "views": len(views.probabilities),
        "views_mean": views.mean,
        "views_lowest": views.lowest,
        "views_highest": views.highest,
        "views_called_melanoma": views.called_melanoma,
        "picture": str(target),
        "network_runs": explanation.runs,
        "seconds": seconds,
    }
