"""What the benchmarks share; imports nothing heavy: a process inherits its parent's peak of memory."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dermdistill.cores import process_cores

PREDICT = ("-c", "from dermdistill.cli import main; main()", "predict")
"""Arguments of a Python that has dermdistill: what the ``dermdistill predict`` script does."""


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took: wall and processor seconds, and its peak resident memory in MB (10^6 bytes)."""

    wall: float
    cpu: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and extremes of the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, digits: int) -> str:
        """Median, and the extremes in brackets."""
        return f"{self.median:.{digits}f} [{self.least:.{digits}f}, {self.most:.{digits}f}]"


def cost_of(command: Sequence[str | Path], stdin: Path | None = None) -> Cost:
    """Run a command to its end, its output thrown away.

    Raises:
        SystemExit: it failed, beyond exit code 1, by which ``predict`` says that a file could not be scored.
    """
    with (stdin or Path(os.devnull)).open("rb") as given:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert process.stderr is not None
        said = process.stderr.read()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1) or b"Traceback" in said:
        sys.exit(said.decode(errors="replace"))
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def interleaved(contenders: Mapping[str, Callable[[], Result]], rounds: int) -> dict[str, list[Result]]:
    """A B C A B C ...: whatever else the machine does falls on all alike."""
    results: dict[str, list[Result]] = {name: [] for name in contenders}
    for done in range(rounds):
        for name, run in contenders.items():
            if sys.stderr.isatty():
                print(f"\rround {done + 1}/{rounds}: {name:<40}\r", end="", file=sys.stderr, flush=True)
            results[name].append(run())
    return results


def images_of(folder: Path, count: int) -> list[Path]:
    """The first JPEGs in a folder and its folders, by name; raises SystemExit where there are too few."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if len(files) < count:
        sys.exit(f"{folder}: holds {len(files)} JPEGs; {count} are wanted")
    return files[:count]


def machine() -> str:
    """Processor, cores and load: a figure is worth little without."""
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    return (
        f"{name}, {process_cores()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table, the first one its head."""
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
