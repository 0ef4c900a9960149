"""A server in a process of its own, and a client."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_BOUNDARY = b"of-a-test"
FORM = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY.decode()}"}
JPEG = {"Content-Type": "image/jpeg"}

# As `dermdistill serve` does, with other limits; spawned workers import this module again.
_PROGRAM = """
import json, sys
from pathlib import Path
from dermdistill.cli.serve import Scoring, serve_model
from dermdistill.server.limits import Limits
from tests.server.running import plainly

model, workers, limits, prevalence = json.loads(sys.argv[1])
if __name__ == "__main__":
    scoring = Scoring(model and Path(model), "sensitivity_0.90", prevalence)
    plainly(lambda: serve_model(scoring, "127.0.0.1", 0, workers, Limits(**limits)))
"""

PATIENCE = 100
"""Seconds for what takes one on a quiet machine."""


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.json["rows"]
        return rows


@dataclass(frozen=True)
class Server:
    """A running server."""

    process: "subprocess.Popen[str]"
    port: int
    log: Path

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """One request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Response(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Response:
        return self.ask("GET", path)

    def predict(self, *paths: Path) -> Response:
        """Send files as a form."""
        files = [(path.name, path.read_bytes()) for path in paths]
        return self.ask("POST", "/v1/predict", form(files), FORM)

    def workers(self) -> list[int]:
        """The processes that decode."""
        return [pid for pid in _processes() if _parent(pid) == self.process.pid and _is_worker(pid)]

    def lines(self) -> list[dict[str, Any]]:
        """The log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self) -> int:
        """Ask it to stop; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def running(
    folder: Path,
    model: Path | None = None,
    *,
    workers: int = 1,
    token: str | None = None,
    prevalence: float | None = None,
    **limits: float,
) -> Iterator[Server]:
    """Start a server; it is killed if it does not stop."""
    environment = {key: value for key, value in os.environ.items() if key != "DERMDISTILL_TOKEN"}
    environment |= {"DERMDISTILL_TOKEN": token} if token else {}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [*sys.path]))
    arguments = json.dumps([model and str(model), workers, limits, prevalence])
    log = folder / "log"
    with log.open("w") as lines:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, arguments],
            env=environment,
            stdout=lines,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Server(process, _port(process), log)
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.communicate()


def plainly(serve: Any) -> None:
    """Run a server whose mistakes are lines, as those of the command are."""
    from dermdistill.errors import UserError

    try:
        serve()
    except UserError as error:
        sys.exit(str(error))


def form(files: Sequence[tuple[str, bytes]], field: str = "files") -> bytes:
    """Files as ``multipart/form-data`` with ``FORM`` as its headers."""
    parts = []
    for name, content in files:
        head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode()
        parts += [b"--", _BOUNDARY, b"\r\n", head, content, b"\r\n"]
    return b"".join([*parts, b"--", _BOUNDARY, b"--\r\n"])


def _port(process: "subprocess.Popen[str]") -> int:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("serving "):
            return int(urlsplit(line.split()[1]).port or 0)
    raise AssertionError("".join(said))


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _parent(pid: int) -> int:
    fields = _proc(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else -1


def _is_worker(pid: int) -> bool:
    return b"spawn_main" in _proc(pid, "cmdline")


def _proc(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
