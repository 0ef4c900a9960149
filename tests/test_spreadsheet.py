import csv
import re

import pytest

from dermdistill.spreadsheet import csv_line, path_cell, text_cell, text_of

DANGEROUS = [
    *(
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "=",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
        "\ufe621",
        "\ufe631",
    ),
    *("\t=1", "\r=1", "\n=1", "\tplain", "\rplain", " =1", "\u00a0=1", "\ufeff=1", "\u200b=1", "\x00=1"),
]
HARMLESS = ["", "photo.jpg", "a=1", "1-2", "/=1.jpg", "./=1.jpg", "'quoted'", "é.jpg", "\udcff.jpg", " a"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert path_cell(text) == f"./{text}"
    assert text_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert path_cell(text) == text_cell(text) == text


def test_a_path_has_one_cell_however_it_is_spelt() -> None:
    assert path_cell(path_cell("=1.jpg")) == path_cell("=1.jpg")


@pytest.mark.parametrize("text", [*DANGEROUS, *HARMLESS, "'", "''", "'=1", "''=1", "'a"])
def test_text_comes_back_as_it_was(text: str) -> None:
    assert text_of(text_cell(text)) == text


def test_two_texts_never_share_a_cell() -> None:
    texts = ["=1", "'=1", "''=1", "a", "'a"]
    assert len({text_cell(text) for text in texts}) == len(texts)


@pytest.mark.parametrize("text", ["a,b", "a;=1", "a\t=1", 'a "b"', "a\r\nb", "a\nb", "a\rb", "plain", ""])
def test_a_line_is_read_back_and_no_separator_of_any_country_cuts_a_cell(text: str) -> None:
    line = csv_line([text, "1.5"])
    assert next(csv.reader([line])) == [text, "1.5"]
    assert line.endswith(",1.5\n")
    assert re.search(r"[;\t\r]", re.sub(r'"(?:[^"]|"")*"', "", line)) is None
