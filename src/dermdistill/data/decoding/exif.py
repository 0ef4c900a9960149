"""The one thing that is read from EXIF and XMP: which way up the picture is."""

import re
import struct

import numpy as np
from PIL import Image

from dermdistill.records import Pixels

_ORIENTATION = 0x0112
_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
_SHORT = 3

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
            tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return int(value) if (kind, count) == (_SHORT, 1) else None
    except struct.error:  # points beyond its end
        return None
    return None


def xmp_orientation(xmp: bytes) -> int | None:
    """The orientation in an XMP packet; None if it does not say."""
    match = _XMP.search(xmp)
    return int(match[1]) if match else None


def swaps_sides(orientation: int) -> bool:
    """Whether turning the picture upright makes its width its height."""
    return 5 <= orientation <= 8


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels stored with this EXIF orientation, turned upright; unknown values leave them alone."""
    if orientation not in _UPRIGHT:
        return pixels
    return np.array(Image.fromarray(pixels).transpose(_UPRIGHT[orientation]))
