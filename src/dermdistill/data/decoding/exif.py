"""The one thing that is read from EXIF and XMP: which way up the picture is."""

import re
import struct

from PIL import Image

_ORIENTATION = 0x0112
_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
# Whole numbers, by the codes of their types. Most programs write 3, SHORT; Pillow reads all of these.
_WHOLE_NUMBERS = {3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}
_INLINE = 4

# Pillow transposes for the eight values of the EXIF tag "Orientation"; 1 is upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def exif_orientation(tiff: bytes) -> int | None:
    """The orientation in EXIF data that begins as a TIFF does; None if absent or unreadable."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(entries):
            at = start + 2 + 12 * entry
            tag, kind, count = struct.unpack_from(order + "HHI", tiff, at)
            if tag == _ORIENTATION:
                return _inline_number(tiff, at + 8, order + _WHOLE_NUMBERS.get(kind, ""), count)
    except struct.error:  # points beyond its end
        return None
    return None


def _inline_number(tiff: bytes, at: int, kind: str, count: int) -> int | None:
    """The first number of an entry that holds its numbers itself; None for other entries."""
    size = struct.calcsize(kind)
    if not 0 < size * count <= _INLINE:
        return None
    return int(struct.unpack_from(kind, tiff, at)[0])


def xmp_orientation(xmp: bytes) -> int | None:
    """The orientation in an XMP packet; None if it does not say."""
    match = _XMP.search(xmp)
    return int(match[1]) if match else None


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """An image stored with this EXIF orientation, turned upright; unknown values leave it alone."""
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image
