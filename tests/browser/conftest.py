"""One Chromium for all tests, without a network; where there is none, the tests are skipped and say so."""

import csv
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dermdistill.inference.model import SHIPPED
from dermdistill.page.assemble import page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FileChooser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)

# The first answer takes a second; a busy machine may need a hundred times as long.
PATIENCE_MS = 100_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, by name, what needs a browser where there is none."""
    if CHROMIUM is None or find_spec("playwright") is None:
        reason = "the page's tests need Chromium, which `make chromium` installs as root, and playwright"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@dataclass
class OpenPage:
    """The page in a browser, and what it asked for."""

    tab: "Page"
    requests: list[str] = field(default_factory=list)
    choosers: "list[FileChooser]" = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, browser: "Browser", address: str, *, offline: bool = True, wait: bool = True) -> "OpenPage":
        """Open it, and wait for the self-test."""
        context = browser.new_context(offline=offline)
        context.set_default_timeout(PATIENCE_MS)
        opened = cls(context.new_page())
        opened.tab.on("request", lambda request: opened.requests.append(request.url))
        opened.tab.on("filechooser", lambda chooser: opened.choosers.append(chooser))
        opened.tab.on("pageerror", lambda error: opened.problems.append(str(error)))
        opened.tab.on("console", lambda message: opened.problems.append(message.text))
        opened.tab.goto(address)
        if wait:
            opened.tab.wait_for_selector("#status[data-state]")
        return opened

    def add(self, files: Sequence[Path], *, wait: bool = True) -> None:
        """Choose photographs; all are scored when it returns."""
        self.tab.set_input_files("#files", [str(path) for path in files])
        if wait:
            self.wait()

    def wait(self) -> None:
        """Until nothing is left to be scored."""
        self.tab.wait_for_selector("#summary:not(:empty)")

    def clear(self) -> None:
        """Remove all photographs and choices."""
        if self.tab.locator("dialog[open]").count():
            self.tab.keyboard.press("Escape")
        if self.tab.locator("#remove-all").is_visible():
            self.tab.click("#remove-all")
        if self.tab.locator("#prevalence-reset").is_enabled():
            self.tab.click("#prevalence-reset")
        self.tab.select_option("#point", "sensitivity_0.90")

    def csv(self) -> str:
        """What "Save as CSV" saves."""
        with self.tab.expect_download() as download:
            self.tab.click("#save-csv")
        return Path(download.value.path()).read_text(encoding="utf-8")

    def rows(self) -> list[dict[str, str]]:
        """The saved table."""
        return list(csv.DictReader(io.StringIO(self.csv())))


@pytest.fixture(scope="session")
def launch() -> "Iterator[Callable[..., Browser]]":
    """Start a browser, with these flags besides."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:

        def start(*flags: str) -> "Browser":
            return driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])

        yield start


@pytest.fixture(scope="session")
def browser(launch: "Callable[..., Browser]") -> "Iterator[Browser]":
    started = launch()
    yield started
    started.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the packaged model."""
    path = tmp_path_factory.mktemp("page") / "dermdistill.html"
    path.write_text(page(SHIPPED), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def _with_packaged_model(browser: "Browser", page_file: Path) -> OpenPage:
    return OpenPage.of(browser, page_file.as_uri())


@pytest.fixture(scope="session")
def _with_small_model(
    browser: "Browser", model_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> OpenPage:
    path = tmp_path_factory.mktemp("page") / "small.html"
    path.write_text(page(model_file), encoding="utf-8")
    return OpenPage.of(browser, path.as_uri())


@pytest.fixture
def packaged(_with_packaged_model: OpenPage) -> Iterator[OpenPage]:
    """The page of the packaged model; see ``clean``."""
    yield from clean(_with_packaged_model)


@pytest.fixture
def opened(_with_small_model: OpenPage) -> Iterator[OpenPage]:
    """The page of ``model_file``, which answers in a few milliseconds; see ``clean``."""
    yield from clean(_with_small_model)


def clean(opened: OpenPage) -> Iterator[OpenPage]:
    """A page without photographs; at the end it has complained of nothing and asked for nothing."""
    opened.clear()
    yield opened
    assert opened.problems == []
    assert {url.partition(":")[0] for url in opened.requests} <= {"file", "blob", "data"}
    assert [url for url in opened.requests if url.startswith("file:")] == [opened.tab.url]
