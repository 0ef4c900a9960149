"""Nothing leaves the page; served, it can be installed and works without its server."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.files import write_kinds
from tests.server.running import Server, running

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
def server(tmp_path: Path) -> Iterator[Server]:
    """``dermdistill serve`` with the packaged model."""
    pytest.importorskip("fastapi", reason="the server needs dermdistill[serve]")
    (tmp_path / "server").mkdir()
    with running(tmp_path / "server") as started:
        yield started


def test_served_page_gives_the_servers_answers_and_is_kept_for_when_it_is_away(
    browser: "Browser", server: Server, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{server.port}/"
    paths = write_kinds(tmp_path)[:8]
    expected = server.predict(*paths).rows
    opened = OpenPage.of(browser, address, offline=False, wait=False)
    tab = opened.tab
    manifest = tab.evaluate("document.querySelector('link[rel=manifest]').href")
    assert manifest == f"{address}manifest.webmanifest"
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    assert server.stop() == 0
    tab.reload()
    tab.wait_for_selector("#status[data-state=ready]")
    opened.add(paths)
    for row, answer in zip(opened.rows(), expected, strict=True):
        assert float(row["probability"]) == pytest.approx(answer["probability"], abs=1e-4)
        assert (row["path"], row["decision"]) == (answer["path"], answer["decision"])
    assert opened.problems == []
    hosts = {re.sub(r"^(\w+://[^/]*/).*", r"\1", url) for url in opened.requests if url.startswith("http")}
    assert hosts == {address}
