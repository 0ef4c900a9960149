"""The page gives the answers of ``predict``, and refuses what it refuses."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

import dermdistill
from dermdistill.inference.explain import explain
from tests.browser.conftest import OpenPage
from tests.browser.files import write_kinds, write_large, write_turned, write_unusable
from tests.conftest import Outcome

TOLERANCE = 1e-4


def assert_same_table(page: str, predict: str) -> None:
    """Equal to the character, but for figures of the model, which may differ in their last digits."""
    ours, theirs = (list(csv.reader(io.StringIO(text))) for text in (page, predict))
    assert ours[0] == theirs[0]
    assert len(ours) == len(theirs)
    for row, expected in zip(ours[1:], theirs[1:], strict=True):
        for name, cell, wanted in zip(ours[0], row, expected, strict=True):
            if wanted and (name in ("probability", "threshold", "prevalence") or name.startswith("p_")):
                assert float(cell) == pytest.approx(float(wanted), abs=TOLERANCE), (row[0], name)
            else:
                assert cell == wanted, (row[0], name)


@pytest.fixture
def predicted(
    command: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """The table of ``predict --output`` for photographs of the folder, named as a browser names them."""

    def table(paths: list[Path], *options: object) -> str:
        monkeypatch.chdir(tmp_path)
        return command("predict", *(path.name for path in paths), "--output", "-", *options).out

    return table


def test_table_is_that_of_predict(packaged: OpenPage, tmp_path: Path, predicted: Callable[..., str]) -> None:
    """Every kind of file, every orientation, 12 megapixels; warnings, decisions and names included."""
    paths = [*write_kinds(tmp_path), *write_turned(tmp_path), write_large(tmp_path / "large.jpg")]
    packaged.add(paths)
    saved = packaged.csv()
    assert_same_table(saved, predicted(paths))
    rows = list(csv.DictReader(io.StringIO(saved)))
    assert {row["decision"] for row in rows} == {"melanoma", "other"}
    assert len({row["warnings"] for row in rows}) >= 6


def test_operating_point_and_prevalence(
    opened: OpenPage, tmp_path: Path, predicted: Callable[..., str], model_file: Path
) -> None:
    paths = write_kinds(tmp_path)[:6]
    opened.add(paths)
    opened.tab.select_option("#point", "youden")
    opened.tab.fill("#prevalence-percent", "2")
    opened.tab.press("#prevalence-percent", "Enter")
    wanted = ("--model", model_file, "--operating-point", "youden")
    assert_same_table(opened.csv(), predicted(paths, *wanted, "--prevalence", "0.02"))
    assert "2.0 %" in opened.tab.inner_text("#prevalence-words")
    opened.tab.click("#prevalence-reset")
    assert_same_table(opened.csv(), predicted(paths, *wanted))


def test_refuses_what_predict_refuses(
    opened: OpenPage, tmp_path: Path, predicted: Callable[..., str]
) -> None:
    paths = write_unusable(tmp_path)
    opened.add(paths)
    theirs = {row["path"]: row["error"] for row in csv.DictReader(io.StringIO(predicted(paths)))}
    for row in opened.rows():
        name = row["path"]
        assert row["error"].startswith(f"{name}: "), row
        assert theirs[name], name
        assert row["probability"] == row["decision"] == ""
        if "damaged" not in row["error"]:
            assert row["error"] == theirs[name]
    assert "HEIC" in opened.tab.inner_text("tr >> nth=1")


def test_formats_of_which_only_predict_knows(opened: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "one.tif").write_bytes(b"II*\0" + bytes(100))
    (tmp_path / "IM0001").write_bytes(bytes(128) + b"DICM" + bytes(100))
    opened.add([tmp_path / "one.tif", tmp_path / "IM0001"])
    for row, kind in zip(opened.rows(), ("TIFF", "DICOM"), strict=True):
        assert kind in row["error"]
        assert "`dermdistill predict` does" in row["error"]


def test_explanation_is_that_of_explain(opened: OpenPage, tmp_path: Path, model_file: Path) -> None:
    path = write_kinds(tmp_path)[1]
    opened.add([path])
    opened.tab.click(".explain")
    opened.tab.wait_for_selector("#explanation-pictures:not([hidden])")
    expected = explain(path, dermdistill.load(model_file))
    text = opened.tab.inner_text("#explanation")
    views, occlusion = expected.views, expected.occlusion
    figures = [f"{p:.3f}" for p in (views.lowest, views.highest, views.mean)]
    assert f"P is {figures[0]} to {figures[1]}, mean {figures[2]}; {views.called_melanoma} of them" in text
    assert f"the largest change in this one is {occlusion.largest:+.2f}" in text
    assert f"{occlusion.places} places" in text
    assert f"P(melanoma) = {expected.prediction.probability:.3f}" in text
    assert "not a diagnosis" in text
    assert "not a medical device" in text
