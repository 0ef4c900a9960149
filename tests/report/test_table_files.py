import csv
import io
from pathlib import Path

import pytest

from dermdistill.errors import UserError
from dermdistill.report.table import Table, TableCell, TableRow, missing, section, text
from dermdistill.report.table_files import as_csv, as_latex, as_markdown, write_tables

TABLE = Table(
    "main",
    "Figures in 50 %",
    ("model", "AUC", "difference"),
    (
        section("Networks_1"),
        TableRow(
            text("=DSNet | <b>", "minus A&B"),
            (TableCell("0.812", "[0.780, 0.840]", ("seeds 0.80-0.82",)), TableCell("+0.010\n-0.020")),
        ),
        TableRow(text("teacher"), (missing("no melanoma"), TableCell("\N{MINUS SIGN}0.1"))),
    ),
    (("", 1), ("Test", 2)),
)


def test_csv_holds_the_same_cells_and_no_formula() -> None:
    assert list(csv.reader(io.StringIO(as_csv(TABLE)))) == [
        ["model", "Test: AUC", "Test: difference"],
        ["Networks_1"],
        ["'=DSNet | <b>; minus A&B", "0.812 [0.780, 0.840]; seeds 0.80-0.82", "'+0.010; -0.020"],
        ["teacher", "\N{EN DASH} (no melanoma)", "\N{MINUS SIGN}0.1"],
    ]


def test_markdown_escapes_what_it_would_read_as_markup() -> None:
    assert as_markdown(TABLE).splitlines() == [
        "Figures in 50 %",
        "",
        "| model | Test: AUC | Test: difference |",
        "| --- | --- | --- |",
        "| Networks\\_1 |  |  |",
        "| =DSNet \\| \\<b\\>; minus A&B | 0.812 \\[0.780, 0.840\\]; seeds 0.80-0.82 | +0.010; -0.020 |",
        "| teacher | \N{EN DASH} (a) | \N{MINUS SIGN}0.1 |",
        "",
        "a: no melanoma",
    ]


def test_latex_escapes_what_it_would_read_as_commands() -> None:
    lines = as_latex(TABLE).splitlines()
    assert r"\caption{Figures in 50 \%}" in lines
    assert r"\begin{tabular}{lrr}" in lines
    assert r"Networks\_1 &  &  \\" in lines
    assert r"teacher & -- (a) & $-$0.1 \\" in lines
    (row,) = [line for line in lines if "DSNet" in line]
    assert row.startswith(r"=DSNet | \textless{}b\textgreater{}; minus A\&B & 0.812")
    assert r"\par a: no melanoma" in lines


def test_a_list_without_headings_is_a_table_too() -> None:
    listing = Table("recipe", "Recipe", (), (TableRow(text("input"), (text("64 px"),)),))
    assert as_csv(listing) == "input,64 px\n"
    assert "| input | 64 px |" in as_markdown(listing)
    assert r"input & 64 px \\" in as_latex(listing)


# Writing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_tables_follow_the_report(tmp_path: Path) -> None:
    empty = Table("empty", "none", ("a",), ())
    write_tables(tmp_path, [TABLE, empty])
    assert names(tmp_path) == ["main.csv", "main.md", "main.tex", "written.json"]
    (tmp_path / "notes.md").write_text("mine")
    write_tables(tmp_path, [Table("other", "", ("model", "AUC", "difference"), TABLE.rows)])
    assert names(tmp_path) == ["notes.md", "other.csv", "other.md", "other.tex", "written.json"]


def test_an_edited_table_is_left_as_it_is(tmp_path: Path) -> None:
    write_tables(tmp_path, [TABLE])
    (tmp_path / "main.tex").write_text("my version")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for tables in ([TABLE], []):
        with pytest.raises(UserError, match=r"main\.tex: exists and is not a table as this program wrote it"):
            write_tables(tmp_path, tables)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "main.csv").write_text("mine")
    with pytest.raises(UserError, match=r"main\.csv: exists"):
        write_tables(tmp_path, [TABLE])
    assert names(tmp_path) == ["main.csv"]


def test_a_damaged_list_of_files_costs_one_line(tmp_path: Path) -> None:
    (tmp_path / "written.json").write_text("{")
    with pytest.raises(
        UserError, match=r"written\.json: not as this program wrote it; move or delete"
    ) as caught:
        write_tables(tmp_path, [TABLE])
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == ["written.json"]


def test_files_that_a_kill_left_behind_are_replaced(tmp_path: Path) -> None:
    write_tables(tmp_path, [TABLE])
    old = (tmp_path / "main.csv").read_bytes()
    changed = Table("main", "New", TABLE.columns, TABLE.rows[:1])
    write_tables(tmp_path, [changed])
    assert (tmp_path / "main.csv").read_bytes() != old
    write_tables(tmp_path, [TABLE])
    assert (tmp_path / "main.csv").read_bytes() == old
