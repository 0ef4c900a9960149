"""PNG, TIFF, WebP, BMP and GIF by Pillow, after a look at what Pillow would not bound."""

import io
import struct

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from dermdistill.data.decoding.foreign import foreign_format
from dermdistill.data.decoding.limits import MAX_PIXELS, Colours, Decoded, check_size, damaged
from dermdistill.data.decoding.quiet import quiet
from dermdistill.errors import UserError

FORMATS = ("PNG", "TIFF", "WEBP", "BMP", "GIF")
"""What is read here, in Pillow's names."""

_MODES_THAT_CONVERT = frozenset({"RGB", "L", "P", "1", "CMYK", "YCbCr", "HSV"})
_COLOURS: dict[str, Colours] = {"P": "palette", "PA": "palette", "1": "greyscale", "CMYK": "CMYK"}

# 50 megapixels of noise in the 8 kB chunks that libpng writes are 18,000 of them.
_MAX_PNG_CHUNKS = 50_000
# None, LZW, JPEG, Deflate (two codes) and PackBits. Fax codes pass damage in silence.
_TIFF_COMPRESSIONS = frozenset((1, 5, 7, 8, 32946, 32773))
_TIFF_COMPRESSION = 259
# A TIFF of 65,535 rows has no more strips; Pillow makes several objects of each value.
_MAX_TIFF_VALUES = 65_535
_TIFF_BYTES = frozenset((1, 2, 6, 7))  # types that Pillow keeps as they are, however many


def decode_raster(content: bytes, name: str) -> Decoded:
    """Decode a file of one of ``FORMATS``, turned upright by its EXIF orientation, else by its XMP.

    Raises:
        UserError: not of these formats, damaged, transparent, of several frames or of unsupported pixels.
    """
    if foreign := foreign_format(content):
        raise UserError(f"{name}: {foreign}")
    _check_png_chunks(content, name)
    _check_tiff(content, name)
    try:
        with quiet(), Image.open(io.BytesIO(content), formats=FORMATS) as image:
            check_size(image.width, image.height, name)
            if getattr(image, "is_animated", False):
                raise UserError(f"{name}: holds several frames; save the one that is meant as a still image")
            image.load()
            colours = _colours(image.mode)
            ImageOps.exif_transpose(image, in_place=True)
            return Decoded(np.array(to_rgb(image, name)), image.width, image.height, colours)
    except UserError:
        raise
    except UnidentifiedImageError:
        formats = ", ".join(("JPEG", *FORMATS))
        raise UserError(
            f"{name}: not an image; expected one of {formats} or DICOM, whatever its name ends in"
        ) from None
    except Image.DecompressionBombError:
        raise UserError(
            f"{name}: far above the limit of {MAX_PIXELS / 1e6:.0f} megapixels; scale it down"
        ) from None
    except Exception as error:  # Pillow's readers raise almost anything on damaged files
        raise damaged(name, "image", error) from error


def _colours(mode: str) -> Colours:
    return "greyscale" if mode.startswith(("L", "I")) else _COLOURS.get(mode, "RGB")


def to_rgb(image: Image.Image, name: str) -> Image.Image:
    """Any kind of Pillow image as 8-bit RGB.

    Raises:
        UserError: it has transparent pixels, or its kind of pixel has no one way to RGB.
    """
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        if rgba.getchannel("A").getextrema() != (255, 255):
            raise UserError(
                f"{name}: has transparent pixels, which have no colour; flatten it onto a background"
            )
        return rgba.convert("RGB")
    if image.mode.startswith("I;16"):
        # Pillow's own conversion clips at 255, which turns nearly every 16-bit image white.
        grey = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((grey * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
    if image.mode not in _MODES_THAT_CONVERT:
        raise UserError(
            f"{name}: pixels of kind {image.mode!r} are not supported; save it as an 8-bit RGB image"
        )
    return image if image.mode == "RGB" else image.convert("RGB")


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
