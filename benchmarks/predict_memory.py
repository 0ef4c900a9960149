"""Does scoring more images take more memory?

    python -m benchmarks.predict_memory --images FOLDER --model FILE [--few 1000] [--many 100000]

Peak resident memory of ``dermdistill predict FOLDER --output`` as a whole command, on a folder of few
and one of many symbolic links to the same JPEGs. What grows with the number of images shows in the
difference: rows that are kept, a queue without a bound, a leak. The names of the one folder, about 80 bytes
each, are meant to be there.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.common import PREDICT, Cost, cost_of, images_of, machine, table


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    files = images_of(arguments.images, arguments.few)
    few = _cost(files, arguments.few, arguments.model)
    many = _cost(files, arguments.many, arguments.model)
    difference = many.peak_mb - few.peak_mb
    if arguments.json:
        print(
            json.dumps(
                {
                    "machine": machine(),
                    "images": [arguments.few, arguments.many],
                    "peak_mb": [few.peak_mb, many.peak_mb],
                    "difference_mb": difference,
                    "wall_s": [few.wall, many.wall],
                }
            )
        )
        return
    print(f"{machine()}\n")
    rows = [
        (f"{count:,}", f"{cost.peak_mb:.1f}", f"{cost.wall:.1f}", f"{count / cost.wall:.0f}")
        for count, cost in ((arguments.few, few), (arguments.many, many))
    ]
    print(table([("images", "peak MB", "seconds", "images/s"), *rows]))
    print(f"\ndifference {difference:.1f} MB")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder of JPEGs")
    parser.add_argument("--model", type=Path, required=True, help="a .onnx file of `dermdistill export`")
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _cost(files: list[Path], count: int, model: Path) -> Cost:
    """Of scoring a folder of so many links to the files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "images"
        folder.mkdir()
        targets = [path.absolute() for path in files]
        for i in range(count):
            (folder / f"{i:06}.jpg").symlink_to(targets[i % len(targets)])
        return cost_of(
            [sys.executable, *PREDICT, folder, "--output", Path(name) / "scores.csv", "--model", model]
        )


if __name__ == "__main__":
    main()
