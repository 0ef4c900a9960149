"""From the body of a request to files in memory; never on a disk."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from dermdistill.errors import printable
from dermdistill.server.limits import Limits
from dermdistill.server.problems import ProblemError

RAW_TYPES = ("application/dicom", "application/octet-stream")
"""Beside ``image/*``: what a body that is one file may be called."""

_MULTIPART = "multipart/form-data"
_NAMELESS = "image"
"""What a file without a name is called, as in Python."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client sent."""

    name: str
    content: bytes


@dataclass(slots=True)
class Admission:
    """Lets requests in while there is room for them.

    Attributes:
        limits: of the server.
        requests: that are in.
        held_bytes: of their bodies so far.
    """

    limits: Limits
    requests: int = 0
    held_bytes: int = 0

    @contextmanager
    def admit(self) -> "Iterator[Admitted]":
        """Let a request in for as long as this lasts.

        Raises:
            ProblemError: 429, there are too many.
        """
        if self.requests >= self.limits.requests:
            raise self.full(f"{self.requests} requests are in progress")
        self.requests += 1
        admitted = Admitted(self)
        try:
            yield admitted
        finally:
            self.requests -= 1
            self.held_bytes -= admitted.body_bytes

    def full(self, why: str) -> ProblemError:
        """What a client is told when there is no room."""
        seconds = self.limits.retry_seconds
        return ProblemError(
            429, f"{why}; try again in {seconds} s or later", headers={"Retry-After": str(seconds)}
        )


@dataclass(slots=True)
class Admitted:
    """A request that was let in.

    Attributes:
        body_bytes: that it has sent so far.
    """

    _admission: Admission = field(repr=False)
    body_bytes: int = 0

    async def files(self, request: Request) -> list[Upload]:
        """The files in the body: those of a form, or the body itself.

        Raises:
            ProblemError: 400, 408, 413, 415, 422 or 429: not a form of files, too slow, too much, of another
                kind, no file, no room.
            starlette.requests.ClientDisconnect: the client has gone.
        """
        limits = self._admission.limits
        _check_headers(request, limits)
        try:
            async with asyncio.timeout(limits.body_seconds):
                if _media_type(request) == _MULTIPART:
                    return await self._of_form(request)
                return [Upload(_NAMELESS, await self._whole_body(request))]
        except TimeoutError:
            raise ProblemError(
                408, f"the body was not complete after {limits.body_seconds:g} s; send fewer files at a time"
            ) from None

    async def _whole_body(self, request: Request) -> bytes:
        body = bytearray()
        try:
            async for chunk in self._chunks(request):
                body += chunk
            return bytes(body)
        finally:
            body.clear()  # an error holds on to this frame, until Python looks for cycles

    async def _of_form(self, request: Request) -> list[Upload]:
        parser = _InMemory(
            request.headers, self._chunks(request), max_files=self._admission.limits.images, max_fields=10
        )
        try:
            form = await parser.parse()
        except MultiPartException as error:
            status = 413 if "maximum" in error.message.lower() else 400
            raise ProblemError(status, f"the form: {printable(error.message)}") from None
        if not parser.is_complete:
            raise ProblemError(400, "the form: ends before its last boundary; send it again")
        uploads = []
        for field_name, part in form.multi_items():
            if isinstance(part, str):
                raise ProblemError(
                    422, f"the form's field {printable(field_name)!r}: expected a file with a file name"
                )
            with part.file as file:
                uploads.append(Upload(part.filename or _NAMELESS, file.read()))
        if not uploads:
            raise ProblemError(422, "the form holds no file; send at least one, as a field called 'files'")
        return uploads

    async def _chunks(self, request: Request) -> AsyncGenerator[bytes, None]:
        admission, limits = self._admission, self._admission.limits
        async for chunk in request.stream():
            self.body_bytes += len(chunk)
            admission.held_bytes += len(chunk)
            if self.body_bytes > limits.body_bytes:
                raise _too_large(limits)
            if admission.held_bytes > limits.held_bytes:
                raise admission.full("the photographs of other requests fill the memory")
            yield chunk


class _InMemory(MultiPartParser):
    """A parser whose files stay in memory, however large; the body is bounded."""

    spool_max_size = sys.maxsize
    is_complete = False

    def on_end(self) -> None:
        """Told when the last boundary is there; a form that ends before it would lose its last file."""
        self.is_complete = True


def _check_headers(request: Request, limits: Limits) -> None:
    """Refuse what need not be read."""
    media_type, length = _media_type(request), request.headers.get("content-length", "")
    if media_type not in (_MULTIPART, *RAW_TYPES, "") and not media_type.startswith("image/"):
        kinds = ", ".join((_MULTIPART, "image/*", *RAW_TYPES))
        raise ProblemError(415, f"Content-Type {printable(media_type)}: expected one of {kinds}")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise ProblemError(415, "Content-Encoding: expected a body that is not compressed")
    if length.isdecimal() and int(length) > limits.body_bytes:
        raise _too_large(limits)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _too_large(limits: Limits) -> ProblemError:
    most = f"{limits.body_bytes / 1e6:g} MB"
    return ProblemError(
        413, f"the body is above the limit of {most} for a request; send fewer files at a time"
    )
