"""PNG, TIFF, WebP, BMP and GIF by Pillow, after a look at what Pillow would not bound."""

import io
import struct

from PIL import Image

from dermdistill.data.decoding.foreign import foreign_format
from dermdistill.data.decoding.limits import Decoded
from dermdistill.data.decoding.picture import FORMATS, decode_picture, pillows_errors
from dermdistill.errors import UserError

# 50 megapixels of noise in the 8 kB chunks that libpng writes are 18,000 of them.
_MAX_PNG_CHUNKS = 50_000
# None, LZW, JPEG, Deflate (two codes) and PackBits. Fax codes pass damage in silence.
_TIFF_COMPRESSIONS = frozenset((1, 5, 7, 8, 32946, 32773))
_TIFF_COMPRESSION = 259
# A TIFF of 65,535 rows has no more strips; Pillow makes several objects of each value.
_MAX_TIFF_VALUES = 65_535
_TIFF_BYTES = frozenset((1, 2, 6, 7))  # types that Pillow keeps as they are, however many


def decode_raster(content: bytes, name: str, halve_from: int | None = None) -> Decoded:
    """Decode a file of one of ``picture.FORMATS``, turned upright by its EXIF orientation, else by its XMP.

    Args:
        content: the file.
        name: leads the message of an error.
        halve_from: see ``halving.halved``.

    Raises:
        UserError: not of these formats, damaged, transparent, of several frames or of unsupported pixels.
    """
    if foreign := foreign_format(content):
        raise UserError(f"{name}: {foreign}")
    _check_png_chunks(content, name)
    _check_tiff(content, name)
    with pillows_errors(name), Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return decode_picture(image, name, halve_from)


def _check_png_chunks(content: bytes, name: str) -> None:
    """Refuse a PNG of millions of chunks; each costs Pillow a turn of a loop in Python."""
    if not content.startswith(b"\x89PNG"):
        return
    position, chunks = 8, 0
    while position + 8 <= len(content):
        position += 12 + int.from_bytes(content[position : position + 4], "big")
        chunks += 1
        if chunks > _MAX_PNG_CHUNKS:
            raise UserError(
                f"{name}: more than {_MAX_PNG_CHUNKS} chunks, which no program writes; save it anew"
            )


def _check_tiff(content: bytes, name: str) -> None:
    """Refuse a TIFF of millions of strips or other values, or of a compression that no photograph has."""
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None:
        return
    big = content[2:4] in (b"+\x00", b"\x00+")
    offset_at, offset, entries, entry = (8, "Q", "Q", "HHQ8s") if big else (4, "I", "H", "HHI4s")
    try:
        (start,) = struct.unpack_from(order + offset, content, offset_at)
        (number,) = struct.unpack_from(order + entries, content, start)
    except (struct.error, OverflowError):  # cut off: Pillow says so
        return
    first, size = start + struct.calcsize(order + entries), struct.calcsize(order + entry)
    directory = content[first : first + min(number, _MAX_TIFF_VALUES) * size]
    directory = directory[: len(directory) // size * size]
    for tag, kind, count, value in struct.iter_unpack(order + entry, directory):
        if count > _MAX_TIFF_VALUES and kind not in _TIFF_BYTES:
            raise UserError(f"{name}: a TIFF of more than {_MAX_TIFF_VALUES} strips or values; save it anew")
        if tag == _TIFF_COMPRESSION and struct.unpack_from(order + "H", value)[0] not in _TIFF_COMPRESSIONS:
            raise UserError(f"{name}: a TIFF compressed in a way that is not for photographs; save it as LZW")
