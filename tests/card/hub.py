"""A server on the loopback interface that speaks as much of the Hub's protocol as an upload needs."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hub:
    """What the server holds, and how it refuses.

    Attributes:
        token: the one that it accepts.
        read_only: whether the token may not write.
        created, asked: names of repositories that were asked for, and all that was asked.
        large: contents of files that were uploaded beside the commit, by their SHA-256.
        files: of the last commit, by name.
        refuse: status that it answers to the requests of this path's end.
    """

    url: str
    token: str = "hf_secret"
    read_only: bool = False
    created: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    large: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)


@contextmanager
def serving() -> Iterator[Hub]:
    """Serve until the end of the context."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    hub = Hub(f"http://127.0.0.1:{http.server_port}")
    http.hub = hub  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        return self.server.hub  # type: ignore[attr-defined,no-any-return]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.answer(404, {"error": "nothing to read here"})

    def do_PUT(self) -> None:
        content = self.body()
        self.hub.large[hashlib.sha256(content).hexdigest()] = content
        self.answer(200, {})

    def do_POST(self) -> None:
        body = self.body()
        for end, status in self.hub.refuse.items():
            if self.path.endswith(end):
                return self.answer(status, {"error": f"status {status}"})
        if self.headers["Authorization"] != f"Bearer {self.hub.token}":
            return self.answer(401, {"error": "Invalid user token."})
        if self.hub.read_only:
            return self.answer(403, {"error": "You don't have the rights to create a model here"})
        return self.answer(200, self.result(body))

    def result(self, body: bytes) -> Any:
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization'] or 'me'}/{asked['name']}"
            self.hub.created.append(name)
            self.hub.asked.append(asked)
            return {"url": f"{self.hub.url}/{name}", "name": name}
        if self.path == "/api/validate-yaml":
            return {"errors": [], "warnings": []}
        if "/preupload/" in self.path:
            return {"files": [self.mode(file) for file in json.loads(body)["files"]]}
        if self.path.endswith("/objects/batch"):
            return {"objects": [self.place(entry) for entry in json.loads(body)["objects"]]}
        assert self.path.endswith("/commit/main"), self.path
        self.commit([json.loads(line) for line in body.splitlines()])
        return {"commitUrl": f"{self.hub.url}/{self.hub.created[-1]}/commit/1", "commitOid": "1" * 40}

    def mode(self, file: dict[str, Any]) -> dict[str, Any]:
        is_large = file["path"].endswith((".onnx", ".safetensors"))
        return {"path": file["path"], "uploadMode": "lfs" if is_large else "regular", "shouldIgnore": False}

    def place(self, entry: dict[str, Any]) -> dict[str, Any]:
        upload = {"href": f"{self.hub.url}/large/{entry['oid']}"}
        return {**entry, "actions": {"upload": upload}}

    def commit(self, operations: list[dict[str, Any]]) -> None:
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "header":
                self.hub.commits.append(value["summary"])
            elif operation["key"] == "file":
                self.hub.files[value["path"]] = base64.b64decode(value["content"])
            else:
                self.hub.files[value["path"]] = self.hub.large[value["oid"]]

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, content: Any) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
