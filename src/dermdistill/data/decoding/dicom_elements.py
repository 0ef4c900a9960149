"""DICOM files cut into elements by pydicom, within bounds.

Values are looked at as raw bytes. A message quotes numbers and terms of the standard, never text from the
file nor a message of pydicom's, which may quote it: patients are in there.
"""

import io
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from dermdistill.data.decoding.limits import MAX_FILE_BYTES

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

HEADER_START: Final = 132
"""Behind a preamble of any content and the mark ``DICM``."""

# All that precedes the pixels. Colour profiles and lookup tables are the largest honest parts of it.
_MAX_HEADER_BYTES: Final = 4_000_000
_MAX_ELEMENTS: Final = 20_000
_UNDEFINED_LENGTH: Final = 0xFFFFFFFF
_TRANSFER_SYNTAX: Final = 0x00020010
_PIXEL_DATA: Final = 0x7FE00010
_FLOAT_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009})


Codec = Literal["RLE", "JPEG", "JPEG 2000"]


class DicomError(Exception):
    """What is wrong with a DICOM file and what to do, in terms of the standard."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """A transfer syntax.

    Attributes:
        codec: of the pixels; None where they are plain.
        implicit: elements do not name the type of their value.
        little_endian: the order of bytes.
        deflated: all but the first group is compressed.
    """

    codec: Codec | None = None
    implicit: bool = False
    little_endian: bool = True
    deflated: bool = False


_UID: Final = "1.2.840.10008.1.2"
_SYNTAXES: Final = {
    _UID: Syntax(implicit=True),
    f"{_UID}.1": Syntax(),
    f"{_UID}.1.99": Syntax(deflated=True),
    f"{_UID}.2": Syntax(little_endian=False),
    f"{_UID}.5": Syntax("RLE"),
    **{f"{_UID}.4.{number}": Syntax("JPEG") for number in (50, 51, 57, 70)},
    **{f"{_UID}.4.{number}": Syntax("JPEG 2000") for number in (90, 91)},
}
_NOT_READ: Final = {
    # The one decoder at hand spins for seconds on 32 x 24 damaged pixels; see docs/log.md.
    **{f"{_UID}.4.{number}": "JPEG-LS" for number in (80, 81)},
    **{f"{_UID}.4.{number}": "video" for number in range(100, 109)},
    **{f"{_UID}.4.{number}": "JPEG XL" for number in (110, 111, 112)},
    **{f"{_UID}.4.{number}": "High-Throughput JPEG 2000" for number in (201, 202, 203)},
}


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements that were asked for, and the pixels' place.

    Attributes:
        syntax: how the file is written.
        values: raw bytes by tag; empty where it is absent.
        pixels: what follows the header of the pixel element, to the end of the file.
        length: of the pixels as the element states it; None where they come in fragments.
        words: the pixels are stated to be words of 16 bits.
    """

    syntax: Syntax
    values: dict[int, bytes]
    pixels: memoryview
    length: int | None
    words: bool

    def text(self, tag: int) -> str:
        """The value as text without padding; empty where there is none."""
        return self.values.get(tag, b"").decode("ascii", "replace").strip(" \x00")

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The value as unsigned 16-bit numbers."""
        value = self.values.get(tag, b"")
        order = "<" if self.syntax.little_endian else ">"
        return struct.unpack(f"{order}{len(value) // 2}H", value[: len(value) // 2 * 2])

    def number(self, tag: int, keyword: str, default: int | None = None) -> int:
        """The value as the one unsigned 16-bit number that it has to be.

        Raises:
            DicomError: it is absent and has no default, or not one number.
        """
        numbers = self.numbers(tag)
        if not numbers and default is not None:
            return default
        if len(numbers) != 1:
            raise DicomError(f"damaged DICOM: {keyword} is not one number; export it again")
        return numbers[0]


def read_elements(content: bytes, wanted: Iterable[int]) -> Elements:
    """Cut a DICOM file into elements, and keep the wanted ones that precede the pixels.

    Raises:
        DicomError: no pixels, above the limits, or in an unsupported transfer syntax.
        Exception: what pydicom raises on damaged files.
    """
    syntax, start = _transfer_syntax(content)
    body = _inflated(content[start:]) if syntax.deflated else memoryview(content)[start:]
    return _elements(body, syntax, wanted)


def _transfer_syntax(content: bytes) -> tuple[Syntax, int]:
    """The transfer syntax, from the first group of elements, and where that group ends."""
    from pydicom.filereader import read_dataset

    first = io.BytesIO(content[HEADER_START : HEADER_START + _MAX_HEADER_BYTES])
    elements = read_dataset(
        first,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, *_: tag.group != 2,
        specific_tags=[_TRANSFER_SYNTAX],
    )
    uid = _raw(elements, _TRANSFER_SYNTAX).decode("ascii", "replace").strip(" \x00")
    if uid in _NOT_READ:
        raise DicomError(f"pixels are compressed as {_NOT_READ[uid]}; export it as JPEG or uncompressed")
    if uid not in _SYNTAXES:
        problem = "an unknown transfer syntax" if uid else "no transfer syntax"
        raise DicomError(f"damaged DICOM: {problem}; export it as JPEG or uncompressed")
    return _SYNTAXES[uid], HEADER_START + first.tell()


def _inflated(compressed: bytes) -> memoryview:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    damaged = DicomError("damaged DICOM: cannot inflate it; export or download it again")
    try:
        content = inflater.decompress(compressed, MAX_FILE_BYTES)
    except zlib.error:
        raise damaged from None
    if inflater.unconsumed_tail:
        raise DicomError(f"inflates to more than {MAX_FILE_BYTES / 1e6:.0f} MB; export it scaled down")
    if not inflater.eof:
        raise damaged
    return memoryview(content)


def _elements(body: memoryview, syntax: Syntax, wanted: Iterable[int]) -> Elements:
    from pydicom.filereader import read_dataset

    header = io.BytesIO(body[:_MAX_HEADER_BYTES])
    found: list[tuple[int, str | None, int]] = []
    seen = 0

    def at_pixels(tag: "BaseTag", representation: str | None, length: int) -> bool:
        nonlocal seen
        seen += 1
        if seen > _MAX_ELEMENTS:
            raise DicomError(f"more than {_MAX_ELEMENTS} elements before the pixels; export it again")
        if tag in _FLOAT_PIXELS:
            raise DicomError("pixels are floating-point numbers, not a photograph; export it as JPEG")
        if tag == _PIXEL_DATA:
            found.append((header.tell(), representation, length))
        return bool(found)

    tags = list(wanted)
    elements = read_dataset(
        header, syntax.implicit, syntax.little_endian, stop_when=at_pixels, specific_tags=tags
    )
    if not found:
        if header.tell() >= _MAX_HEADER_BYTES:
            limit = _MAX_HEADER_BYTES / 1e6
            raise DicomError(f"no pixels within the first {limit:.0f} MB; export it without its attachments")
        raise DicomError("holds no pixels: a report or a list, or cut off; export the image itself")
    start, representation, length = found[0]
    return Elements(
        syntax=syntax,
        values={tag: _raw(elements, tag) for tag in tags},
        pixels=body[start:],
        length=None if length == _UNDEFINED_LENGTH else length,
        words=representation != "OB",
    )


def _raw(elements: "Dataset", tag: int) -> bytes:
    element = elements.get_item(tag)
    value = None if element is None else element.value
    return value if isinstance(value, bytes) else b""
