"""How long from pressing Enter to an answer for one photograph, and what does it weigh?

    python -m benchmarks.start_to_answer --image FILE --model FILE [--rounds 9]

Whole commands in turns, each a process of its own, wall and processor seconds and peak memory:

- **predict**: ``dermdistill predict IMAGE`` of a fresh light installation, ``pip install .``.
- **import onnxruntime**: the part of it that is the runtime's.
- **import torch, timm**: what a program on PyTorch pays before it has done anything; from this environment.

Then the size of the light installation, without pip and setuptools, and its largest parts: what a device has
to carry.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks.common import PREDICT, Cost, Spread, cost_of, interleaved, machine, table

_INSTALLERS = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence", "wheel")
_PARTS_SHOWN = 8


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        python = _light_installation(Path(folder))
        sizes = _sizes(python)
        commands: dict[str, list[str | Path]] = {
            "predict": [python, "-E", *PREDICT, arguments.image, "--model", arguments.model],
            "import onnxruntime": [python, "-E", "-c", "import onnxruntime"],
            "import torch, timm": [sys.executable, "-c", "import torch, timm"],
        }
        contenders: dict[str, Callable[[], Cost]] = {
            name: partial(cost_of, command) for name, command in commands.items()
        }
        interleaved(contenders, 1)  # fills the caches of files
        costs = interleaved(contenders, arguments.rounds)
    spreads = {
        name: {what: Spread.of([asdict(cost)[what] for cost in found]) for what in ("wall", "cpu", "peak_mb")}
        for name, found in costs.items()
    }
    if arguments.json:
        figures = {
            name: {what: asdict(spread) for what, spread in each.items()} for name, each in spreads.items()
        }
        print(json.dumps({"machine": machine(), "commands": figures, "installation_mb": sizes}))
        return
    print(f"{machine()}\n")
    rows = [
        (name, each["wall"].text(2), each["cpu"].text(2), each["peak_mb"].text(0))
        for name, each in spreads.items()
    ]
    print(table([("", "wall s", "processor s", "peak MB"), *rows]))
    total = sum(sizes.values())
    print(f"\nlight installation: {total:.1f} MB without pip and setuptools")
    largest = sorted(sizes.items(), key=lambda part: -part[1])[:_PARTS_SHOWN]
    print(", ".join(f"{name} {size:.1f}" for name, size in largest))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="a .onnx file of `dermdistill export`")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _light_installation(folder: Path) -> Path:
    """A new environment with this program and what it needs; its Python."""
    python = folder / "bin" / "python"
    source = Path(__file__).parents[1]
    commands: tuple[list[str | Path], ...] = (
        [sys.executable, "-m", "venv", folder],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", source],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr)
    return python


def _sizes(python: Path) -> dict[str, float]:
    """MB (10^6 bytes) on disk of every installed package, compiled modules included."""
    (packages,) = (python.parents[1] / "lib").glob("python*/site-packages")
    sizes: dict[str, float] = {}
    for part in packages.iterdir():
        # numpy.libs and numpy-2.4.dist-info belong to numpy.
        name = part.name.partition("-")[0].partition(".")[0]
        if name in _INSTALLERS or part.name.startswith("distutils-precedence"):
            continue
        files = [part] if part.is_file() else [path for path in part.rglob("*") if path.is_file()]
        sizes[name] = sizes.get(name, 0.0) + sum(path.stat().st_size for path in files) / 1e6
    return sizes


if __name__ == "__main__":
    main()
