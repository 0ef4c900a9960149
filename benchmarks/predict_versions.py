"""What does a photograph cost in this version of the program, against another?

    python -m benchmarks.predict_versions --images FOLDER --before OTHER/src [--after src]
        [--sizes 600x450 1024x768 4000x3000] [--count 500]

Processor time of the whole command ``predict --json --workers 1``, milliseconds a photograph. Each version
scores with the model that it ships. They take turns on the same files, so that other load falls on both. The
ratio is that of a turn; its spread over the turns says how much it can be trusted.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.common import PREDICT, Spread, cost_of, images_of, interleaved, machine, table


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    rows = [("size", "before, ms", "after, ms", "after / before")]
    for size in arguments.sizes:
        width, height = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            files = _enlarged(images_of(arguments.images, arguments.count), (width, height), Path(folder))
            listed = Path(folder) / "list.txt"
            listed.write_text("".join(f"{path}\n" for path in files))
            contenders = {
                name: partial(_milliseconds, source, listed, len(files))
                for name, source in (("before", arguments.before), ("after", arguments.after))
            }
            taken = interleaved(contenders, arguments.turns)
        ratios = [ours / theirs for ours, theirs in zip(taken["after"], taken["before"], strict=True)]
        rows.append((size, *(Spread.of(each).text(2) for each in (taken["before"], taken["after"], ratios))))
    print(f"{arguments.count} images, {arguments.turns} turns; {machine()}\n")
    print(table(rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, required=True, help="folder of JPEGs")
    parser.add_argument("--before", type=Path, required=True, help="source folder of the other version")
    parser.add_argument("--after", type=Path, default=Path("src"), help="source folder of this version")
    parser.add_argument("--sizes", nargs="+", default=["600x450", "1024x768", "4000x3000"], metavar="WxH")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--turns", type=int, default=9)
    return parser.parse_args()


def _milliseconds(source: Path, listed: Path, count: int) -> float:
    version = ("env", f"PYTHONPATH={source.absolute()}", sys.executable, *PREDICT)
    return 1000 * cost_of([*version, "-", "--json", "--workers", "1"], stdin=listed).cpu / count


def _enlarged(files: Sequence[Path], size: tuple[int, int], folder: Path) -> list[Path]:
    """Copies of another size, encoded as a camera would."""
    from PIL import Image

    targets = []
    for path in files:
        targets.append(folder / path.name)
        with Image.open(path) as image:
            image.resize(size, Image.Resampling.BICUBIC).save(targets[-1], quality=90)
    return targets


if __name__ == "__main__":
    main()
