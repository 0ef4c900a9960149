"""The page of ``dermdistill page`` and what belongs to it, as a browser wants them from a server."""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dermdistill.page.assemble import Resource

_CHUNK = 65_536
_POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')
_NO_FRAME = "frame-ancestors 'none'"
_OF_WORKER = f"default-src 'none'; connect-src 'self'; {_NO_FRAME}"
"""A service worker fetches, and the policy of its own file governs that."""

Endpoint = Callable[[Request], Awaitable[Response]]


def endpoints(site: Mapping[str, Resource]) -> dict[str, Endpoint]:
    """What answers requests for the resources of a site, by path."""
    return {f"/{name}": _endpoint(resource) for name, resource in site.items()}


def _endpoint(resource: Resource) -> Endpoint:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Length": str(len(resource.content)),
        "Content-Security-Policy": _policy(resource),
        "Content-Type": resource.media_type,
        "ETag": f'"{hashlib.sha256(resource.content).hexdigest()[:32]}"',
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    }

    # Caches put the headers of "not modified" in place of those that they have, the policy among them.
    unchanged = {name: value for name, value in headers.items() if name != "Content-Length"}

    async def give(request: Request) -> Response:
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(None, 304, unchanged)
        if request.method == "HEAD":
            return Response(None, headers=headers)
        return StreamingResponse(_chunks(resource.content), headers=headers)

    return give


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    """In pieces, so that slow readers do not each hold a copy of the whole."""
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]


def _policy(resource: Resource) -> str:
    """What the page says of itself, and what only a header can say."""
    if resource.media_type.startswith("text/javascript"):
        return _OF_WORKER
    found = _POLICY.search(resource.content[:4096].decode(errors="ignore"))
    return f"{found[1]}; {_NO_FRAME}" if found else f"default-src 'none'; {_NO_FRAME}"
