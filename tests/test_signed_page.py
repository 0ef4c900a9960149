"""Pages that know whether they were edited."""

from pathlib import Path

import pytest

from dermdistill.signed_page import is_unedited, sign


def test_a_signed_page_is_known_until_it_is_edited(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(sign("<p>a\n"))
    assert is_unedited(page)
    page.write_text(page.read_text().replace("<p>a", "<p>b"))
    assert not is_unedited(page)


@pytest.mark.parametrize("content", [b"", b"<p>a", b"\xff\xfe", sign("a").encode() + b"more"])
def test_other_files_are_none(content: bytes, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(content)
    assert not is_unedited(page)
    assert not is_unedited(tmp_path / "missing.html")
