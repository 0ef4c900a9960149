"""Tables of the documentation: committed as they are generated, and generated as their description says."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tools import tables

PAGE = """Text.

<!-- table: run.json models where kind=student
name | Model
test/auc | AUC
test/point/sensitivity + test/point/specificity | Sens. / spec.
-->
| old |
<!-- end -->

More.
"""
RESULTS = """{"models": [
 {"name": "teacher", "kind": "teacher"},
 {"name": "DSNet", "kind": "student", "test": {
  "auc": {"value": 0.9, "low": 0.8124999, "high": 0.950, "reason": null},
  "point": {"sensitivity": 0.80, "specificity": 0.65}}},
 {"name": "Dermlet", "kind": "student", "test": {"auc": {"value": 0.7, "low": null, "high": null}}}]}
"""


@pytest.mark.parametrize("page", tables.PAGES, ids=lambda page: page.name)
def test_committed_tables_are_the_generated_ones(page: Path) -> None:
    """Otherwise: python -m tools.tables."""
    text = page.read_text(encoding="utf-8")
    assert tables.filled(text) == text


def test_rows_and_columns_are_those_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.json").write_text(RESULTS)
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    filled = tables.filled(PAGE)
    assert [line for line in filled.splitlines() if line.startswith("|")] == [
        "| Model | AUC | Sens. / spec. |",
        "| --- | --- | --- |",
        "| DSNet | 0.9 [0.812, 0.950] | 0.80 / 0.65 |",
        "| Dermlet | 0.7 |  |",
    ]
    assert tables.filled(filled) == filled
    assert filled.startswith("Text.\n")
    assert filled.endswith("<!-- end -->\n\nMore.\n")


def test_rows_can_be_an_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the models and groups of a judgement.json are."""
    (tmp_path / "run.json").write_text(
        '{"groups": {"teacher": {"mean": {"auc": {"value": 0.60121, "low": null}}}}}'
    )
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    page = "<!-- table: run.json groups\nkey | Model\nmean/auc | AUC\n-->\n<!-- end -->\n"
    assert "| teacher | 0.601 |\n" in tables.filled(page)


def test_a_column_that_no_row_has_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.json").write_text(RESULTS)
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    with pytest.raises(ValueError, match=r"run\.json: no row of models has test/aux"):
        tables.filled(PAGE.replace("test/auc", "test/aux"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (Decimal("0.680"), "0.680"),
        (Decimal("0.68049"), "0.680"),
        (Decimal("-0.0123456"), "-0.012"),
        (Decimal("0.0000008"), "8e-7"),
        (Decimal("0"), "0"),
        (254711, "254,711"),
        ([Decimal("0.1"), None, 3], "0.1, , 3"),
        ("x", "x"),
    ],
)
def test_figures_are_written_with_three_decimals_at_most(value: Any, expected: str) -> None:
    assert tables.written(value) == expected


def test_index_has_every_entry_and_its_anchor() -> None:
    log = (
        "# Log\n\n<!-- index -->\n<!-- end -->\n\n"
        "## 2. Blur, not noise: why?\n\n2026-11-25. Status: adopted.\n\nText.\n\n"
        "## 1. First\n\n2026-11-22. Status: superseded by 2.\n"
    )
    assert tables.filled(log).splitlines()[4:8] == [
        "| no. | date | decision | status |",
        "|---|---|---|---|",
        "| 2 | 2026-11-25 | [Blur, not noise: why?](#2-blur-not-noise-why) | adopted |",
        "| 1 | 2026-11-22 | [First](#1-first) | superseded by 2 |",
    ]


def test_entries_of_the_log_are_numbered_without_a_gap() -> None:
    log = (tables.ROOT / "docs" / "log.md").read_text(encoding="utf-8")
    numbers = [int(line.split(".")[0][3:]) for line in log.splitlines() if line.startswith("## ")]
    assert numbers == list(range(len(numbers), 0, -1))
    assert f"\n| {len(numbers)} | " in log
    assert "\n| 1 | " in log
