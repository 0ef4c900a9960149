"""How CSV files are read, whoever wrote them."""

from pathlib import Path

import pytest

from dermdistill.data.sources.tables.csv_table import read_header, read_table, spelling
from dermdistill.errors import UserError


def cells(path: Path, *wanted: str) -> list[tuple[int, list[str]]]:
    rows = read_table(path, wanted).rows
    return [(row.line, [row.cells[name] for name in wanted]) for row in rows]


@pytest.mark.parametrize("name", ["image_id", "Image ID", "imageId", "IMAGE-ID", " image_id ", "ImageID"])
def test_one_spelling_of_a_column(name: str) -> None:
    assert spelling(name) == "image_id"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_endings(
    separator: str, encoding: str, ending: str, tmp_path: Path
) -> None:
    lines = [["Image", '"a, b; c"'], ["x", '"1; 2, 3"'], ["", ""], ["\u00e6", "4"]]
    text = ending.join(separator.join(line) for line in lines) + ending
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    assert cells(tmp_path / "t.csv", "image") == [(2, ["x"]), (4, ["\u00e6"])]


def test_a_line_for_excel_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("sep=;\nimage;diagnosis\na;b,c\n")
    assert cells(tmp_path / "t.csv", "image", "diagnosis") == [(3, ["a", "b,c"])]


def test_blank_cells_beyond_the_header_are_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("image,diagnosis\na,b,,\n\n,,\n")
    assert cells(tmp_path / "t.csv", "image") == [(2, ["a"])]
    (tmp_path / "t.csv").write_text("image,diagnosis\na,b,c\n")
    with pytest.raises(UserError, match="line 2: 3 cells, but the first line names 2 columns"):
        read_table(tmp_path / "t.csv", ["image"])


@pytest.mark.parametrize(
    ("first", "columns"),
    [
        ("ISIC_0000000,benign", ("image", "label")),
        ("photo.jpg,1", ("image", "label")),
        ("photo.jpg,0.0", ("image", "label")),
        ("photo.jpg,path", ("photo.jpg", "path")),
        ("image,melanoma", ("image", "melanoma")),
        ("ISIC_0000000,benign,5", ("isic_0000000", "benign", "5")),
    ],
)
def test_a_table_of_two_columns_may_lack_its_header(
    first: str, columns: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(f"{first}\n")
    assert read_header(tmp_path / "t.csv") == columns
    rows = cells(tmp_path / "t.csv", "image", "label") if "label" in columns else []
    assert [row for _, row in rows] == ([first.split(",")] if rows else [])


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"image,diagnosis\nPK\0\0")
    with pytest.raises(UserError, match=r"t\.csv: is not text, despite its name; save the table as CSV"):
        read_table(tmp_path / "t.csv", ["image"])
    (tmp_path / "t.csv").write_bytes("image,diagnosis\n".encode("utf-16")[:-1])
    with pytest.raises(UserError, match=r"t\.csv: cannot read the table"):
        read_table(tmp_path / "t.csv", ["image"])
