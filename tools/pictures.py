"""Draw the pictures of the README and the documentation, from synthetic images only.

    python -m tools.pictures [RUN]

Writes to docs/images: ``synthetic-lesion.jpg``; ``explanation.jpg``, drawn of it by `dermdistill explain`;
``page.jpg``, the page of `dermdistill page` that has scored it; and ``report.jpg``, the first screen of the
report of RUN, a run on synthetic images. It needs Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from dermdistill.data.synthetic.image import SyntheticImage
from dermdistill.inference.model import SHIPPED
from dermdistill.page.assemble import page

IMAGES = Path(__file__).parents[1] / "docs" / "images"
LESION = SyntheticImage(seed=0, lesion=21, view=0, size=256, difficulty=0.5, melanoma=True)

_EXPLAINED = 718
"""Height of the part that is kept: images, probability and decision, not the small print."""
_SCREEN = (900, 960)


def main(run: Path | None) -> None:
    """Draw all; ``run`` is the folder of a run, such as ``runs/demo``."""
    IMAGES.mkdir(exist_ok=True)
    lesion = IMAGES / "synthetic-lesion.jpg"
    Image.fromarray(LESION.decode()).save(lesion, quality=92)
    with tempfile.TemporaryDirectory() as folder:
        explanation, screen = Path(folder) / "explanation.png", Path(folder) / "report.png"
        command = [sys.executable, "-m", "dermdistill", "explain", lesion.name, "-o", str(explanation)]
        subprocess.run(command, cwd=IMAGES, check=True)
        with Image.open(explanation) as drawn:
            _save(drawn.crop((0, 0, drawn.width, _EXPLAINED)), "explanation.jpg")
        _photograph_page(lesion, screen)
        with Image.open(screen) as drawn:
            _save(drawn, "page.jpg")
        if run is not None:
            _photograph(run / "report.html", screen)
            with Image.open(screen) as drawn:
                _save(drawn, "report.jpg")


def _photograph_page(lesion: Path, screen: Path) -> None:
    """The page with an answer: what a person sees who has added a photograph."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "page.html"
        file.write_text(page(SHIPPED), encoding="utf-8")
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": _SCREEN[0], "height": _SCREEN[1]})
        tab.goto(file.as_uri())
        tab.wait_for_selector("#status[data-state]")
        tab.set_input_files("#files", str(lesion))
        tab.wait_for_selector("#summary:not(:empty)")
        tab.screenshot(path=screen)
        browser.close()


def _photograph(report: Path, screen: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("report.jpg needs Chromium: install it, or leave RUN out")
    size = f"--window-size={_SCREEN[0]},{_SCREEN[1]}"
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", size, f"--screenshot={screen}"]
    subprocess.run([browser, *options, report.resolve().as_uri()], check=True, capture_output=True)


def _save(picture: Image.Image, name: str) -> None:
    picture.convert("RGB").save(IMAGES / name, quality=85, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
