"""From an image file to the network's input: the only description of preprocessing in the program.

Training, evaluation, the benchmark and the web page all decode, resize and normalise with these functions.
"""

import hashlib
import io
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from dermdistill.errors import UserError
from dermdistill.records import Pixels

DECODER_VERSION = 1
"""Raise this whenever the pixels that come out of this module change; decoded caches are then built anew."""

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
"""The file names that are taken for images, in lower case."""

MAX_PIXELS = 50_000_000
"""Larger images are refused before they are decoded: decompression bombs, or scans of another kind."""

_PILLOW_FORMATS = ("PNG", "TIFF", "WEBP", "BMP", "GIF")
_MODES_THAT_CONVERT = frozenset({"RGB", "L", "P", "1", "CMYK", "YCbCr", "HSV"})

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


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network sees: RGB, ``size x size``, normalised per channel. It travels with the weights.

    The whole image is stretched to the square, its aspect ratio given up: a crop would cut the borders of
    large lesions away, and the paper's arrays and the usual copies of HAM10000 are stretched too.

    Attributes:
        size: side of the square, pixels.
        mean: subtracted from each channel, red first, on the scale 0..1; ImageNet's unless given.
        std: divides each channel afterwards, same scale.

    Raises:
        ValueError: the size is not positive, or mean and std are not three finite numbers, std above 0.
    """

    size: int
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size is {self.size}; expected a positive number of pixels")
        numbers_are_good = all(math.isfinite(number) for number in (*self.mean, *self.std))
        if len(self.mean) != 3 or len(self.std) != 3 or not numbers_are_good or min(self.std) <= 0:
            raise ValueError(
                f"mean {self.mean} and std {self.std} must be three finite numbers each, std above 0"
            )

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Network input ``(N, 3, size, size)`` from RGB ``(N, size, size, 3)``: ``(x / 255 - mean) / std``.

        Raises:
            ValueError: another shape or type.
        """
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (self.size, self.size, 3):
            raise ValueError(
                f"pixels are {pixels.dtype} {pixels.shape}; expected uint8 (N, {self.size}, {self.size}, 3)"
            )
        mean = np.array(self.mean, dtype=np.float32).reshape(3, 1, 1)
        std = np.array(self.std, dtype=np.float32).reshape(3, 1, 1)
        inputs = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)).astype(np.float32)
        inputs /= 255
        inputs -= mean
        inputs /= std
        return inputs

    def to_dict(self) -> dict[str, object]:
        """As JSON can hold it."""
        return {"size": self.size, "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: object, where: str = "input specification") -> "InputSpec":
        """The inverse of ``to_dict``; ``where`` names the file in errors.

        Raises:
            UserError: a key is missing or unknown, or a value is out of range.
        """
        if not isinstance(values, Mapping) or set(values) != {"size", "mean", "std"}:
            raise UserError(f"{where}: expected exactly the keys size, mean and std, found {values!r}")
        try:
            size = values["size"]
            if not isinstance(size, int) or isinstance(size, bool):
                raise ValueError(f"size is {size!r}; expected a whole number of pixels")
            return cls(size, _three_numbers(values["mean"]), _three_numbers(values["std"]))
        except (TypeError, ValueError) as error:
            raise UserError(f"{where}: {error}") from None


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image in a file of its own."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def digest(self) -> str:
        """Hex digest of the file's bytes."""
        return hashlib.blake2b(_read(self.path), digest_size=16).hexdigest()

    def decode(self) -> Pixels:
        return decode_file(self.path)


def decode_file(path: Path) -> Pixels:
    """Decode an image file; see ``decode_bytes``."""
    return decode_bytes(_read(path), str(path))


def decode_bytes(content: bytes, name: str) -> Pixels:
    """Decode one image as RGB uint8 ``(H, W, 3)``, turned upright by its EXIF orientation.

    JPEG, PNG, TIFF, WebP, BMP and GIF are read, whatever the file is called. Greyscale, palette and CMYK
    images become RGB; 16-bit grey is scaled, not clipped; an opaque alpha channel is dropped. Colour
    profiles are not applied. Refused, because they have no one right answer: images with transparent
    pixels, and files of several frames.

    Raises:
        UserError: not an image of these formats, damaged, refused as above, or above ``MAX_PIXELS``;
            ``name`` leads the message.
    """
    if not content:
        raise UserError(f"{name}: the file is empty; copy or download it again")
    if content.startswith(b"\xff\xd8"):
        return _decode_jpeg(content, name)
    return _decode_other(content, name)


def resize(pixels: Pixels, size: int) -> Pixels:
    """Stretch an RGB image ``(H, W, 3)`` to ``(size, size, 3)`` with an antialiased bilinear filter."""
    if pixels.shape[:2] == (size, size):
        return pixels
    return np.array(Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such image file") from None
    except OSError as error:
        raise UserError(f"{path}: cannot read the image ({error.strerror or error})") from error


def _decode_jpeg(content: bytes, name: str) -> Pixels:
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(content)
        _check_size(width, height, name)
        # Strict: libjpeg's warnings are errors, so that a file damaged in the middle does not pass half grey.
        pixels: Pixels = simplejpeg.decode_jpeg(content, colorspace="RGB", strict=True)
    except ValueError as error:
        raise UserError(_damaged(name, "JPEG", error)) from None
    orientation = _jpeg_orientation(content)
    if orientation in _UPRIGHT:
        pixels = np.array(Image.fromarray(pixels).transpose(_UPRIGHT[orientation]))
    return pixels


def _jpeg_orientation(content: bytes) -> int:
    # Opening the file with Pillow costs a quarter of decoding it; few dermoscopic images carry EXIF at all.
    if b"Exif\x00\x00" not in content:
        return 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=("JPEG", "MPO")) as image:
                return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # Pillow lets many kinds through; the pixels are whole, so unreadable EXIF says nothing
        return 1


def _decode_other(content: bytes, name: str) -> Pixels:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=_PILLOW_FORMATS) as image:
                _check_size(image.width, image.height, name)
                frames = getattr(image, "n_frames", 1)
                if frames > 1:
                    raise UserError(
                        f"{name}: holds {frames} frames; save the one that is meant as a still image"
                    )
                image.load()
                return np.array(_to_rgb(ImageOps.exif_transpose(image), name))
    except UserError:
        raise
    except UnidentifiedImageError:
        formats = ", ".join(("JPEG", *_PILLOW_FORMATS))
        raise UserError(
            f"{name}: not an image; expected one of {formats}, whatever its name ends in"
        ) from None
    except Image.DecompressionBombError:
        raise UserError(f"{name}: far above the limit of {_megapixels(MAX_PIXELS)}; scale it down") from None
    except Exception as error:  # Pillow's readers raise almost anything on damaged files
        raise UserError(_damaged(name, "image", error)) from error


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.has_transparency_data:
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
        if alpha.min() < 255:
            raise UserError(
                f"{name}: has transparent pixels, which have no colour; flatten it onto a background"
            )
        return image.convert("RGB")
    if image.mode.startswith("I;16"):
        # Pillow's own conversion clips at 255, which turns nearly every 16-bit image white.
        grey = np.asarray(image).astype(np.uint32)
        return Image.fromarray(((grey * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
    if image.mode not in _MODES_THAT_CONVERT:
        raise UserError(
            f"{name}: pixels of kind {image.mode!r} are not supported; save it as an 8-bit RGB image"
        )
    return image.convert("RGB")


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        raise UserError(
            f"{name}: {width} x {height} is above the limit of {_megapixels(MAX_PIXELS)}; scale it down"
        )


def _megapixels(pixels: int) -> str:
    return f"{pixels / 1e6:.0f} megapixels"


def _damaged(name: str, kind: str, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{name}: damaged {kind} ({reason}); copy or download it again"


def _three_numbers(values: object) -> tuple[float, float, float]:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != 3:
        raise ValueError(f"{values!r} is not a list of three numbers")
    red, green, blue = (float(value) for value in values)
    return red, green, blue
