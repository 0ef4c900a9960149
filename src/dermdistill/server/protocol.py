"""A connection that sends nothing, or its headers byte by byte, is closed; uvicorn waits for it for ever."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol


class TimedProtocol(H11Protocol):
    """HTTP/1.1 whose request headers have to be there in time, the first of a connection and all others.

    Attributes:
        header_seconds: from the connection, or the first byte of a further request.
    """

    header_seconds: ClassVar[float] = 10
    _header_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the loop."""
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Called by the loop; also with what is left of the body of a request that was refused."""
        super().data_received(data)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._forget_deadline()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Called by the request; from here on the connection may be idle for uvicorn's time."""
        super().on_response_complete()
        self._forget_deadline()

    def _expect_headers(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget_deadline()
        elif self._header_deadline is None:
            self._header_deadline = self.loop.call_later(self.header_seconds, self.timeout_keep_alive_handler)

    def _forget_deadline(self) -> None:
        if self._header_deadline is not None:
            self._header_deadline.cancel()
            self._header_deadline = None
