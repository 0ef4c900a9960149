"""Reports of run folders made by code, and a reader of their pages."""

import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dermdistill.records import Pixels
from dermdistill.report import build_report
from dermdistill.report.plots import Plot, draw_plot
from dermdistill.runs import RunFolder
from tests.run_folders import COMPARED_NETWORKS, Scenario, measured_in, write_comparison, write_run

_DRAWN: dict[bytes, bytes] = {}


@pytest.fixture(scope="module", autouse=True)
def _each_plot_is_drawn_once() -> Iterator[None]:
    """Drawing takes half of the time of a page, and most pages here show plots of another one.

    ``test_plots.py`` draws anew.
    """

    def remembered(plot: Plot, *, synthetic: bool) -> bytes:
        key = pickle.dumps((plot, synthetic))
        if key not in _DRAWN:
            _DRAWN[key] = draw_plot(plot, synthetic=synthetic)
        return _DRAWN[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dermdistill.report.page.draw_plot", remembered)
        yield


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Write a run folder of one seed; keywords change the `Scenario`."""

    def make(**changes: Any) -> RunFolder:
        return write_run(RunFolder(tmp_path / "run"), replace(Scenario(), **changes))

    return make


@pytest.fixture(scope="session")
def reported_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of three seeds with thumbnails and report; tests only read it."""
    run = write_run(RunFolder(tmp_path_factory.mktemp("shared") / "run"), Scenario(seeds=(0, 1, 2)))
    build_report(run, images=drawn)
    return run


@pytest.fixture
def run_copy(reported_run: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of that run elsewhere, for a test to spoil."""
    return RunFolder(Path(shutil.copytree(reported_run.path, tmp_path / "elsewhere")))


@pytest.fixture
def draw_images() -> Callable[[Sequence[str]], list[Pixels]]:
    """The pixels of any image ids."""
    return drawn


@pytest.fixture
def read_page() -> Callable[[Path], "Page"]:
    """Parse a report."""
    return lambda path: Page(path.read_text(encoding="utf-8"))


class Page(HTMLParser):
    """What a browser would find in a report.

    Attributes:
        elements: name and attributes of every element.
        tables: of each table by its id, the text of each cell by row; parts of a cell are joined by blanks.
        text: of the whole page.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._texts: list[str] = []
        self.feed(source)
        self.text = " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag == "table":
            self._rows = self.tables.setdefault(attributes.get("id", ""), [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._rows = []

    def handle_data(self, data: str) -> None:
        self._texts.append(data)
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] = f"{self._rows[-1][-1]} {data}".strip()

    def row(self, table: str, heading: str) -> list[str]:
        """The cells beside a row's heading; the last row of that heading."""
        return [cells for cells in self.tables[table] if cells[0] == heading][-1][1:]


def drawn(image_ids: Sequence[str]) -> list[Pixels]:
    """A brown spot on skin for each id, larger than a thumbnail."""
    y, x = np.mgrid[-1:1:150j, -1:1:200j]
    spots = []
    for image_id in image_ids:
        width = 0.3 + 0.05 * (len(image_id) % 5)
        inside = (x**2 + y**2 < width)[:, :, None]
        spots.append(np.where(inside, (110, 70, 50), (225, 180, 160)).astype(np.uint8))
    return spots


@pytest.fixture
def make_comparison(tmp_path: Path) -> Callable[..., RunFolder]:
    """Write the folder of a comparison; see `write_comparison`."""
    return lambda *networks, **changes: write_comparison(
        RunFolder(Path(tempfile.mkdtemp(dir=tmp_path))), networks or COMPARED_NETWORKS, **changes
    )


@pytest.fixture(scope="session")
def reported_comparison(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A comparison with a benchmark and its page; tests only read it."""
    run = write_comparison(RunFolder(tmp_path_factory.mktemp("shared") / "comparison"))
    times = {
        ("dsnet", 64): 1.0,
        ("efficientnet_b0", 64): 2.0,
        ("vgg16", 64): 9.0,
        ("efficientnet_b0", 224): 6.0,
        ("dsnet", 224): 10.0,
    }
    run.benchmark.write_text(measured_in(times).model_dump_json())
    build_report(run)
    return run
