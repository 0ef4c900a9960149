"""A server on the loopback interface that speaks the publishers' protocols, and fails as told."""

import base64
import hashlib
import json
import re
import threading
import urllib.parse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

    Attributes:
        status: answered instead of the file.
        headers: sent with it.
        body: sent instead of the file, with ``status`` 200 as if it were the file.
        cut: the connection is closed after so many bytes of the file.
        ignores_range: the whole file is sent, whatever part was asked for.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut: int | None = None
    ignores_range: bool = False


class Server:
    """Files by their path, and the faults that wait for each."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.requests: list[tuple[str, str | None]] = []
        """Path and range of each request, in order."""

    def asked_for(self, path: str) -> int:
        """How many requests for a path came."""
        return sum(asked == path for asked, _ in self.requests)

    def ranges(self, path: str) -> list[str | None]:
        """The ranges that were asked for, in order; None is the whole."""
        return [part for asked, part in self.requests if asked == path]


@contextmanager
def serving() -> Iterator[Server]:
    """Serve until the end of the context."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_port}")
    http.imitated = server  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def publish_dataverse(server: Server, doi: str, files: Mapping[str, tuple[str, bytes]]) -> None:
    """A Dataverse record: name as listed -> (name as uploaded, content).

    A table is listed under another ending, as a file that the Dataverse made of the uploaded one; its
    checksum is that of the upload, its size is not.
    """
    listed = []
    for number, (name, (original, content)) in enumerate(files.items()):
        entry: dict[str, Any] = {
            "id": 1000 + number,
            "filename": name,
            "filesize": len(content),
            "md5": hashlib.md5(content).hexdigest(),
        }
        if name != original:
            entry |= {"originalFileFormat": "text/csv", "originalFileName": original, "originalFileSize": 1}
            server.files[f"/api/access/datafile/{1000 + number}"] = b"the Dataverse's own copy"
            server.files[f"/api/access/datafile/{1000 + number}?format=original"] = content
        else:
            server.files[f"/api/access/datafile/{1000 + number}"] = content
        listed.append({"label": name, "dataFile": entry})
    answer = {"status": "OK", "data": {"latestVersion": {"files": listed}}}
    server.files[f"/api/datasets/:persistentId?persistentId=doi:{doi}"] = json.dumps(answer).encode()


def publish_collection(server: Server, number: int, images: Mapping[str, bytes], *, page: int) -> list[str]:
    """A collection of the ISIC Archive in pages; the paths of the pages, in order."""
    ids = sorted(images)
    paths = [f"/images/search/?collections={number}&limit=100"]
    for at in range(page, len(ids), page):
        cursor = base64.b64encode(f"p={at}".encode()).decode()
        paths.append(f"{paths[0]}&cursor={urllib.parse.quote(cursor)}")
    for index, path in enumerate(paths):
        following = paths[index + 1] if index + 1 < len(paths) else None
        of_page = ids[index * page :][:page]
        answer = {
            "count": len(ids) if index == 0 else None,
            "next": following and server.url + following,
            "previous": None,
            "results": [_image(server, each, images[each]) for each in of_page],
        }
        server.files[path] = json.dumps(answer).encode()
    return paths


def _image(server: Server, image_id: str, content: bytes) -> dict[str, Any]:
    server.files[f"/images/{image_id}.jpg"] = content
    number = int(image_id.removeprefix("ISIC_"))
    melanoma = number % 2 == 0
    return {
        "isic_id": image_id,
        "public": True,
        "copyright_license": "CC-BY-NC",
        "attribution": "MILK study team",
        "files": {
            "full": {"url": f"{server.url}/images/{image_id}.jpg", "size": len(content)},
            "thumbnail_256": {"url": f"{server.url}/thumbnails/{image_id}.jpg", "size": 1},
        },
        "metadata": {
            "acquisition": {"pixels_x": 8, "pixels_y": 8, "image_type": "dermoscopic"},
            "clinical": {
                "age_approx": 50,
                "diagnosis_1": "Malignant" if melanoma else "Benign",
                "diagnosis_3": "Melanoma, NOS" if melanoma else "Nevus",
                "lesion_id": f"IL_{number // 2}",
                **({"sex": "female"} if melanoma else {}),
            },
        },
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Server = self.server.imitated  # type: ignore[attr-defined]
        asked = self.headers.get("Range")
        server.requests.append((self.path, asked))
        waiting = server.faults[self.path]
        fault = waiting.pop(0) if waiting else Fault()
        if fault.status != 200 or self.path not in server.files:
            self._answer(fault.status if fault.status != 200 else 404, b"no", fault.headers)
            return
        content = server.files[self.path] if fault.body is None else fault.body
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        headers = {"ETag": etag, "Content-Type": "application/octet-stream", **fault.headers}
        part = re.fullmatch(r"bytes=(\d+)-", asked or "")
        if part is None or fault.ignores_range or self.headers.get("If-Range", etag) != etag:
            self._answer(200, content, headers, cut=fault.cut)
            return
        first = int(part[1])
        if first >= len(content):
            self._answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            return
        headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        self._answer(206, content[first:], headers, cut=fault.cut)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str], cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
