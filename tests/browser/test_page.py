"""What a person does with the page, whatever the model says."""

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from dermdistill.page.assemble import page
from tests.browser.conftest import OpenPage
from tests.browser.files import picture, write_kinds, write_large

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    return write_kinds(tmp_path)[:3]


def names(opened: OpenPage) -> list[str]:
    return opened.tab.locator("#rows .path").all_inner_texts()


def test_says_that_the_browser_gives_the_models_answer(opened: OpenPage) -> None:
    assert "Self-test passed" in opened.tab.inner_text("#status")
    assert "not a medical device" in opened.tab.inner_text("header")


def test_three_hundred_photographs(opened: OpenPage, tmp_path: Path) -> None:
    paths = []
    for number in range(300):
        paths.append(tmp_path / f"{number:03}.jpg")
        Image.new("RGB", (90, 80), (200 - number % 90, 120, 90 + number % 70)).save(paths[-1])
    opened.add(paths, wait=False)
    assert opened.tab.locator("#progress").is_visible()
    opened.tab.click("button[data-sort=probability]")
    opened.wait()
    shown = [float(text) for text in opened.tab.locator("#rows .probability").all_inner_texts()]
    assert len(shown) == 300
    assert shown == sorted(shown, reverse=True)
    assert [row["path"] for row in opened.rows()] == names(opened)
    assert "300 photographs" in opened.tab.inner_text("#summary")
    assert "300 photographs" in opened.tab.inner_text("#announcement")
    opened.tab.click("button[data-sort=probability]")
    opened.tab.click("button[data-sort=probability]")
    assert names(opened) == [path.name for path in paths]


def test_stops_in_the_middle(opened: OpenPage, three: list[Path]) -> None:
    opened.add(three * 20, wait=False)
    opened.tab.click("#stop")
    opened.wait()
    states = opened.tab.locator("#rows tr").evaluate_all("rows => rows.map((row) => row.dataset.state)")
    assert len(states) == 60
    assert set(states) == {"scored", "stopped"}
    assert len(opened.rows()) == states.count("scored")


def test_page_stays_awake_while_it_scores_a_large_photograph(opened: OpenPage, tmp_path: Path) -> None:
    """Twelve megapixels are decoded and scored elsewhere: the page's own thread goes on."""
    opened.tab.evaluate("window.turns = 0; window.counting = setInterval(() => { turns += 1; }, 5)")
    opened.add([write_large(tmp_path / "large.jpg")])
    turns = opened.tab.evaluate("clearInterval(counting), turns")
    assert turns >= 10
    assert opened.rows()[0]["error"] == ""


