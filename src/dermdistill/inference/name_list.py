"""Paths from a list on standard input, as ``find``, editors, PowerShell and spreadsheets write it."""

import codecs
import os
import sys
from collections.abc import Iterator
from io import BufferedIOBase
from typing import cast

from dermdistill.errors import UserError

_BLOCK = 65536
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_QUOTES = ("''", '""')


def standard_input() -> BufferedIOBase:
    """The bytes of standard input; raises UserError where it is closed."""
    if sys.stdin is None or sys.stdin.closed:
        raise UserError("-: standard input is closed; give the list of files on it, or name them")
    return cast(BufferedIOBase, sys.stdin.buffer)


def read_names(stream: BufferedIOBase) -> Iterator[str]:
    """Paths, one per line or, where the list has NUL characters, one before each of these.

    Blank lines are passed over. Blanks and quotes around a name are removed unless there is a file that is
    called so. UTF-8 and UTF-16 are read with and without a byte-order mark; other bytes are passed on to the
    file system as they are, since a name need not be text.

    Reads on only as paths are taken, so a list has no largest length.
    """
    first = stream.read1(_BLOCK)
    while first and len(first) < 4 and (more := stream.read1(_BLOCK)):
        first += more
    mark, encoding = _encoding(first)
    decoder = codecs.getincrementaldecoder(encoding)(sys.getfilesystemencodeerrors())
    text = decoder.decode(first[len(mark) :])
    end = "\0" if "\0" in text else "\n"
    while True:
        *names, rest = text.split(end)
        yield from (meant for name in names if (meant := _meant(name, end)))
        block = stream.read1(_BLOCK)
        if not block:
            break
        text = rest + decoder.decode(block)
    if last := _meant(rest + decoder.decode(b"", final=True), end):
        yield last


def _encoding(first: bytes) -> tuple[bytes, str]:
    """The byte-order mark that the list begins with, and how its text is encoded."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if first.startswith(mark):
            return mark, encoding
    # Two bytes a character: every other one is NUL, but for letters of far alphabets. A list of names of one
    # character each, with NUL between, looks the same, but no file is called like a line end or a full stop.
    for encoding, characters, nuls in (
        ("utf-16-le", first[0:256:2], first[1:256:2]),
        ("utf-16-be", first[1:256:2], first[0:256:2]),
    ):
        if 3 * nuls.count(0) > 2 * len(nuls) and set(characters) & set(b"\n/\\."):
            return b"", encoding
    return b"", sys.getfilesystemencoding()


def _meant(name: str, end: str) -> str:
    """The path that a line stands for; nothing where it is blank."""
    if end == "\0":
        return name
    name = name.rstrip("\r")
    plain = name.strip()
    if plain[:1] + plain[-1:] in _QUOTES and len(plain) > 2:
        plain = plain[1:-1]
    return name if name.strip() and plain != name and os.path.lexists(name) else plain
