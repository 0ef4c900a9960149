"""Fifty photographs of five cameras and more, in a real browser."""

from pathlib import Path

import dermdistill
from tests.browser.conftest import OpenPage
from tests.real.test_data import needed

SOURCES = {"ham10000-full": 20, "isic-archive": 15, "clinical-photographs": 15}


def test_answers_are_those_of_predict(packaged: OpenPage) -> None:
    paths: list[Path] = []
    for source, count in SOURCES.items():
        found = sorted(needed(source).rglob("*.jpg"))
        paths += found[:: len(found) // count][:count]
    assert len(paths) == 50
    packaged.add(paths)
    expected = dermdistill.load().predict(paths)
    for row, prediction in zip(packaged.rows(), expected, strict=True):
        assert abs(float(row["probability"]) - prediction.probability) <= 1e-4, row["path"]
        assert row["decision"] == prediction.decision
        assert row["warnings"] == "; ".join(prediction.warnings)
