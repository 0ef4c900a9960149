"""The page of `dermdistill page` in headless Chromium beside `dermdistill predict`, on the same photographs.

It reveals how long a person waits for the first answer, what a photograph and an explanation cost in a
browser, how much memory that takes, and how far the answers are apart. Both sides compute on one core.

    python benchmarks/page.py FOLDER [COUNT]
"""

import csv
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from dermdistill.inference.model import SHIPPED
from dermdistill.page.assemble import page

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
MINUTES_MS = 600_000


def main() -> None:
    """Measure and print."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 50
    found = sorted(folder.rglob("*.jpg"))
    paths = found[:: max(1, len(found) // count)][:count]
    with tempfile.TemporaryDirectory() as work:
        answers = Path(work) / "scores.csv"
        seconds, cpu, memory = predicted(paths, answers)
        file = Path(work) / "dermdistill.html"
        file.write_text(page(SHIPPED), encoding="utf-8")
        print(f"page: {file.stat().st_size:,} bytes; {len(paths)} photographs; load {os.getloadavg()[0]:.1f}")
        print("                     seconds  CPU seconds  peak memory, MB")
        print(f"predict, all         {seconds:7.2f}  {cpu:11.2f}  {memory:15.0f}")
        in_browser(file, paths, rows(answers))


def predicted(paths: list[Path], answers: Path) -> tuple[float, float, float]:
    """Wall and processor seconds and peak memory (MB) of the whole command, with one worker."""
    command = [sys.executable, "-m", "dermdistill", "predict", "--output", str(answers), "--workers", "1"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, *map(str, paths)], check=True, capture_output=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, after.ru_maxrss / 1000


def in_browser(file: Path, paths: list[Path], expected: dict[str, float]) -> None:
    """Open the page, score one photograph, all of them, and explain one."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        tab = browser.new_page()
        tab.set_default_timeout(MINUTES_MS)
        began = time.perf_counter()
        tab.goto(file.as_uri())
        tab.wait_for_selector("#status[data-state]")
        tab.set_input_files("#files", str(paths[0]))
        scored(tab)
        report("page, first answer", began)
        tab.click("#remove-all")
        began = time.perf_counter()
        tab.set_input_files("#files", [str(path) for path in paths])
        scored(tab)
        report("page, all", began)
        with tab.expect_download() as saved:
            tab.click("#save-csv")
        answers = rows(Path(saved.value.path()))
        began = time.perf_counter()
        tab.click(".explain >> nth=0")
        tab.wait_for_selector("#explanation-pictures:not([hidden])")
        report("page, explanation", began)
        browser.close()
    by_name = {Path(path).name: value for path, value in expected.items()}
    largest = max(abs(value - by_name[name]) for name, value in answers.items())
    print(f"largest difference of P(melanoma): {largest:.1e}")


def scored(tab: Page) -> None:
    """Wait until all is scored."""
    tab.wait_for_selector("#summary:not(:empty)")


def rows(path: Path) -> dict[str, float]:
    """P(melanoma) by path."""
    with path.open(newline="", encoding="utf-8") as handle:
        return {row["path"]: float(row["probability"]) for row in csv.DictReader(handle)}


_last_cpu = 0.0


def report(what: str, began: float) -> None:
    """A line of the table; processor seconds since the line before, memory of the tab's process."""
    global _last_cpu
    seconds, cpu = time.perf_counter() - began, sum(map(cpu_of, chromium()))
    memory = max(peak_of(process) for process in chromium())
    print(f"{what:<20} {seconds:7.2f}  {cpu - _last_cpu:11.2f}  {memory:15.0f}")
    _last_cpu = cpu


def chromium() -> list[int]:
    """The processes of the browser that this program started."""
    parents = {int(path.name): parent_of(path) for path in Path("/proc").iterdir() if path.name.isdecimal()}
    family = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in family} - family:
        family |= more
    return [process for process in family if b"chromium" in content(process, "cmdline")]


def parent_of(path: Path) -> int:
    """Of a process; -1 where it has ended meanwhile."""
    status = content(int(path.name), "stat").rpartition(b")")[2].split()
    return int(status[1]) if status else -1


def cpu_of(process: int) -> float:
    """Processor seconds."""
    status = content(process, "stat").rpartition(b")")[2].split()
    return (int(status[11]) + int(status[12])) / os.sysconf("SC_CLK_TCK") if status else 0.0


def peak_of(process: int) -> float:
    """Largest memory so far, MB."""
    lines = content(process, "status").splitlines()
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith(b"VmHWM:")), 0.0)


def content(process: int, name: str) -> bytes:
    """Of a file of a process; empty where it has ended meanwhile."""
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    main()
