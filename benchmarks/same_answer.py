"""Does a photograph have one answer, in whatever form and wherever it is scored?

    python -m benchmarks.same_answer --images FOLDER [FOLDER ...] [--count 500]
        [--sizes own 600x450 1024x768 4000x3000] [--source OTHER/src]

Each photograph is scored as a path, as its pixels, as its bytes, as a Pillow image (opened, and loaded), as a
Pillow image that lies on its side and says so in EXIF, by the example for plain ONNX Runtime in
docs/deploy.md, and by the commands ``predict --json`` and ``predict --csv``. Against the path: the largest
difference of P(melanoma), and how many decisions are others. ``--source`` measures another version of the
program with the model that it ships. The last column compares P at each size with P at the first one.
"""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import PREDICT, machine, table

FORMS = ("pixels", "bytes", "Pillow, opened", "Pillow, loaded", "Pillow, EXIF 6", "plain ONNX Runtime")


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.source is not None:
        environment = os.environ | {"PYTHONPATH": str(arguments.source.absolute())}
        kept = [each for each in sys.argv[1:] if each not in ("--source", str(arguments.source))]
        sys.exit(subprocess.call([sys.executable, "-m", "benchmarks.same_answer", *kept], env=environment))
    share = -(-arguments.count // len(arguments.images))
    files = [path for folder in arguments.images for path in _thinned(folder, share)][: arguments.count]
    rows = [("size", *FORMS, "--json", "--csv", "P moves from the first size: mean, largest")]
    own: list[float] = []
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            copies = [_copy(path, i, size, Path(folder)) for i, path in enumerate(files)]
            answers = _answers(copies)
        own = own or answers["path"]
        moved = [abs(a - b) for a, b in zip(answers["path"], own, strict=True)]
        rows.append(
            (
                size,
                *(_difference(answers, form) for form in (*FORMS, "--json", "--csv")),
                f"{sum(moved) / len(moved):.4f}, {max(moved):.4f}",
            )
        )
    print(f"{len(files)} photographs; {machine()}\n")
    print(table(rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, nargs="+", required=True, help="folders of JPEGs")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--sizes", nargs="+", default=["own", "600x450", "1024x768", "4000x3000"])
    parser.add_argument("--source", type=Path, help="source folder of another version")
    return parser.parse_args()


def _thinned(folder: Path, count: int) -> list[Path]:
    files = sorted(folder.rglob("*.jpg"))
    return files[:: max(1, len(files) // count)][:count]


def _copy(path: Path, number: int, size: str, folder: Path) -> Path:
    """The file as it is, or encoded at another size as a camera would."""
    from PIL import Image

    target = folder / f"{number:04}.jpg"
    if size == "own":
        target.write_bytes(path.read_bytes())
        return target
    width, height = map(int, size.split("x"))
    with Image.open(path) as image:
        image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC).save(target, quality=90)
    return target


def _answers(files: Sequence[Path]) -> dict[str, list[Any]]:
    """P(melanoma) of each file in each form; None where the version refuses the form."""
    import dermdistill
    from dermdistill.inference.model import SHIPPED

    model = dermdistill.load()
    plain = _plain(SHIPPED)
    answers: dict[str, list[Any]] = {form: [] for form in ("path", *FORMS)}
    answers["threshold"] = [model.operating_point.threshold]
    for path in files:
        for form, image in _forms(path).items():
            answers[form].append(_probability(model, image()))
        answers["plain ONNX Runtime"].append(plain(path))
    answers["--json"], answers["--csv"] = _by_command(files)
    return answers


def _forms(path: Path) -> dict[str, Callable[[], Any]]:
    """The photograph in every form."""
    import numpy as np
    from PIL import Image

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


def _plain(model: Path) -> Callable[[Path], float]:
    """The example of docs/deploy.md."""
    import numpy as np
    import onnxruntime
    from PIL import Image, ImageOps

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)

    def probability(path: Path) -> float:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        return float(session.run(["probability"], {"pixels": np.asarray(image)[None]})[0][0])

    return probability


def _by_command(files: Sequence[Path]) -> tuple[list[float], list[float]]:
    folder, out = files[0].parent, files[0].parent / "scores.csv"
    command = [sys.executable, *PREDICT, str(folder), "--workers", "1"]
    said = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True, check=True).stdout
    by_json = [json.loads(line)["probability"] for line in said.splitlines()]
    subprocess.run([*command, "--csv", str(out)], stdout=subprocess.DEVNULL, check=True)
    with out.open(newline="", encoding="utf-8") as file:
        by_csv = [float(row["probability"]) for row in csv.DictReader(file)]
    return by_json, by_csv


def _difference(answers: dict[str, list[Any]], form: str) -> str:
    """The largest difference from the path's answers, and how many decisions are others."""
    if None in answers[form]:
        return "refused"
    (threshold,) = answers["threshold"]
    pairs = list(zip(answers[form], answers["path"], strict=True))
    flipped = sum((a >= threshold) != (b >= threshold) for a, b in pairs)
    return f"{max(abs(a - b) for a, b in pairs):.1g}, {flipped}"


if __name__ == "__main__":
    main()
