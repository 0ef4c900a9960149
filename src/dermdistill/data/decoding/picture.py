"""A Pillow image as RGB pixels, upright: whether it comes out of a file or from a caller."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from dermdistill.data.decoding.exif import upright
from dermdistill.data.decoding.halving import halved
from dermdistill.data.decoding.limits import MAX_PIXELS, Colours, Decoded, check_size, damaged
from dermdistill.data.decoding.quiet import quiet
from dermdistill.errors import UserError

FORMATS = ("PNG", "TIFF", "WEBP", "BMP", "GIF")
"""What is read from files by Pillow, in its names."""

_MODES_THAT_CONVERT = frozenset({"RGB", "RGBX", "L", "P", "1", "CMYK", "YCbCr", "HSV"})
_COLOURS: dict[str, Colours] = {"P": "palette", "PA": "palette", "1": "greyscale", "CMYK": "CMYK"}


def decode_picture(image: Image.Image, name: str, halve_from: int | None = None) -> Decoded:
    """Load a Pillow image, turned upright by its EXIF orientation, else by its XMP.

    Args:
        image: any kind; it is not changed, beyond being loaded.
        name: leads the message of an error.
        halve_from: see ``halving.halved``.

    Raises:
        UserError: too large, damaged, transparent, of several frames or of unsupported pixels.
    """
    load_picture(image, name)
    with pillows_errors(name):
        picture = upright(image, _orientation(image))
        pixels = np.array(halved(to_rgb(picture, name), halve_from))
    return Decoded(pixels, picture.width, picture.height, _colours(image.mode))


def load_picture(image: Image.Image, name: str) -> None:
    """Have Pillow decode an image that may still be in its file.

    Raises:
        UserError: too large, damaged or of several frames.
    """
    with pillows_errors(name):
        check_size(image.width, image.height, name)
        # A photograph with a film or a second view behind it (MPO) is a JPEG to every other reader.
        if image.format != "MPO" and getattr(image, "is_animated", False):
            raise UserError(f"{name}: holds several frames; save the one that is meant as a still image")
        image.load()


@contextmanager
def pillows_errors(name: str) -> Iterator[None]:
    """What Pillow raises on a file or an image becomes a UserError; what it warns of is passed over."""
    try:
        with quiet():
            yield
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


def _colours(mode: str) -> Colours:
    return "greyscale" if mode.startswith(("L", "I")) else _COLOURS.get(mode, "RGB")


def _orientation(image: Image.Image) -> int:
    """Of a loaded image; 1, upright, where EXIF and XMP are silent or unreadable."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken tag says nothing about the pixels
        return 1
    return orientation if isinstance(orientation, int) else 1
