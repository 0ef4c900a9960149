"""How many photographs a second does ``dermdistill predict`` score, and what bounds it?

    python -m benchmarks.predict_throughput --images FOLDER --model FILE [--count 5000]
    python -m benchmarks.predict_throughput --images FOLDER --model FILE --count 2000 --resized 600x450

On the same JPEGs, in a warm cache, on all cores, in turns within one run:

- **command**: ``dermdistill predict - --output``, process start to finished table; what a user waits for.
- **pipeline**: the same without start and table: ``score_files`` of a loaded model. Command against pipeline
  shows what start and table cost.
- **decode**: read, decode, halve and resize to the model's input; threads, nothing else. The bound of any
  program that scores these files. Pipeline against this shows the cost of the network.
- **EfficientNet-B0**: what a user would write: timm, PyTorch eager, a DataLoader with two workers, Pillow,
  resize to 224, normalise, batches of 32. Fewer images; timed from the first batch on, so that the start of
  the workers is not held against it.

Every contender is a process of its own. Wall figures are images a second; the processor column is
milliseconds of processor time an image, imports excluded except for the command's, and suffers less from
other load.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.common import PREDICT, Spread, cost_of, images_of, interleaved, machine, table
from dermdistill.cores import default_workers

PROCESSES = ("pipeline", "decode", "EfficientNet-B0")
_CHUNK = 16


@dataclass(frozen=True, slots=True)
class Rate:
    """Images a second, and milliseconds of processor time an image."""

    per_second: float
    cpu_ms: float


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.contender:
        files = [Path(line) for line in arguments.list.read_text().splitlines()]
        print(json.dumps(asdict(_measured(arguments.contender, files, arguments.model))))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = images_of(arguments.images, arguments.count)
        if arguments.resized:
            width, height = map(int, arguments.resized.split("x"))
            files = _resized(files, (width, height), Path(folder))
        results = _race(files, arguments, Path(folder))
    rates = {name: Spread.of([rate.per_second for rate in rates]) for name, rates in results.items()}
    cpu = {name: Spread.of([rate.cpu_ms for rate in rates]) for name, rates in results.items()}
    ratios = {
        other: Spread.of(
            [
                mine.per_second / its.per_second
                for mine, its in zip(results["command"], results[other], strict=True)
            ]
        )
        for other in results
    }
    if arguments.json:
        figures = {
            name: {
                "per_second": asdict(rates[name]),
                "cpu_ms": asdict(cpu[name]),
                "command_is": asdict(ratios[name]),
            }
            for name in results
        }
        print(json.dumps({"machine": machine(), "images": len(files), "contenders": figures}))
        return
    print(f"{len(files)} images{' of ' + arguments.resized if arguments.resized else ''}; {machine()}\n")
    head = ("", "images/s", "processor ms/image", "`predict --output` is, times")
    rows = [(name, rates[name].text(0), cpu[name].text(2), ratios[name].text(2)) for name in results]
    print(table([head, *rows]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=Path, help="folder of JPEGs")
    parser.add_argument("--model", type=Path, required=True, help="a .onnx file of `dermdistill export`")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--resized", metavar="WxH", help="re-encode the images to this size first")
    parser.add_argument("--efficientnet-count", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--contender", choices=PROCESSES, help=argparse.SUPPRESS)
    parser.add_argument("--list", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.images is None and arguments.contender is None:
        parser.error("--images is needed")
    return arguments


def _race(files: list[Path], arguments: argparse.Namespace, folder: Path) -> dict[str, list[Rate]]:
    """All contenders in turns."""
    lists = {}
    for name, chosen in (("all", files), ("few", files[: arguments.efficientnet_count])):
        lists[name] = folder / f"{name}.txt"
        lists[name].write_text("".join(f"{path.absolute()}\n" for path in chosen))
    for path in files:
        path.read_bytes()
    command = partial(_command, arguments.model, lists["all"], len(files), folder)
    contenders: dict[str, Callable[[], Rate]] = {"command": command}
    for name in PROCESSES:
        listed = lists["few" if name == "EfficientNet-B0" else "all"]
        contenders[name] = partial(_process, name, arguments.model, listed)
    return interleaved(contenders, arguments.rounds)


def _command(model: Path, listed: Path, count: int, folder: Path) -> Rate:
    out = folder / "scores.csv"
    cost = cost_of([sys.executable, *PREDICT, "-", "--output", out, "--model", model], stdin=listed)
    return Rate(count / cost.wall, 1000 * cost.cpu / count)


def _process(contender: str, model: Path, listed: Path) -> Rate:
    """A contender in a process of its own."""
    options: list[str | Path] = ["--contender", contender, "--list", listed, "--model", model]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.predict_throughput", *options],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Rate(**json.loads(done.stdout))


def _measured(contender: str, files: list[Path], model: Path) -> Rate:
    """In this process: one contender."""
    if contender == "EfficientNet-B0":
        from benchmarks.efficientnet import score

        run: Callable[[], tuple[int, float]] = partial(score, files)
    elif contender == "pipeline":
        run = partial(_pipeline, files, model)
    else:
        run = partial(_decode, files, model)
    before = os.times()
    count, seconds = run()
    after = os.times()
    # The first four: user and system time of this process and of its children.
    cpu = sum(after[:4]) - sum(before[:4])
    return Rate(count / seconds, 1000 * cpu / len(files))


def _pipeline(files: list[Path], model: Path) -> tuple[int, float]:
    from dermdistill.inference.model import load
    from dermdistill.inference.stream import score_files

    loaded = load(model)
    begin = time.perf_counter()
    count = sum(1 for _ in score_files(loaded, map(str, files), workers=default_workers()))
    return count, time.perf_counter() - begin


def _decode(files: list[Path], model: Path) -> tuple[int, float]:
    """Read, decode and resize in threads."""
    from dermdistill.data.images import read_image, resize
    from dermdistill.inference.model import load

    spec = load(model).info.input

    def one(path: Path) -> None:
        resize(read_image(path, spec.halve_from).pixels, spec.size)

    def some(chosen: Sequence[Path]) -> None:
        for path in chosen:
            one(path)

    begin = time.perf_counter()
    with ThreadPoolExecutor(default_workers()) as pool:
        for _ in pool.map(some, [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]):
            pass
    return len(files), time.perf_counter() - begin


def _resized(files: list[Path], size: tuple[int, int], folder: Path) -> list[Path]:
    """Copies of another size, encoded as a camera would."""
    from PIL import Image

    def copy(path: Path) -> Path:
        target = folder / path.name
        with Image.open(path) as image:
            image.resize(size, Image.Resampling.BICUBIC).save(target, quality=90)
        return target

    with ThreadPoolExecutor(default_workers()) as pool:
        return list(pool.map(copy, files))


if __name__ == "__main__":
    main()
