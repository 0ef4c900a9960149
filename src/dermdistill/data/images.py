"""From an image file to the network's input: the only description of preprocessing in the program.

Training, evaluation, the benchmark and the web page all decode, resize and normalise with these functions.
"""

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermdistill.data.decoding.halving import halved
from dermdistill.data.decoding.jpeg import START as JPEG_START
from dermdistill.data.decoding.jpeg import decode_jpeg
from dermdistill.data.decoding.limits import Decoded, read_file
from dermdistill.data.decoding.raster import decode_raster
from dermdistill.data.dicom import decode_dicom, is_dicom
from dermdistill.errors import UserError, printable
from dermdistill.records import Pixels

DECODER_VERSION = 2
"""Raise this whenever the pixels that come out of this module change; decoded caches are then built anew."""

SETTLED_NS = 2_000_000_000
"""A file that changed more recently may change again within the clock's tick, and look the same."""

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".gif"}
    | {".dcm", ".dicom"}
)
"""The file names that are taken for images, in lower case."""


HALVING = 3
"""Images are halved while their short side is at least this many times the network's input."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network sees: RGB, ``size x size``, normalised per channel. It travels with the weights.

    A large image is halved first (``decoding.halving``), which is exact and cheaper than a wide filter. Then
    the whole image is stretched to the square, its aspect ratio given up: a crop would cut the borders of
    large lesions away, and the paper's arrays and the usual copies of HAM10000 are stretched too.

    Attributes:
        size: side of the square, pixels.
        mean: subtracted from each channel, red first, on the scale 0..1; ImageNet's unless given.
        std: divides each channel afterwards, same scale.
        halving: an image is halved while its short side is at least this many times ``size``; None for older
            models, which never halve.
        smoothed: whether the square is smoothed at last, by the filter (1, 2, 1) / 4 in both directions, its
            borders mirrored.

    Raises:
        ValueError: the size is not positive, mean and std are not three finite numbers, std above 0, or
            ``halving`` is below 2, which would leave less than ``size``.
    """

    size: int
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    halving: int | None = HALVING
    smoothed: bool = False

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size is {self.size}; expected a positive number of pixels")
        if self.halving is not None and self.halving < 2:
            raise ValueError(f"halving is {self.halving}; expected 2 or more times the size")
        numbers_are_good = all(math.isfinite(number) for number in (*self.mean, *self.std))
        if len(self.mean) != 3 or len(self.std) != 3 or not numbers_are_good or min(self.std) <= 0:
            raise ValueError(
                f"mean {self.mean} and std {self.std} must be three finite numbers each, std above 0"
            )

    @property
    def halve_from(self) -> int | None:
        """The short side, pixels, from which an image is halved; None for never."""
        return None if self.halving is None else self.halving * self.size

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Network input ``(N, 3, size, size)`` from RGB ``(N, size, size, 3)``.

        It is ``(x / 255 - mean) / std``, smoothed where the model smooths.

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
        return _smoothed(inputs) if self.smoothed else inputs

    def to_dict(self) -> dict[str, object]:
        """As JSON can hold it; without ``halving`` and ``smoothed`` where a model does neither."""
        values: dict[str, object] = {"size": self.size, "mean": list(self.mean), "std": list(self.std)}
        if self.halving is not None:
            values["halving"] = self.halving
        return values | {"smoothed": True} if self.smoothed else values

    @classmethod
    def from_dict(cls, values: object, where: str = "input specification") -> "InputSpec":
        """The inverse of ``to_dict``; ``where`` names the file in errors.

        Raises:
            UserError: a key is missing or unknown, or a value is out of range.
        """
        if (
            not isinstance(values, Mapping)
            or set(values) - {"halving", "smoothed"} != {"size", "mean", "std"}
            or values.get("smoothed", True) is not True
        ):
            raise UserError(
                f"{where}: expected the keys size, mean, std, halving and smoothed, found {values!r}"
            )
        try:
            return cls(
                _whole_number("size", values["size"]),
                _three_numbers(values["mean"]),
                _three_numbers(values["std"]),
                _whole_number("halving", values["halving"]) if "halving" in values else None,
                "smoothed" in values,
            )
        except (TypeError, ValueError) as error:
            raise UserError(f"{where}: {error}") from None


