"""JPEG by libjpeg-turbo, strictly: what it warns of is an error here. The pixels are the same as Pillow's."""

import io
import re
import threading
from collections.abc import Iterator
from itertools import islice
from typing import Literal

import numpy as np
import simplejpeg
from PIL import Image

from dermdistill.data.decoding.exif import exif_orientation, upright, xmp_orientation
from dermdistill.data.decoding.halving import halved
from dermdistill.data.decoding.limits import Colours, Decoded, check_size, damaged
from dermdistill.data.decoding.picture import decode_picture
from dermdistill.data.decoding.quiet import quiet
from dermdistill.errors import UserError
from dermdistill.records import Pixels

START = b"\xff\xd8"
"""Every JPEG begins with it."""

_MAX_SCANS = 100
# More marker segments than this are no photograph's: profiles and thumbnails need a few dozen.
_MAX_SEGMENTS = 10_000

_SCAN, _END, _APP1 = 0xDA, 0xD9, 0xE1
_APP1_BYTES = bytes((0xFF, _APP1))
_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
# Of memory, bytes, by a thread between two images: 16 megapixels.
_MOST_KEPT = 64_000_000
_OTHER_SAMPLING = "subsampling"
# In compressed data, FF is followed by 00, by a restart marker, or by the marker that ends the data.
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")

_COLOURS: dict[str, Colours] = {"Gray": "greyscale", "GRAY": "greyscale", "CMYK": "CMYK", "YCCK": "CMYK"}


def decode_jpeg(content: bytes, name: str, halve_from: int | None = None) -> Decoded:
    """Decode a JPEG, turned upright by its EXIF orientation, else by its XMP.

    Bytes after the end of the image are ignored, as by every viewer: phones append films, and an appended
    archive or page is harmless to who reads pixels only.

    Args:
        content: the file; any colour space that libjpeg turns into RGB.
        name: leads the message of an error.
        halve_from: see ``halving.halved``.

    Raises:
        UserError: damaged, too large, or of more scans or segments than an honest file has.
    """
    return _decoded(content, name, _orientation(content), halve_from)


def decode_bare_jpeg(content: bytes, name: str, *, stored: Literal["RGB", "YCbCr"]) -> Decoded:
    """Decode a JPEG stream out of another format, as it lies.

    Args:
        content: the stream.
        name: leads the message of an error.
        stored: the colours of a stream that has no marker of its own to say so.

    Raises:
        UserError: as ``decode_jpeg``.
    """
    return _decoded(_with_colour_transform(content, stored), name, 1, None)


def _decoded(content: bytes, name: str, orientation: int, halve_from: int | None) -> Decoded:
    try:
        height, width, stored, _ = simplejpeg.decode_jpeg_header(content)
    except ValueError as error:
        picture = _opened_by_pillow(content) if _OTHER_SAMPLING in str(error) else None
        if picture is None:
            raise damaged(name, "JPEG", error) from None
        _check_scans(content, name)
        return decode_picture(picture, name, halve_from)
    check_size(width, height, name)
    _check_scans(content, name)
    colours = _COLOURS.get(stored, "RGB")
    try:
        if colours == "CMYK":
            picture = upright(_cmyk(content), orientation)
            return Decoded(np.array(halved(picture, halve_from)), *picture.size, colours)
        if orientation == 1 and (halve_from is None or min(width, height) < halve_from):
            pixels = simplejpeg.decode_jpeg(content, colorspace="RGB", strict=True)
            return Decoded(pixels, width, height, colours)
        picture = _mapped(content, width, height)
    except ValueError as error:
        raise damaged(name, "JPEG", error) from None
    picture = upright(picture, orientation)
    return Decoded(_packed(halved(picture, halve_from)), *picture.size, colours)


class _Workspace(threading.local):
    """Where a thread decodes large images: the pages of new memory cost a quarter of decoding itself."""

    memory = bytearray()


_workspace = _Workspace()


def _mapped(content: bytes, width: int, height: int) -> Image.Image:
    """A Pillow image of four bytes a pixel, which it works on as they lie; three would have to be copied.

    It is valid until this thread decodes another image.
    """
    needed = 4 * width * height
    if needed > _MOST_KEPT:
        memory = bytearray(needed)
    else:
        if needed > len(_workspace.memory):
            _workspace.memory = bytearray(needed)
        memory = _workspace.memory
    pixels = simplejpeg.decode_jpeg(content, colorspace="RGBX", strict=True, buffer=memory)
    return Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)


def _packed(picture: Image.Image) -> Pixels:
    """The pixels of an image in RGBX, in three bytes ``(H, W, 3)``."""
    packed = picture.tobytes("raw", "RGB")
    return np.frombuffer(packed, dtype=np.uint8).reshape(picture.height, picture.width, 3)


def _cmyk(content: bytes) -> Image.Image:
    """In RGB by Pillow's rule; libjpeg's differs by a grey level. The inks are stored inverted."""
    inks = simplejpeg.decode_jpeg(content, colorspace="CMYK", strict=True)
    size = inks.shape[1], inks.shape[0]
    return Image.frombytes("CMYK", size, inks.tobytes(), "raw", "CMYK;I").convert("RGB")


def _opened_by_pillow(content: bytes) -> Image.Image | None:
    """For a sampling of the colours that simplejpeg does not know; None where it is no JPEG.

    Pillow gives the pixels of a file that is damaged in the middle.
    """
    try:
        with quiet():
            return Image.open(io.BytesIO(content), formats=("JPEG",))
    except Exception:  # its readers raise almost anything on damaged files
        return None


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
    if _APP1_BYTES not in content:
        return 1
    from_exif = from_xmp = None
    exif_seen = False
    for marker, start, end in islice(_segments(content), _MAX_SEGMENTS):
        if marker == _SCAN:
            break
        if marker != _APP1:
            continue
        payload = content[start:end]
        if payload.startswith(_EXIF) and not exif_seen:
            from_exif, exif_seen = exif_orientation(payload.removeprefix(_EXIF)), True
        elif payload.startswith(_XMP):
            from_xmp = xmp_orientation(payload)
    return from_xmp or 1 if from_exif is None else from_exif


def _with_colour_transform(content: bytes, stored: Literal["RGB", "YCbCr"]) -> bytes:
    """The stream with an Adobe marker that names its colours, ahead of whatever markers it has itself."""
    transform = b"\x01" if stored == "YCbCr" else b"\x00"
    return START + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + transform + content[len(START) :]
