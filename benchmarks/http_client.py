"""A small HTTP client, and a server to measure; they share the cores, so the client does little."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

_BOUNDARY = b"dermdistill-benchmark"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started: its process and where it listens."""

    process: "subprocess.Popen[bytes]"
    host: str
    port: int

    def workers(self) -> list[int]:
        """Its worker processes."""
        return [pid for pid in children_of(self.process.pid) if b"spawn_main" in _proc(pid, "cmdline")]

    def memory_mb(self) -> float:
        """Resident memory of the server and its workers, 10^6 bytes; the larger the older, if it leaks."""
        pids = [self.process.pid, *self.workers()]
        return sum(int(_proc(pid, "statm").split()[1]) for pid in pids) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu_seconds(self) -> float:
        """Processor time of the server and its workers so far."""
        fields = (
            _proc(pid, "stat").rpartition(b")")[2].split() for pid in (self.process.pid, *self.workers())
        )
        return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(log: Path, *options: str) -> Iterator[Running]:
    """Start ``dermdistill serve``; its lines of JSON go to ``log``. It is ended by SIGTERM."""
    command = [sys.executable, "-m", "dermdistill", "serve", "--port", "0", *options]
    said = log.with_suffix(".messages")
    with log.open("w") as lines, said.open("w") as messages:
        process = subprocess.Popen(command, stdout=lines, stderr=messages)
    try:
        address = _address(process, said)
        yield Running(process, str(address.hostname), int(address.port or 0))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _address(process: "subprocess.Popen[bytes]", said: Path) -> SplitResult:
    """Where a server listens, as it says."""
    while not (found := re.search(r"^serving (\S+)", said.read_text(), re.MULTILINE)):
        if process.poll() is not None:
            sys.exit(said.read_text())
        time.sleep(0.1)
    return urlsplit(found[1])


def children_of(parent: int) -> list[int]:
    """The processes that a process has started."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if _parent(pid) == parent]


def form(files: list[tuple[str, bytes]]) -> bytes:
    """Files as ``multipart/form-data``."""
    parts = []
    for name, content in files:
        head = f'Content-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        parts += [b"--", _BOUNDARY, b"\r\n", head, content, b"\r\n"]
    return b"".join([*parts, b"--", _BOUNDARY, b"--\r\n"])


FORM_TYPE = f"multipart/form-data; boundary={_BOUNDARY.decode()}"


def post(path: str, body: bytes, kind: str = FORM_TYPE, *, close: bool = False) -> bytes:
    """The bytes of a request."""
    end = "close" if close else "keep-alive"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nConnection: {end}\r\n"
    return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of a response that says its length."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    lengths = [line.partition(":")[2] for line in lines if line.lower().startswith("content-length:")]
    return int(lines[0].split()[1]), await reader.readexactly(int(lengths[0]))


async def ask(server: Running, request: bytes) -> tuple[int, bytes]:
    """One request on a connection of its own."""
    return await asked(server.host, server.port, request)


async def asked(host: str, port: int, request: bytes) -> tuple[int, bytes]:
    """The same, where only the address is known."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        return await answer(reader)
    finally:
        writer.close()


def rows(body: bytes) -> list[dict[str, object]]:
    """What a server says of photographs."""
    content: list[dict[str, object]] = json.loads(body)["rows"]
    return content


def _parent(pid: int) -> int:
    fields = _proc(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else -1


def _proc(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
