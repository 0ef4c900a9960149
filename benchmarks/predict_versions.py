"""What does a photograph cost in this version of the program, against another?

    python -m benchmarks.predict_versions --images FOLDER --before OTHER/src --after src \
        --sizes 600x450 1024x768 4000x3000

Processor time of ``Model.predict_file`` on one thread, milliseconds a photograph: decoding, preprocessing,
network, warnings. Each version scores with the model that it ships. Both have a process of their own that
lives through the whole run. They take turns every few photographs, on the same files, so that other load
falls on both. The ratio is that of a turn; its spread over the turns says how much it can be trusted.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import Spread, images_of, machine, table


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    rows = [("size", "before, ms", "after, ms", "after / before")]
    for size in arguments.sizes:
        width, height = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            files = _enlarged(images_of(arguments.images, arguments.count), (width, height), Path(folder))
            before, after = _race(files, (arguments.before, arguments.after), arguments.turns)
        ratios = [ours / theirs for ours, theirs in zip(after, before, strict=True)]
        rows.append((size, *(Spread.of(each).text(2) for each in (before, after, ratios))))
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
    parser.add_argument("--count", type=int, default=20, help="photographs a turn")
    parser.add_argument("--turns", type=int, default=40)
    return parser.parse_args()


def _race(files: Sequence[Path], sources: tuple[Path, Path], turns: int) -> tuple[list[float], list[float]]:
    """Milliseconds a photograph, one value a turn, of both versions."""
    workers = [_worker(source) for source in sources]
    request = "\t".join(map(str, files)) + "\n"
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(turns + 1):
        for worker, times in zip(workers, taken, strict=True):
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(request)
            worker.stdin.flush()
            answer = float(worker.stdout.readline())
            if turn:  # the first one warms up
                times.append(answer)
    for worker in workers:
        worker.communicate()
    return taken


def _worker(source: Path) -> "subprocess.Popen[str]":
    environment = os.environ | {"PYTHONPATH": str(source.absolute())}
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.milliseconds"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


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
