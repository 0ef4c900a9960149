"""What hostile clients cost `dermdistill serve`, and what an honest one notices of them.

    python -m benchmarks.server_attacks [--fuzz 100000] [--only NAME ...]

During each attack a client in a process of its own sends one photograph after the other; the table says what
became of its requests and how long 99 of 100 took, beside what the attackers got and the memory of all
processes afterwards. The server runs with its own limits. At the end it is told to stop while 100 clients
send photographs.
"""

import argparse
import asyncio
import io
import multiprocessing
import os
import random
import signal
import statistics
import struct
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.common import machine, table
from benchmarks.http_client import FORM_TYPE, Running, answer, ask, asked, form, post, running

PHOTOGRAPH = Path(__file__).parents[1] / "docs" / "images" / "synthetic-lesion.jpg"
MANY = 200

Attack = Callable[[Running, int], Coroutine[Any, Any, Counter[str]]]


def main() -> None:
    """Attack and print."""
    arguments = _arguments()
    attacks = {name: attack for name, attack in ATTACKS.items() if name in (arguments.only or ATTACKS)}
    print(f"{machine()}\n")
    lines = [("attack", "what the attackers got", "honest requests", "p99, ms", "memory, MB")]
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "log") as server:
        lines.append(("none", "", *_beside(server, _nothing, 0)[1], f"{server.memory_mb():.0f}"))
        for name, attack in attacks.items():
            got, honest = _beside(server, attack, arguments.fuzz)
            lines.append((name, _counted(got), *honest, f"{server.memory_mb():.0f}"))
            print(table(lines[:1] + lines[-1:]).splitlines()[-1], flush=True)
        statuses, code = asyncio.run(_told_to_stop(server))
        lines.append(("SIGTERM under load of 100 clients", _counted(statuses), f"exit code {code}", "", ""))
        log = (Path(folder) / "log").read_text()
        messages = (Path(folder) / "log.messages").read_text()
    unexpected = log.count('"error"')
    print(f"\n{table(lines)}\n\n{len(log.splitlines()):,} lines of log, {unexpected} of errors\n\n{messages}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fuzz", type=int, default=100_000, help="changed bodies")
    parser.add_argument("--only", nargs="+", choices=ATTACKS)
    return parser.parse_args()


def _beside(server: Running, attack: Attack, count: int) -> tuple[Counter[str], tuple[str, str]]:
    """What the attackers got, and what an honest client in a process of its own noticed."""
    context = multiprocessing.get_context("spawn")
    done, results = context.Event(), context.SimpleQueue()
    client = context.Process(target=_be_honest, args=(server.host, server.port, done, results))
    client.start()
    got = asyncio.run(attack(server, count))
    done.set()
    seconds, statuses = results.get()
    client.join()
    p99 = statistics.quantiles(seconds, n=100)[98]
    return got, (_counted(Counter(statuses)), f"{p99 * 1e3:.0f}")


def _be_honest(host: str, port: int, done: Any, results: Any) -> None:
    """Send photographs until told to stop; give the seconds and statuses of all."""
    seconds: list[float] = []
    statuses: list[str] = []
    request = _photograph()
    while not done.is_set() or len(seconds) < 20:
        began = time.perf_counter()
        try:
            statuses.append(str(asyncio.run(asked(host, port, request))[0]))
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            statuses.append(type(error).__name__)
        seconds.append(time.perf_counter() - began)
        time.sleep(0.02)
    results.put((seconds, statuses))


async def _nothing(server: Running, count: int) -> Counter[str]:
    await asyncio.sleep(5)
    return Counter()


async def _slow_headers(server: Running, count: int) -> Counter[str]:
    return await _all(_trickle(server, b"POST /v1/predict HTTP/1.1\r\n", b"X: y\r\n") for _ in range(MANY))


async def _slow_bodies(server: Running, count: int) -> Counter[str]:
    head = post("/v1/predict", bytes(10_000), "image/jpeg")[:-9_000]
    return await _all(_trickle(server, head, b"x") for _ in range(MANY))


