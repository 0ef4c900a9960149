"""A run or comparison on a Ray cluster of two nodes, one of which is killed, against the same in one process.

    python -m benchmarks.cluster_training compare --data synthetic --recipe demo
    python -m benchmarks.cluster_training run --data synthetic --recipe demo --set student.epochs=3

Arguments are those of ``dermdistill``, without ``--output``. The command runs three times, with one thread
for each training: in order in one process; on ``--cluster local:1``, which shows what Ray costs; and on two
nodes of one core each, where the second node is killed with SIGKILL while it trains a model that has a
finished epoch.

Shown: seconds of each command and of its trainings alone; whether all histories and predictions are the same;
which epochs were trained twice.
"""

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.common import machine
from benchmarks.ray_nodes import two_nodes

_EPOCH = re.compile(r"^(\S+): epoch +(\d+)  ", re.MULTILINE)
_COMMAND = [sys.executable, "-m", "dermdistill"]


def main() -> None:
    """Measure and print."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in ("run", "compare"):
        sys.exit(__doc__)
    # Ray gives its processes a low priority, which the comparison must not have.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "RAY_worker_niceness": "0"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here, one, two = (folder / each for each in ("here", "one", "two"))
        seconds = {"one process": _timed(arguments, here, environment)}
        seconds["local:1"] = _timed([*arguments, "--cluster", "local:1"], one, environment)
        with two_nodes(environment) as second:
            seconds["two nodes"], killed = _with_kill(arguments, two, environment, second.pid)
        print(machine())
        print(
            json.dumps(
                {
                    "seconds": seconds,
                    "seconds_of_training": {each.name: _training(each) for each in (here, one, two)},
                    "killed_node_trained": killed,
                    "same_figures": {each.name: _figures(each) == _figures(here) for each in (one, two)},
                    "models": len(_figures(here)),
                    "epochs_trained_twice": {each.name: _repeated(each) for each in (one, two)},
                },
                indent=2,
            )
        )


def _start(arguments: Sequence[str], out: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    with out.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            [*_COMMAND, *arguments, "--workers", "1", "-o", str(out)], env=environment, stdout=log, stderr=log
        )


def _timed(arguments: Sequence[str], out: Path, environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    if _start(arguments, out, environment).wait():
        sys.exit(out.with_suffix(".log").read_text())
    return time.perf_counter() - begin


def _with_kill(
    arguments: Sequence[str], out: Path, environment: dict[str, str], node: int
) -> tuple[float, list[str]]:
    """Seconds, and the models that the node was training when it was killed."""
    begin, killed = time.perf_counter(), list[str]()
    command = _start([*arguments, "--cluster", "auto"], out, environment)
    while command.poll() is None:
        time.sleep(0.05)
        if not killed:
            killed = [name for name in _trained_by(node) if (out / "models" / name / "history.csv").exists()]
            if killed:
                os.killpg(node, signal.SIGKILL)
    if command.returncode:
        sys.exit(out.with_suffix(".log").read_text())
    return time.perf_counter() - begin, killed


def _trained_by(node: int) -> Iterator[str]:
    """The tasks, which Ray names after the models, of the node's process group."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            title = (entry / "cmdline").read_bytes().split(b"\0")[0].decode()
            if title.startswith("ray::") and node in _ancestors(int(entry.name)):
                yield title.removeprefix("ray::")


def _ancestors(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        while pid > 1:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            yield pid


def _figures(out: Path) -> dict[str, tuple[list[str], str]]:
    """Histories without seconds, and predictions."""
    found = {}
    for folder in sorted((out / "models").iterdir()):
        history, predictions = folder / "history.csv", folder / "predictions.csv"
        rows = history.read_text().splitlines() if history.exists() else []
        found[folder.name] = [row.rpartition(",")[0] for row in rows], predictions.read_text()
    return found


def _training(out: Path) -> float:
    total = 0.0
    for history in (out / "models").glob("*/history.csv"):
        with history.open(newline="") as handle:
            total += sum(float(row["seconds"]) for row in csv.DictReader(handle))
    return total


def _repeated(out: Path) -> list[str]:
    told = Counter(_EPOCH.findall(out.with_suffix(".log").read_text()))
    return [f"{model} {epoch}" for (model, epoch), times in told.items() if times > 1]


if __name__ == "__main__":
    main()
