"""One photograph, one answer: command, Python, server, page in browsers, plain ONNX Runtime.

    python -m benchmarks.everywhere FOLDER [--count 200] [--puppeteer NODE_MODULES]

For each way: the largest difference of P(melanoma) from ``dermdistill.load().predict``, and how many
decisions are others. Commands, server and page give six digits. Firefox needs puppeteer-core: see
page_in_firefox.mjs.
"""

import argparse
import asyncio
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

import dermdistill
from benchmarks.answers import plain
from benchmarks.common import machine, table
from benchmarks.http_client import ask, form, post, rows, running
from benchmarks.page import FLAGS, MINUTES_MS, scored
from dermdistill.inference.model import SHIPPED
from dermdistill.page.assemble import page
from dermdistill.records import MELANOMA

Answers = Mapping[str, tuple[float, str]]
"""P(melanoma) and decision by file name."""


def main() -> None:
    """Score and print."""
    arguments = _arguments()
    found = sorted(arguments.folder.rglob("*.jpg"))
    files = found[:: max(1, len(found) // arguments.count)][: arguments.count]
    model = dermdistill.load()
    predictions = model.predict(files)
    expected = {
        path.name: (each.probability, each.decision) for path, each in zip(files, predictions, strict=True)
    }
    ways: dict[str, Callable[[Sequence[Path]], Answers]] = {
        "`predict --json`": _by_command,
        "`serve`, `POST /v1/predict`": _by_server,
        "page in Chromium": _by_chromium,
        "plain ONNX Runtime (example below)": lambda paths: _by_runtime(
            paths, model.operating_point.calls_melanoma
        ),
    }
    if arguments.puppeteer:
        ways["page in Firefox"] = lambda paths: _by_firefox(paths, arguments.puppeteer)
    lines = [("answer of", "largest difference of P", "other decisions")]
    for name, way in ways.items():
        answers = way(files)
        pairs = [(answers[file], expected[file]) for file in expected]
        largest = max(abs(ours[0] - theirs[0]) for ours, theirs in pairs)
        others = sum(ours[1] != theirs[1] for ours, theirs in pairs)
        lines.append((name, f"{largest:.1g}", str(others)))
    print(f"{len(files)} photographs; {machine()}\n\n{table(lines)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of JPEGs")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--puppeteer", type=Path, help="node_modules with puppeteer-core, for Firefox")
    return parser.parse_args()


def _by_command(files: Sequence[Path]) -> Answers:
    command = [sys.executable, "-m", "dermdistill", "predict", "--json", *map(str, files)]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return _answers(map(json.loads, said.splitlines()))


def _by_server(files: Sequence[Path]) -> Answers:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "log") as server:
        bodies = []
        for start in range(0, len(files), 100):
            part = [(path.name, path.read_bytes()) for path in files[start : start + 100]]
            bodies.append(asyncio.run(ask(server, post("/v1/predict", form(part))))[1])
        return _answers(row for body in bodies for row in rows(body))


def _by_chromium(files: Sequence[Path]) -> Answers:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        tab = browser.new_page()
        tab.set_default_timeout(MINUTES_MS)
        tab.goto(_page(folder).as_uri())
        tab.wait_for_selector("#status[data-state]")
        tab.set_input_files("#files", [str(path) for path in files])
        scored(tab)
        with tab.expect_download() as saved:
            tab.click("#save-csv")
        text = Path(saved.value.path()).read_text(encoding="utf-8")
        browser.close()
    return _answers(csv.DictReader(text.splitlines()))


def _by_firefox(files: Sequence[Path], modules: Path) -> Answers:
    script = Path(__file__).with_name("page_in_firefox.mjs")
    firefox = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))))
    with tempfile.TemporaryDirectory() as folder:
        command = ["node", *map(str, (script, modules.absolute(), firefox, _page(folder), *files))]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return _answers(csv.DictReader(said.splitlines()))


def _by_runtime(files: Sequence[Path], calls_melanoma: Callable[[float], bool]) -> Answers:
    score = plain(SHIPPED)
    probabilities = {path.name: score(path) for path in files}
    return {name: (p, MELANOMA if calls_melanoma(p) else "other") for name, p in probabilities.items()}


def _page(folder: str) -> Path:
    path = Path(folder) / "page.html"
    path.write_text(page(SHIPPED), encoding="utf-8")
    return path


def _answers(found: Iterable[Mapping[str, object]]) -> Answers:
    return {
        Path(str(row["path"])).name: (float(str(row["probability"])), str(row["decision"])) for row in found
    }


if __name__ == "__main__":
    main()