async def _trickle(server: Running, begin: bytes, piece: bytes) -> str:
    """Send a piece every half second until the server has enough."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection(server.host, server.port)
    reading = asyncio.create_task(reader.read(65_536))
    with suppress(ConnectionError):
        writer.write(begin)
        while not reading.done():
            writer.write(piece)
            await writer.drain()
            await asyncio.wait([reading], timeout=0.5)
    received = b"" if reading.exception() else reading.result()
    writer.close()
    what = received[9:12].decode() if received else "closed"
    return f"{what} after {round((time.perf_counter() - began) / 5) * 5} s"


async def _silent(server: Running, count: int) -> Counter[str]:
    return await _all(_trickle(server, b"", b"") for _ in range(MANY))


async def _half_uploads(server: Running, count: int) -> Counter[str]:
    async def half() -> str:
        _, writer = await asyncio.open_connection(server.host, server.port)
        request = _photograph()
        writer.write(request[: len(request) // 2])
        await writer.drain()
        writer.close()
        return "gone"

    return await _in_turn([half] * 1000, 20)


async def _oversized(server: Running, count: int) -> Counter[str]:
    async def declared() -> str:
        head = post("/v1/predict", b"").replace(b"Content-Length: 0", b"Content-Length: 1000000000000")
        return str((await ask(server, head))[0])

    async def endless() -> str:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        head = b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\n"
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
        reading = asyncio.create_task(answer(reader))
        with suppress(ConnectionError):
            while not reading.done():
                writer.write(b"fffff\r\n" + bytes(0xFFFFF) + b"\r\n")
                await writer.drain()
        status, _ = await reading
        writer.close()
        return str(status)

    return await _in_turn([declared] * 1000 + [endless] * 20, 10)


async def _fuzzed(server: Running, count: int) -> Counter[str]:
    rng = random.Random(count)
    honest = form([(PHOTOGRAPH.name, PHOTOGRAPH.read_bytes())])
    photograph = PHOTOGRAPH.read_bytes()
    small = io.BytesIO()
    Image.open(PHOTOGRAPH).resize((60, 50)).save(small, "PNG")

    def changed(body: bytes) -> bytes:
        content = bytearray(body)
        for _ in range(rng.choice([1, 3, 30, 300])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        return bytes(content[: rng.choice([len(content), rng.randrange(len(content))])])

    def kind() -> tuple[bytes, str]:
        if rng.random() < 0.4:
            return changed(honest[: rng.choice([400, len(honest)])]), FORM_TYPE
        if rng.random() < 0.5:
            return changed(rng.choice([photograph, small.getvalue()])), "image/jpeg"
        letters = bytes(rng.choices(b'-\r\n:;="abc%\x00\xff', k=rng.randrange(200)))
        return letters, rng.choice([FORM_TYPE, "multipart/form-data; boundary=" + "-" * rng.randrange(300)])

    async def one() -> str:
        body, media_type = kind()
        return str((await ask(server, post("/v1/predict", body, media_type, close=True)))[0])

    return await _in_turn([one] * count, 8)


async def _bombs(server: Running, count: int) -> Counter[str]:
    bombs = [
        _png(60_000, 60_000),
        _png(7_000, 7_000),
        _saved(Image.new("L", (7_000, 7_000)), "TIFF", compression="tiff_deflate"),
        _saved(Image.new("RGB", (7_000, 7_000)), "WEBP", lossless=True),
        _saved(Image.new("P", (7_000, 7_000)), "GIF"),
        _saved(Image.new("RGB", (7_000, 7_000)), "JPEG"),
        _saved(Image.new("CMYK", (7_000, 7_000)), "TIFF", compression="tiff_lzw"),
        _saved(Image.new("RGB", (65_500, 700)), "PNG"),
    ]

    def one(bomb: bytes) -> Callable[[], Awaitable[str]]:
        async def send() -> str:
            return str((await ask(server, post("/v1/predict", bomb, "image/png")))[0])

        return send

    return await _in_turn([one(bomb) for bomb in bombs * 3], 4)


async def _kills(server: Running, count: int) -> Counter[str]:
    """Ten times a worker is killed while eight clients send photographs."""
    done = asyncio.Event()
    statuses: Counter[str] = Counter()

    async def client() -> None:
        request = _photograph()
        while not done.is_set():
            statuses[str((await ask(server, request))[0])] += 1

    clients = [asyncio.create_task(client()) for _ in range(8)]
    for _ in range(10):
        await asyncio.sleep(2)
        workers = server.workers()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(random.Random(0).choice(workers), signal.SIGKILL)
    done.set()
    await asyncio.gather(*clients)
    return statuses


async def _told_to_stop(server: Running) -> tuple[Counter[str], int]:
    """What became of requests that had begun when the server was told to stop; its exit code."""
    statuses: Counter[str] = Counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        while True:
            try:
                writer.write(_photograph())
                status, _ = await answer(reader)
                statuses[str(status)] += 1
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                is_torn = isinstance(error, asyncio.IncompleteReadError) and bool(error.partial)
                statuses["answer torn" if is_torn else "connection closed between requests"] += 1
                return

    clients = [asyncio.create_task(client()) for _ in range(100)]
    await asyncio.sleep(4)
    server.process.send_signal(signal.SIGTERM)
    await asyncio.gather(*clients)
    return statuses, await asyncio.to_thread(server.process.wait)


async def _all(attempts: Iterable[Awaitable[str]]) -> Counter[str]:
    return Counter(await asyncio.gather(*attempts))


async def _in_turn(attempts: Sequence[Callable[[], Awaitable[str]]], clients: int) -> Counter[str]:
    """All attempts, so many at a time."""
    remaining, results = iter(attempts), Counter[str]()

    async def client() -> None:
        for attempt in remaining:
            try:
                results[await attempt()] += 1
            except (ConnectionError, asyncio.IncompleteReadError):
                results["closed"] += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return results


def _photograph() -> bytes:
    return post("/v1/predict", form([(PHOTOGRAPH.name, PHOTOGRAPH.read_bytes())]))


def _png(width: int, height: int) -> bytes:
    """A file of a hundred bytes that claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} x {what}" for what, count in counts.most_common())


ATTACKS: dict[str, Attack] = {
    "200 connections without a byte": _silent,
    "200 connections, headers byte by byte": _slow_headers,
    "200 connections, bodies byte by byte": _slow_bodies,
    "1,000 uploads that stop in the middle": _half_uploads,
    "1,020 bodies above the limit": _oversized,
    "decompression bombs": _bombs,
    "a worker killed 10 times under load": _kills,
    "changed bodies": _fuzzed,
}


if __name__ == "__main__":
    main()
