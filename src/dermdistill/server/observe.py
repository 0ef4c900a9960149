"""Around every request: headers of the response, a line of log, figures; nothing of them names a file."""

import json
import sys
import time
import traceback
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dermdistill.messages import is_quiet
from dermdistill.server.metrics import Metrics

_METHODS = frozenset({"GET", "HEAD", "POST"})
_OTHER = "other"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every response that does not say otherwise."""


@dataclass(slots=True)
class Observer:
    """ASGI middleware, the outermost.

    Attributes:
        app: what is observed.
        paths: that are named in the log and the figures; whatever else a client asks for is "other".
        metrics: what is counted.
    """

    app: ASGIApp
    paths: Collection[str]
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Observed(send)
        try:
            await self.app(scope, receive, request.send)
        except Exception as error:  # the client has its answer; the message could quote what it sent
            request.error = f"{type(error).__name__} at {_place(error)}"
        finally:
            self._say(scope, request)

    def _say(self, scope: Scope, request: "_Observed") -> None:
        seconds = time.perf_counter() - request.began
        path = scope["path"] if scope["path"] in self.paths else _OTHER
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
        status = request.status or 0
        self.metrics.requests.labels(path, method, status).inc()
        self.metrics.seconds.labels(path).observe(seconds)
        line: dict[str, object] = {
            "event": "request",
            "id": request.id,
            "method": method,
            "path": path,
            "status": status,
            "seconds": round(seconds, 4),
        }
        line |= scope.get("state", {}).get("log", {})
        if request.error is not None:
            line["error"] = request.error
        log(line)


def log(line: Mapping[str, object]) -> None:
    """Print a line of JSON on standard output, with the time, unless the command is quiet."""
    if not is_quiet():
        time_now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with suppress(OSError):  # whoever read the log has gone; requests are answered all the same
            print(json.dumps({"time": time_now, **line}), file=sys.stdout, flush=True)


def _place(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


@dataclass(slots=True)
class _Observed:
    """A request: what becomes of it."""

    _send: Send
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    began: float = field(default_factory=time.perf_counter)
    status: int | None = None
    error: str | None = None

    async def send(self, message: Message) -> None:
        """Send a part of the response; its head with headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.id
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)
