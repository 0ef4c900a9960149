"""Lists of files as programs of different systems write them."""

import io
import os
import sys
from pathlib import Path

import pytest

from dermdistill.errors import UserError
from dermdistill.inference.inputs import Inputs
from dermdistill.inference.name_list import read_names

NAMES = ["a.jpg", "Läsion 2/b c.png", "/data/皮膚.dcm", "C:\\Bilder\\d.jpg"]


def read(content: bytes) -> list[str]:
    return list(read_names(io.BytesIO(content)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\r\n \r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_lines_in_any_encoding(encoding: str, end: str) -> None:
    for text in (end.join(NAMES), end.join(NAMES) + end):
        assert read(text.encode(encoding)) == NAMES


def test_big_endian_utf_16_with_its_mark() -> None:
    assert read(b"\xfe\xff" + "\n".join(NAMES).encode("utf-16-be")) == NAMES


@pytest.mark.parametrize("last", ["", "\0"])
def test_names_with_nul_between_may_hold_anything_else(last: str) -> None:
    names = ["two\nlines.jpg", " blanks ", '"quoted"', *NAMES]
    assert read(("\0".join(names) + last).encode()) == names


def test_names_of_one_character_with_nul_between() -> None:
    assert read(b"1\0002\0003\0") == ["1", "2", "3"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"\xff\xfe", b" \r\n\t\n"])
def test_empty_lists(content: bytes) -> None:
    assert read(content) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there file names are text")
def test_names_that_are_no_text_reach_the_file_system_as_they_are(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/L\xe4sion.jpg"
    Path(os.fsdecode(raw)).touch()
    for content in (raw + b"\n", raw + b"\0", b"\n" + raw):
        (name,) = read(content)
        assert os.fsencode(name) == raw
        assert Path(name).exists()


def test_quotes_and_blanks_around_names_are_removed(tmp_path: Path) -> None:
    assert read(b'"a b.jpg"\r\n\'c.jpg\'\n  d.jpg\t\n""\n\'odd.jpg\n') == [
        "a b.jpg",
        "c.jpg",
        "d.jpg",
        '""',
        "'odd.jpg",
    ]


def test_a_file_that_is_called_so_keeps_its_quotes_and_blanks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("'c.jpg'", "d.jpg "):
        Path(name).touch()
    assert read(b"'c.jpg'\nd.jpg \n") == ["'c.jpg'", "d.jpg "]


class Slow(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, content: bytes) -> None:
        self._left = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        given, self._left = self._left[:1], self._left[1:]
        buffer[: len(given)] = given
        return len(given)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_that_comes_slowly(encoding: str) -> None:
    slow = io.BufferedReader(Slow("\n".join(NAMES).encode(encoding)))
    assert list(read_names(slow)) == NAMES


def test_paths_are_given_on_before_the_list_ends() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as writer:
        writer.write(b"a.jpg\nb.j")
        names = read_names(stream)
        assert next(names) == "a.jpg"
        writer.write(b"pg\n")
        assert next(names) == "b.jpg"


def test_names_across_the_borders_of_blocks() -> None:
    names = [f"{i:07}.jpg" for i in range(20_000)]
    assert read("\n".join(names).encode()) == names
    assert read("\r\n".join(names).encode("utf-16")) == names


def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UserError, match="standard input is closed"):
        list(Inputs(("-",)))
