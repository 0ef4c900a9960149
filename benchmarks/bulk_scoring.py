"""Bulk scoring of photographs in an S3-compatible server on this machine, while its processes are killed.

    pip install 'moto[server]' s3fs
    python -m benchmarks.bulk_scoring --images FOLDER --count 100000 --kill
    python -m benchmarks.bulk_scoring --images FOLDER --count 4000 --delay 0 20 100
    python -m benchmarks.bulk_scoring --images FOLDER --count 20000 --share 3

The keys of the server are the photographs of FOLDER, over and over; one of a hundred is broken: cut off,
empty, or text.

- ``--kill``: ``dermdistill predict --engine ray`` on a cluster of two nodes of one core. An actor, then a
  node, then the command itself is killed with SIGKILL; the command is repeated. Shown: rows against
  photographs, each path once, and the memory of the command and its actors over time.
- ``--delay``: each answer of the server comes so many milliseconds late. Shown: photographs a second of
  ``dermdistill predict`` in one process of one core, in turns; what latency costs.
- ``--share``: photographs a second of Ray on one core against one process on one core, the same files on
  disk, in turns; the command's start is left out of both: it is measured with one photograph.
"""

import argparse
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import PREDICT, Spread, images_of, machine
from benchmarks.ray_nodes import two_nodes

BUCKET = "photographs"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
_BROKEN_EVERY = 100


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.serve:
        _serve(
            arguments.serve, images_of(arguments.images, arguments.files), arguments.count, arguments.delay[0]
        )
        return
    print(machine())
    if arguments.kill:
        print(json.dumps(_with_kills(arguments), indent=2))
    elif arguments.share:
        print(json.dumps(_share(arguments), indent=2))
    else:
        print(json.dumps(_delays(arguments), indent=2))


# The server.


