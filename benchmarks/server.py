"""How fast `dermdistill serve` is beside `dermdistill predict`, and whether its memory stays flat.

    python -m benchmarks.server FOLDER [--count 200] [--many 10000]

Every client sends one photograph after the other, each as a form of its own, and waits for the answer; so the
figures hold for many small requests, and a form of many photographs is faster. ``predict`` scores the same
photographs in one command that has as many workers. The clients run on the same cores as the server: the
ratio says the least that it can do. All P have to be those of ``predict``; anything else is an error.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from benchmarks.common import images_of, machine, table
from benchmarks.http_client import Running, answer, form, post, rows, running
from dermdistill.cores import process_cores

CLIENTS = (1, 8, 100)


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    files = images_of(arguments.folder, arguments.count)
    seconds, expected = _predicted(files)
    requests = [post("/v1/predict", form([(path.name, path.read_bytes())])) for path in files]
    print(
        f"{len(files)} photographs, {sum(map(len, requests)) / len(files) / 1e3:.0f} kB each; {machine()}\n"
    )
    own = len(files) / seconds
    lines: list[tuple[str, ...]] = [("", "images/s", "of predict", "p50, ms", "p99, ms", "answers")]
    lines.append(("`predict`, whole command", f"{own:.0f}", "1", "", "", f"{len(files)}"))
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "log") as server:
        asyncio.run(_load(server, requests, 8))
        for clients in CLIENTS:
            loaded = asyncio.run(_load(server, requests * max(1, clients // 10), clients))
            _check(loaded.bodies, expected)
            lines.append((f"server, {clients} clients", *loaded.figures(own)))
        lines.append(("server, one form of 100", *_one_form(server, files, expected, own)))
        print(table(lines))
        memory = [f"{server.memory_mb():.0f}"]
        for _ in range(4):
            few = list(islice(cycle(requests), arguments.many // 4))
            loaded = asyncio.run(_load(server, few, 8))
            _check(loaded.bodies, expected)
            memory.append(f"{server.memory_mb():.0f}")
        print(f"\nmemory of all processes over {arguments.many} requests, MB: {', '.join(memory)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of JPEGs")
    parser.add_argument("--count", type=int, default=200, help="photographs")
    parser.add_argument("--many", type=int, default=10_000, help="requests while memory is watched")
    return parser.parse_args()


def _predicted(files: Sequence[Path]) -> tuple[float, dict[str, object]]:
    """How long the whole command takes, and P by file name."""
    command = [sys.executable, "-m", "dermdistill", "predict", "--json", *map(str, files)]
    began = time.perf_counter()
    done = subprocess.run([*command, "--workers", str(process_cores())], capture_output=True, check=True)
    seconds = time.perf_counter() - began
    said = map(json.loads, done.stdout.splitlines())
    return seconds, {Path(row["path"]).name: row["probability"] for row in said}


class _Loaded:
    """What the clients saw."""

    def __init__(self, began: float) -> None:
        self.began, self.ended = began, began
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.bodies: list[bytes] = []

    def figures(self, own: float) -> tuple[str, ...]:
        rate = len(self.seconds) / (self.ended - self.began)
        cuts = statistics.quantiles(self.seconds, n=100)
        statuses = ", ".join(f"{count} x {status}" for status, count in self.statuses.items())
        return (
            f"{rate:.0f}",
            f"{rate / own:.2f}",
            f"{cuts[49] * 1e3:.1f}",
            f"{cuts[98] * 1e3:.1f}",
            statuses,
        )


async def _load(server: Running, requests: Sequence[bytes], clients: int) -> _Loaded:
    """All requests, by so many clients at the same time."""
    remaining = iter(requests)
    loaded = _Loaded(time.perf_counter())

    async def client() -> None:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        for request in remaining:
            began = time.perf_counter()
            writer.write(request)
            status, body = await answer(reader)
            loaded.seconds.append(time.perf_counter() - began)
            loaded.statuses[status] += 1
            loaded.bodies.append(body)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    loaded.ended = time.perf_counter()
    return loaded


def _one_form(
    server: Running, files: Sequence[Path], expected: dict[str, object], own: float
) -> tuple[str, ...]:
    request = post("/v1/predict", form([(path.name, path.read_bytes()) for path in files[:100]]))
    loaded = asyncio.run(_load(server, [request] * 2, 1))
    _check(loaded.bodies, expected)
    rate = 2 * len(files[:100]) / (loaded.ended - loaded.began)
    return f"{rate:.0f}", f"{rate / own:.2f}", f"{loaded.seconds[0] * 1e3:.0f}", "", "2 x 200"


def _check(bodies: Sequence[bytes], expected: dict[str, object]) -> None:
    for body in bodies:
        for row in rows(body):
            if row["probability"] != expected[str(row["path"])]:
                sys.exit(f"another answer than predict: {row}")


if __name__ == "__main__":
    main()
