"""JPEG by libjpeg-turbo, strictly: what it warns of is an error here."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

import simplejpeg

from dermdistill.data.decoding.exif import exif_orientation, swaps_sides, upright, xmp_orientation
from dermdistill.data.decoding.limits import Colours, Decoded, check_size, damaged
from dermdistill.errors import UserError
from dermdistill.records import Pixels

START = b"\xff\xd8"
"""Every JPEG begins with it."""

_MAX_SCANS = 100
# More marker segments than this are no photograph's: profiles and thumbnails need a few dozen.
_MAX_SEGMENTS = 10_000

_SCAN, _END, _APP1 = 0xDA, 0xD9, 0xE1
_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
# In compressed data, FF is followed by 00, by a restart marker, or by the marker that ends the data.
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")

_COLOURS: dict[str, Colours] = {"Gray": "greyscale", "GRAY": "greyscale", "CMYK": "CMYK", "YCCK": "CMYK"}


def decode_jpeg(content: bytes, name: str, at_least: int | None = None) -> Decoded:
    """Decode a JPEG, turned upright by its EXIF orientation, else by its XMP.

    Bytes after the end of the image are ignored, as by every viewer: phones append films, and an appended
    archive or page is harmless to who reads pixels only.

    Args:
        content: the file; any colour space that libjpeg turns into RGB.
        name: leads the message of an error.
        at_least: where given, the image may come back at 1/2, 1/4 or 1/8 of its size, as long as neither side
            falls below this; libjpeg then skips most of the work.

    Raises:
        UserError: damaged, too large, or of more scans or segments than an honest file has.
    """
    pixels, width, height, colours = _decoded(content, name, at_least)
    orientation = _orientation(content)
    if swaps_sides(orientation):
        width, height = height, width
    return Decoded(upright(pixels, orientation), width, height, colours)


def decode_bare_jpeg(
    content: bytes, name: str, at_least: int | None = None, *, stored: Literal["RGB", "YCbCr"]
) -> Decoded:
    """Decode a JPEG stream out of another format, as it lies.

    Args:
        content: the stream.
        name: leads the message of an error.
        at_least: as in ``decode_jpeg``.
        stored: the colours of a stream that has no marker of its own to say so.

    Raises:
        UserError: as ``decode_jpeg``.
    """
    return Decoded(*_decoded(_with_colour_transform(content, stored), name, at_least))


def _decoded(content: bytes, name: str, at_least: int | None) -> tuple[Pixels, int, int, Colours]:
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
        check_size(width, height, name)
        _check_scans(content, name)
        pixels: Pixels = simplejpeg.decode_jpeg(
            content, colorspace="RGB", strict=True, **_reduction(width, height, at_least)
        )
    except ValueError as error:
        raise damaged(name, "JPEG", error) from None
    return pixels, width, height, _COLOURS.get(colours, "RGB")


def _reduction(width: int, height: int, at_least: int | None) -> dict[str, int]:
    """The arguments that make simplejpeg scale down by the largest of 8, 4, 2 that ``at_least`` allows."""
    if at_least is None:
        return {}
    for factor in (8, 4, 2):
        sides = -(-width // factor), -(-height // factor)
        if min(sides) >= at_least:
            return {"min_width": sides[0], "min_height": sides[1], "min_factor": factor}
    return {}


def _check_scans(content: bytes, name: str) -> None:
    """Refuse a progressive file of thousands of scans: each of them costs a pass over the whole image."""
    if content.count(b"\xff\xda") <= _MAX_SCANS:  # counts too many, if anything: thumbnails, appended files
        return
    scans = 0
    for number, (marker, _, _) in enumerate(_segments(content)):
        scans += marker == _SCAN
        if scans > _MAX_SCANS or number >= _MAX_SEGMENTS:
            raise UserError(
                f"{name}: more than {_MAX_SCANS} scans or {_MAX_SEGMENTS} segments, which no camera writes; "
                "save it as an ordinary JPEG"
            )


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker byte, start and end of the payload of each segment of the image, found as libjpeg does."""
    found = _MARKER.search(content, len(START))
    while found:
        marker, start = content[found.end() - 1], found.end()
        if marker == _END:
            return
        end = start
        if marker not in _ALONE:
            end = start + max(2, int.from_bytes(content[start : start + 2], "big"))
        yield marker, start + 2, end
        found = _MARKER.search(content, end)


def _orientation(content: bytes) -> int:
    # Searching is far cheaper than walking the segments; few dermoscopic images carry EXIF at all.
    if _EXIF not in content:
        return 1
    from_xmp = None
    for marker, start, end in islice(_segments(content), _MAX_SEGMENTS):
        if marker == _SCAN:
            break
        if marker != _APP1:
            continue
        payload = content[start:end]
        if payload.startswith(_EXIF):
            orientation = exif_orientation(payload.removeprefix(_EXIF))
            if orientation is not None:
                return orientation
        elif payload.startswith(_XMP):
            from_xmp = xmp_orientation(payload)
    return from_xmp or 1


def _with_colour_transform(content: bytes, stored: Literal["RGB", "YCbCr"]) -> bytes:
    """The stream with an Adobe marker that names its colours, ahead of whatever markers it has itself."""
    transform = b"\x01" if stored == "YCbCr" else b"\x00"
    return START + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + transform + content[len(START) :]
