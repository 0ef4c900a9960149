"""Does a photograph have one answer, in whatever form and wherever it is scored?

    python -m benchmarks.same_answer --images FOLDER [FOLDER ...] [--count 500]
        [--sizes own 600x450 1024x768 4000x3000] [--source OTHER/src]

Each photograph is scored as a path, as its pixels, as its bytes, as a Pillow image (opened, and loaded), as a
Pillow image that lies on its side and says so in EXIF, by the example for plain ONNX Runtime in
docs/deploy.md, and by the commands ``predict --json`` and ``predict --output``. Against the path: the largest
difference of P(melanoma), and how many decisions are others. ``--source`` names the version of the program,
which scores with the model that it ships. The last column compares P at each size with P at the first one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.answers import FORMS
from benchmarks.common import machine, table


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    files = _chosen(arguments.images, arguments.count)
    rows = [("size", *FORMS, "--json", "--output", "P moves from the first size: mean, largest")]
    own: list[float] = []
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            copies = [_copy(path, i, size, Path(folder)) for i, path in enumerate(files)]
            answers = _answers(copies, arguments.source)
        own = own or answers["path"]
        moved = [abs(a - b) for a, b in zip(answers["path"], own, strict=True)]
        rows.append(
            (
                size,
                *(_difference(answers, form) for form in (*FORMS, "--json", "--output")),
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
    parser.add_argument("--source", type=Path, default=Path("src"), help="source folder of the version")
    return parser.parse_args()


def _chosen(folders: Sequence[Path], count: int) -> list[Path]:
    """So many photographs, evenly from all folders as far as they have enough."""
    found = sorted((sorted(folder.rglob("*.jpg")) for folder in folders), key=len)
    chosen: list[Path] = []
    for done, files in enumerate(found):
        share = (count - len(chosen)) // (len(found) - done)
        chosen += files[:: max(1, len(files) // share)][:share]
    return chosen


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


def _answers(files: Sequence[Path], source: Path) -> dict[str, list[Any]]:
    """What ``benchmarks.answers`` finds with a version of the program."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.answers"],
        env=os.environ | {"PYTHONPATH": str(source.absolute())},
        input="\n".join(map(str, files)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answers: dict[str, list[Any]] = json.loads(done.stdout)
    return answers


def _difference(answers: dict[str, list[Any]], form: str) -> str:
    """The largest difference from the path's answers, and how many decisions are others."""
    if None in answers[form]:
        return "refused"
    (threshold,) = answers["threshold"]
    pairs = list(zip(answers[form], answers["path"], strict=True))
    flipped = sum((a >= threshold) != (b >= threshold) for a, b in pairs)
    return f"{max(abs(a - b) for a, b in pairs):.2g}, {flipped}"


if __name__ == "__main__":
    main()