def test_drop_and_paste(opened: OpenPage) -> None:
    dropped = """async (kind) => {
        const canvas = new OffscreenCanvas(150, 140);
        canvas.getContext("2d").fillRect(0, 0, 150, 140);
        const blob = await canvas.convertToBlob({ type: "image/png" });
        const transfer = new DataTransfer();
        transfer.items.add(new File([blob], `${kind}.png`));
        const event = kind === "paste"
            ? new ClipboardEvent(kind, { clipboardData: transfer })
            : new DragEvent(kind, { dataTransfer: transfer, cancelable: true });
        document.dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    assert opened.tab.evaluate(dropped, "drop"), "the browser would open the photograph"
    opened.tab.evaluate(dropped, "paste")
    opened.tab.wait_for_selector("#rows tr:nth-child(2)[data-state=scored]")
    opened.wait()
    assert names(opened) == ["drop.png", "paste.png"]


def test_folder_leaves_out_what_is_no_photograph(opened: OpenPage, tmp_path: Path, three: list[Path]) -> None:
    folder = tmp_path / "patient"
    (folder / "left").mkdir(parents=True)
    shutil.copy(three[0], folder / "left" / "a.jpg")
    (folder / "b.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    (folder / "notes.txt").write_text("n")
    (folder / ".hidden.jpg").write_text("n")
    opened.tab.set_input_files("#folder", str(folder))
    opened.wait()
    assert sorted(names(opened)) == ["patient/b.heic", "patient/left/a.jpg"]
    assert "2 other files" in opened.tab.inner_text("#note")


def test_camera(opened: OpenPage) -> None:
    opened.tab.click("#use-camera")
    opened.tab.wait_for_selector("#camera[open]")
    opened.tab.wait_for_timeout(300)  # until the first picture is there
    opened.tab.click("#take")
    opened.tab.wait_for_selector("#rows tr[data-state=scored]")
    assert re.fullmatch(r"camera-[\dT-]+\.jpg", names(opened)[0])
    stream = opened.tab.evaluate("document.getElementById('camera-picture').srcObject")
    assert stream is None, "the camera is still on"


def test_keyboard_alone(opened: OpenPage, three: list[Path]) -> None:
    tab = opened.tab
    tab.focus("#choose")
    tab.keyboard.press("Enter")
    while not opened.choosers:
        tab.wait_for_timeout(50)
    opened.choosers.pop().set_files([str(path) for path in three])
    opened.wait()
    reached = []
    for _ in range(30):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "explain":
            break
    assert {"point", "prevalence", "save-csv", "print", "explain"} <= set(reached)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#explanation[open]")
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.className") == "explain"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert len(names(opened)) == 2
    assert tab.evaluate("document.activeElement.className") == "remove"


def test_answer_moves_with_the_slider_and_the_decision_stays(opened: OpenPage, three: list[Path]) -> None:
    opened.add(three)
    before = opened.rows()
    opened.tab.focus("#prevalence")
    for _ in range(5):
        opened.tab.keyboard.press("PageUp")
    after = opened.rows()
    assert [row["decision"] for row in after] == [row["decision"] for row in before]
    assert all(float(a["probability"]) > float(b["probability"]) for a, b in zip(after, before, strict=True))


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing: `make javascript` installs it with npm")
def test_axe_finds_nothing(opened: OpenPage, three: list[Path]) -> None:
    tab = opened.tab
    broken = three[0].with_name("notes.jpg")
    broken.write_text("n")
    opened.add([*three, broken])
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    for dark_or_light in ("light", "dark"):
        # While colours fade into each other, no contrast is right.
        tab.emulate_media(color_scheme=dark_or_light, reduced_motion="reduce")
        for place in ("table", "explanation"):
            if place == "explanation":
                tab.click(".explain >> nth=0")
            found = tab.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
            assert found == [], json.dumps(found, indent=1)[:3000]
        tab.keyboard.press("Escape")


@pytest.mark.parametrize("width", [360, 768, 1400])
def test_fits_the_screen(opened: OpenPage, three: list[Path], width: int) -> None:
    long = three[0].with_name("a" * 100 + ".jpg")
    picture(1).save(long)
    opened.tab.set_viewport_size({"width": width, "height": 800})
    opened.add([*three, long])
    wide = opened.tab.evaluate(
        """(width) => [...document.querySelectorAll("body *:not(.unseen)")]
            .filter((each) => each.getBoundingClientRect().right > width + 1
                || (each.matches("section, td, p") && each.scrollWidth > each.clientWidth + 1))
            .map((each) => each.outerHTML.slice(0, 200))""",
        width,
    )
    opened.tab.set_viewport_size({"width": 1280, "height": 800})
    assert wide == []


def test_prints_answers_and_what_they_are_not(opened: OpenPage, three: list[Path]) -> None:
    opened.add(three)
    opened.tab.emulate_media(media="print")
    try:
        assert not opened.tab.locator("#choose").is_visible()
        assert opened.tab.locator("#rows .probability").first.is_visible()
        assert opened.tab.locator(".printed").is_visible()
        assert opened.tab.locator("#point-rates").is_visible()
    finally:
        opened.tab.emulate_media(media="screen")


def test_browser_that_answers_otherwise_is_found_out(
    browser: "Browser", model_file: Path, tmp_path: Path
) -> None:
    content = page(model_file)
    found = re.search(r'"probabilities": \[([\d.e-]+)', content)
    assert found
    path = tmp_path / "other.html"
    path.write_text(content.replace(found[1], str(float(found[1]) + 0.001), 1))
    opened = OpenPage.of(browser, path.as_uri())
    assert opened.tab.get_attribute("#status", "data-state") == "failed"
    assert "Do not use these results" in opened.tab.inner_text("#status")