def _serve(port_file: Path, files: Sequence[Path], count: int, delay_ms: float) -> None:
    """Serve ``count`` keys until killed; each answer to a GET of a key is late by ``delay_ms``."""
    from moto.s3.models import s3_backends
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    backend = s3_backends["123456789012"]["aws"]
    backend.create_bucket(BUCKET, "us-east-1")
    contents = [path.read_bytes() for path in files]
    for i in range(count):
        content = contents[i % len(contents)]
        if i % _BROKEN_EVERY == 0:
            content = (content[: len(content) // 2], b"", b"no photograph")[i // _BROKEN_EVERY % 3]
        backend.put_object(BUCKET, _key(i), content)
    application = DomainDispatcherApplication(create_backend_app)

    def late(environ: Any, start: Any) -> Any:
        if environ["PATH_INFO"].endswith(".jpg"):
            time.sleep(delay_ms / 1000)
        return application(environ, start)

    server = make_server("127.0.0.1", 0, late, threaded=True)
    port_file.write_text(str(server.port))
    server.serve_forever()


def _key(number: int) -> str:
    return f"all/{number // 1000:05d}/{number:08d}.jpg"


@contextlib.contextmanager
def _server(arguments: argparse.Namespace, folder: Path, delay_ms: float = 0) -> Iterator[dict[str, str]]:
    """The environment of commands that use the server."""
    port_file = folder / f"port-{delay_ms}"
    command = [sys.executable, "-m", "benchmarks.bulk_scoring", "--serve", port_file]
    command += ["--images", arguments.images, "--files", arguments.files]
    command += ["--count", arguments.count, "--delay", delay_ms]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
    try:
        while not port_file.exists() or not port_file.read_text():
            if process.poll() is not None:
                sys.exit((folder / "server.log").read_text())
            time.sleep(0.2)
        url = f"http://127.0.0.1:{port_file.read_text()}"
        # Ray gives its processes a low priority, which the comparison must not have.
        own = {"AWS_ENDPOINT_URL": url, "RAY_worker_niceness": "0", "OMP_NUM_THREADS": "1"}
        yield {**os.environ, **KEYS, **own}
    finally:
        process.kill()
        process.wait()


# Kills.


def _with_kills(arguments: argparse.Namespace) -> dict[str, object]:
    with (
        tempfile.TemporaryDirectory() as name,
        _server(arguments, Path(name)) as environment,
        two_nodes(environment) as second,
    ):
        out = f"s3://{BUCKET}/scores/"
        # Moto sorts all keys for every page of a listing.
        photographs = _list(Path(name), [f"s3://{BUCKET}/{_key(i)}" for i in range(arguments.count)])
        command = [sys.executable, *PREDICT, photographs, "--engine", "ray", "--cluster", "auto", "-o", out]
        parts = arguments.count // 1000
        said, memory = Path(name) / "predict.log", list[dict[str, float]]()
        begin = time.perf_counter()
        killed: dict[str, int] = {}
        for attempt in (1, 2):
            with said.open("ab") as log:
                driver = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            while driver.poll() is None:
                time.sleep(5)
                done = len(_parts(environment, out))
                memory.append({"parts": done, **_memory(driver.pid)})
                print(
                    f"{time.perf_counter() - begin:7.0f} s, attempt {attempt}: {memory[-1]}", file=sys.stderr
                )
                if done >= parts * 0.2 and "actor" not in killed:
                    killed["actor"] = _kill_actor()
                elif done >= parts * 0.4 and "node" not in killed:
                    os.killpg(second.pid, signal.SIGKILL)
                    killed["node"] = second.pid
                elif done >= parts * 0.6 and "command" not in killed:
                    driver.kill()
                    killed["command"] = driver.wait()
        seconds = time.perf_counter() - begin
        print(said.read_text(), file=sys.stderr)
        return {
            **_rows(environment, out),
            "photographs": arguments.count,
            "seconds": seconds,
            "killed": sorted(killed),
            "memory_mb": memory,
        }


def _processes(of: str) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if of.encode() in (entry / "cmdline").read_bytes().split(b"\0")[0]:
                yield int(entry.name)


def _kill_actor() -> int:
    pid = next(_processes("ray::MapWorker"))
    os.kill(pid, signal.SIGKILL)
    return pid


def _memory(driver: int) -> dict[str, float]:
    """Resident MB of the command and of its largest actor."""
    actors = [_resident(pid) for pid in _processes("ray::MapWorker")]
    return {"command": _resident(driver), "actor": max(actors, default=0)}


def _resident(pid: int) -> float:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0.0


def _storage(environment: dict[str, str]) -> Any:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    return s3fs.S3FileSystem(
        key="test", secret="test", client_kwargs={"endpoint_url": environment["AWS_ENDPOINT_URL"]}
    )


def _parts(environment: dict[str, str], out: str) -> list[str]:
    return [path for path in _storage(environment).find(out) if path.endswith(".parquet")]


def _rows(environment: dict[str, str], out: str) -> dict[str, object]:
    import pyarrow.parquet as pq

    storage = _storage(environment)
    paths: set[str] = set()
    rows = errors = 0
    for part in _parts(environment, out):
        with storage.open(part, "rb") as handle:
            table = pq.read_table(handle, columns=["path", "error"])
        rows += len(table)
        errors += len(table) - table["error"].null_count
        paths.update(table["path"].to_pylist())
    return {"rows": rows, "different_paths": len(paths), "errors": errors}


# Latency.


def _delays(arguments: argparse.Namespace) -> dict[str, object]:
    """Photographs a second of one process, by the delay of the server in ms."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        servers = {ms: stack.enter_context(_server(arguments, Path(name), ms)) for ms in arguments.delay}
        for turn, (ms, environment) in itertools.product(range(arguments.rounds), servers.items()):
            out = f"s3://{BUCKET}/scores-{turn}/"
            command = [sys.executable, *PREDICT, f"s3://{BUCKET}/all/", "-o", out, "--workers", "1"]
            found.setdefault(f"{ms:g} ms", []).append(arguments.count / _seconds(command, environment))
    return {delay: Spread.of(rates).text(0) for delay, rates in found.items()}


# Ray against one process.


def _share(arguments: argparse.Namespace) -> dict[str, object]:
    files = images_of(arguments.images, min(arguments.count, arguments.files))
    shares, rates = list[float](), list[tuple[float, float]]()
    environment = {**os.environ, "RAY_worker_niceness": "0", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = [str(files[i % len(files)]) for i in range(arguments.count)]
        lists = {len(some): _list(folder, some) for some in (names[:1], names)}
        for turn in range(arguments.share):
            found = []
            for engine in ((), ("--engine", "ray", "--cluster", "local:1")):
                seconds = []
                for count, path in lists.items():
                    out = folder / f"{turn}-{len(engine)}-{count}/"
                    command = [
                        sys.executable,
                        *PREDICT,
                        path,
                        *("-o", f"{out}/", "--workers", "1", *engine),
                    ]
                    seconds.append(_seconds(command, environment))
                found.append((arguments.count - 1) / (seconds[1] - seconds[0]))
            rates.append((found[0], found[1]))
            shares.append(found[1] / found[0])
    return {"share": Spread.of(shares).text(2), "per_second": rates}


def _list(folder: Path, names: Sequence[str]) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"{len(names)}.parquet"
    pq.write_table(pa.table({"path": list(names)}), path)
    return str(path)


def _seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        sys.exit(done.stderr)
    return time.perf_counter() - begin


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="a folder of JPEGs")
    parser.add_argument("--files", type=int, default=500, help="how many of them are linked to")
    parser.add_argument("--count", type=int, default=4000, help="keys")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--delay", type=float, nargs="+", default=[0.0], help="ms")
    parser.add_argument("--share", type=int, default=0, metavar="ROUNDS")
    parser.add_argument("--rounds", type=int, default=3, help="of --delay")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