def _smoothed(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images ``(N, 3, S, S)`` after the filter (1, 2, 1) / 4 in both directions."""
    padded = np.pad(inputs, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    across = (padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]) / 4
    both = (across[:, :, :-2] + 2 * across[:, :, 1:-1] + across[:, :, 2:]) / 4
    return both.astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image in a file of its own."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def digest(self) -> str:
        """Hex digest of the file's bytes; a process reads them once while size and time of change stay."""
        try:
            status = self.path.stat()
        except OSError:
            return _digest(self.path)  # whose error says what is wrong with the file
        settled = status.st_mtime_ns < time.time_ns() - SETTLED_NS
        return _digest_at(self.path, status.st_size, status.st_mtime_ns) if settled else _digest(self.path)

    def bytes_on_disk(self) -> int:
        """Size of the file; 0 where it is missing, as behind a broken link."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def decode(self) -> Pixels:
        return read_image(self.path).pixels


def digest_of(content: bytes) -> str:
    """Hex digest of an encoded image, as of ``ImageFile.digest``."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _digest(path: Path) -> str:
    return digest_of(read_file(path))


@lru_cache(maxsize=1_000_000)
def _digest_at(path: Path, size: int, changed_ns: int) -> str:
    """The digest of a file while it has this size and time of change."""
    return _digest(path)


def read_image(path: Path, halve_from: int | None = None, *, frame: int | None = None) -> Decoded:
    """Decode an image file, with what the file was; see ``read_image_bytes``."""
    return read_image_bytes(read_file(path), str(path), halve_from, frame=frame)


def read_image_bytes(
    content: bytes, name: str, halve_from: int | None = None, *, frame: int | None = None
) -> Decoded:
    """Decode one image as RGB uint8 ``(H, W, 3)``, turned upright by its EXIF orientation.

    JPEG, PNG, TIFF, WebP, BMP, GIF and DICOM are read, whatever the file is called. Greyscale, palette and
    CMYK images become RGB; 16-bit grey is scaled, not clipped; an opaque alpha channel is dropped. Colour
    profiles are not applied. Refused, because they have no one right answer: images with transparent
    pixels, and files of several frames, unless DICOM's and ``frame`` says which.

    The content may be hostile: sizes are checked before anything is decoded, and nothing is executed or
    unpickled. Safe to call from several threads.

    Args:
        content: the file.
        name: leads the message of an error.
        halve_from: halve the image while its short side is at least this many pixels; with a model's
            ``InputSpec.halve_from`` its answer stays the same, as it would begin with this itself.
        frame: of a DICOM file, counted from 1.

    Raises:
        SeveralFramesError: a DICOM file of several images, and ``frame`` is not given.
        UserError: not an image of these formats, damaged, refused as above or above the limits.
    """
    name = printable(name)
    if not content:
        raise UserError(f"{name}: the file is empty; copy or download it again")
    if is_dicom(content):
        decoded = decode_dicom(content, name, frame=frame)
        return replace(decoded, pixels=halve(decoded.pixels, halve_from))
    if frame not in (None, 1):
        raise UserError(f"{name}: has no frame {frame}; only DICOM files of several frames do")
    if content.startswith(JPEG_START):
        return decode_jpeg(content, name, halve_from)
    return decode_raster(content, name, halve_from)


def halve(pixels: Pixels, halve_from: int | None) -> Pixels:
    """Halve an upright RGB image ``(H, W, 3)`` while its short side is at least ``halve_from`` pixels."""
    if halve_from is None or min(pixels.shape[:2]) < halve_from:
        return pixels
    return np.array(halved(Image.fromarray(pixels), halve_from))


def resize(pixels: Pixels, size: int) -> Pixels:
    """Stretch an RGB image ``(H, W, 3)`` to ``(size, size, 3)``: halved first, then an antialiased filter."""
    if pixels.shape[:2] == (size, size):
        return pixels
    image = halved(Image.fromarray(pixels), HALVING * size)
    return np.array(image.resize((size, size), Image.Resampling.BILINEAR))


def _whole_number(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}; expected a whole number")
    return value


def _three_numbers(values: object) -> tuple[float, float, float]:
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != 3:
        raise ValueError(f"{values!r} is not a list of three numbers")
    red, green, blue = (float(value) for value in values)
    return red, green, blue
