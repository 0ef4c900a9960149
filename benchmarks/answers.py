"""Worker of same_answer; imports nothing but the version of the program that it measures.

Scores the files whose names are the lines of standard input; prints a JSON object, P(melanoma) by form.
"""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

import dermdistill
from dermdistill.inference.model import SHIPPED

FORMS = ("pixels", "bytes", "Pillow, opened", "Pillow, loaded", "Pillow, EXIF 6", "plain ONNX Runtime")
_PREDICT = ("-c", "from dermdistill.cli import main; main()", "predict")


def main() -> None:
    """Score and print."""
    print(json.dumps(_answers([Path(line) for line in sys.stdin.read().splitlines()])))


def _answers(files: Sequence[Path]) -> dict[str, list[Any]]:
    """P(melanoma) of each file in each form; None where the version refuses the form."""
    model = dermdistill.load()
    by_runtime = plain(SHIPPED)
    answers: dict[str, list[Any]] = {form: [] for form in ("path", *FORMS)}
    answers["threshold"] = [model.operating_point.threshold]
    for path in files:
        for form, image in _forms(path).items():
            answers[form].append(_probability(model, image()))
        answers["plain ONNX Runtime"].append(by_runtime(path))
    answers["--json"], answers["--output"] = _by_command(files)
    return answers


def _forms(path: Path) -> dict[str, Callable[[], Any]]:
    """The photograph in every form."""

    def loaded() -> Image.Image:
        with Image.open(path) as image:
            image.load()
            return image

    def on_its_side() -> Image.Image:
        exif = Image.Exif()
        exif[0x0112] = 6
        turned = loaded().transpose(Image.Transpose.ROTATE_90)
        turned.info["exif"] = exif.tobytes()
        return turned

    return {
        "path": lambda: path,
        "pixels": lambda: np.asarray(loaded().convert("RGB")),
        "bytes": path.read_bytes,
        "Pillow, opened": lambda: Image.open(io.BytesIO(path.read_bytes())),
        "Pillow, loaded": loaded,
        "Pillow, EXIF 6": on_its_side,
    }


def _probability(model: Any, image: Any) -> float | None:
    try:
        return float(model.predict(image)[0].probability)
    except TypeError:
        return None


def plain(model: Path) -> Callable[[Path], float]:
    """The example of docs/deploy.md."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)

    def probability(path: Path) -> float:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        return float(session.run(["probability"], {"pixels": np.asarray(image)[None]})[0][0])

    return probability


def _by_command(files: Sequence[Path]) -> tuple[list[float], list[float]]:
    folder, out = files[0].parent, files[0].parent / "scores.csv"
    command = [sys.executable, *_PREDICT, str(folder), "--workers", "1"]
    said = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True, check=True).stdout
    by_json = [json.loads(line)["probability"] for line in said.splitlines()]
    subprocess.run([*command, "--output", str(out)], stdout=subprocess.DEVNULL, check=True)
    with out.open(newline="", encoding="utf-8") as file:
        by_csv = [float(row["probability"]) for row in csv.DictReader(file)]
    return by_json, by_csv


if __name__ == "__main__":
    main()
