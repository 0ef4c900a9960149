"""Nothing leaves the page; served, it can be installed and works without its server."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dermdistill.inference.model import SHIPPED
from dermdistill.page.assemble import site
from tests.browser.conftest import OpenPage
from tests.browser.files import write_kinds

if TYPE_CHECKING:
    from playwright.sync_api import Browser


ATTEMPTS = """(address) => Promise.allSettled([
    fetch(address),
    new Promise((resolve, reject) => {
        const image = new Image();
        [image.onload, image.onerror] = [resolve, reject];
        image.src = address;
    }),
    new Promise((resolve, reject) => {
        const socket = new WebSocket(address.replace("http", "ws"));
        [socket.onopen, socket.onerror] = [resolve, reject];
    }),
]).then((all) => all.map(({ status }) => status))"""


def test_browsers_own_log_knows_no_request(
    launch: "Callable[..., Browser]", page_file: Path, tmp_path: Path
) -> None:
    """The network log of a Chromium with a network: the page scores, and is told to send what it knows.

    A tab without the page shows that the log would know of it.
    """
    log = tmp_path / "net.json"
    started = launch(f"--log-net-log={log}", "--net-log-capture-mode=Everything")
    opened = OpenPage.of(started, page_file.as_uri(), offline=False)
    opened.add(write_kinds(tmp_path)[:2])
    assert opened.problems == []
    assert opened.tab.evaluate(ATTEMPTS, "http://127.0.0.1:9/secret") == ["rejected"] * 3
    started.new_page().evaluate(ATTEMPTS, "http://127.0.0.1:9/control")
    started.close()
    text = log.read_text(encoding="utf-8")
    assert "secret" not in text
    begun = [
        event["params"] for event in json.loads(text)["events"] if "initiator" in event.get("params", {})
    ]
    # "not an origin" is the browser itself, which asks for updates and accounts of its own.
    asked = {params["url"] for params in begun if params["initiator"] != "not an origin"}
    assert {url.split(":")[0] for url in asked} <= {"file", "blob", "data", "http", "ws"}
    assert {url for url in asked if url.startswith(("http", "ws"))} == {
        "http://127.0.0.1:9/control",
        "ws://127.0.0.1:9/control",
    }


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """Gives what ``site`` says of the 8-bit model, as a server does."""
    resources = site(SHIPPED.with_name("dermlet.int8.onnx"))

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionResetError):  # the browser has closed it
                super().handle()

        def do_GET(self) -> None:
            found = resources.get(self.path.removeprefix("/"))
            self.send_response(200 if found else 404)
            if found:
                self.send_header("Content-Type", found.media_type)
                self.send_header("Content-Length", str(len(found.content)))
            self.end_headers()
            self.wfile.write(found.content if found else b"")

        def log_message(self, format: str, *arguments: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


def test_served_page_is_kept_for_when_its_server_is_away(
    browser: "Browser", server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{server.server_port}/"
    opened = OpenPage.of(browser, address, offline=False, wait=False)
    tab = opened.tab
    manifest = tab.evaluate("document.querySelector('link[rel=manifest]').href")
    assert manifest == f"{address}manifest.webmanifest"
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tab.context.set_offline(True)
    tab.reload()
    tab.wait_for_selector("#status[data-state=ready]")
    opened.add(write_kinds(tmp_path)[:1])
    assert opened.rows()[0]["decision"] in ("melanoma", "other")
    assert opened.problems == []
    hosts = {re.sub(r"^(\w+://[^/]*/).*", r"\1", url) for url in opened.requests if url.startswith("http")}
    assert hosts == {address}
