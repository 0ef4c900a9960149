"""How fast `dermdistill serve` is beside `dermdistill predict`, and whether its memory stays flat.

    python -m benchmarks.server FOLDER [--count 200] [--many 10000]

Every client sends one photograph after the other, each as a form of its own, and waits for the answer; so the
figures hold for many small requests, and a form of many photographs is cheaper. ``predict`` scores the same
photographs in one command that has as many workers. The clients run on the same cores as the server, so
images per second are the least that it can do; processor time, of the server without its clients, hardly
depends on what else the machine does. All P have to be those of ``predict``; anything else is an error.
"""

import argparse
import asyncio
import json
import resource
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
    seconds, cpu, expected = _predicted(files)
    requests = [post("/v1/predict", form([(path.name, path.read_bytes())])) for path in files]
    size = sum(map(len, requests)) / len(files) / 1e3
    print(f"{len(files)} photographs, {size:.0f} kB each; {machine()}\n")
    rate, each = f"{len(files) / seconds:.0f}", f"{cpu / len(files) * 1e3:.1f}"
    lines: list[tuple[str, ...]] = [("", "CPU ms an image", "images/s", "p50, ms", "p99, ms", "answers")]
    lines.append(("`predict`, whole command", each, rate, "", "", str(len(files))))
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "log") as server:
        asyncio.run(_load(server, requests, 8))
        for clients in CLIENTS:
            loaded = asyncio.run(_load(server, requests * max(1, clients // 10), clients))
            _check(loaded.bodies, expected)
            lines.append((f"server, {clients} clients", *loaded.figures()))
        request = post("/v1/predict", form([(path.name, path.read_bytes()) for path in files[:100]]))
        loaded = asyncio.run(_load(server, [request] * 3, 1))
        _check(loaded.bodies, expected)
        lines.append(("server, forms of 100", *loaded.figures(images=len(files[:100]))))
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


def _predicted(files: Sequence[Path]) -> tuple[float, float, dict[str, object]]:
    """Seconds and processor seconds of the whole command, and P by file name."""
    command = [sys.executable, "-m", "dermdistill", "predict", "--json", *map(str, files)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([*command, "--workers", str(process_cores())], capture_output=True, check=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = map(json.loads, done.stdout.splitlines())
    return seconds, cpu, {Path(row["path"]).name: row["probability"] for row in said}


class _Loaded:
    """What the clients saw."""

    def __init__(self, began: float) -> None:
        self.began, self.ended, self.cpu = began, began, 0.0
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.bodies: list[bytes] = []

    def figures(self, images: int = 1) -> tuple[str, ...]:
        """Of requests of so many images each."""
        scored = images * len(self.seconds)
        cuts = statistics.quantiles(self.seconds, n=100)
        return (
            f"{self.cpu / scored * 1e3:.1f}",
            f"{scored / (self.ended - self.began):.0f}",
            f"{cuts[49] * 1e3:.0f}",
            f"{cuts[98] * 1e3:.0f}",
            ", ".join(f"{count} x {status}" for status, count in self.statuses.items()),
        )


async def _load(server: Running, requests: Sequence[bytes], clients: int) -> _Loaded:
    """All requests, by so many clients at the same time."""
    remaining = iter(requests)
    before, loaded = server.cpu_seconds(), _Loaded(time.perf_counter())

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
    loaded.ended, loaded.cpu = time.perf_counter(), server.cpu_seconds() - before
    return loaded


def _check(bodies: Sequence[bytes], expected: dict[str, object]) -> None:
    for body in bodies:
        for row in rows(body):
            if row["probability"] != expected[str(row["path"])]:
                sys.exit(f"another answer than predict: {row}")


if __name__ == "__main__":
    main()
