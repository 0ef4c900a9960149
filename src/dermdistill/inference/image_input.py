"""The forms in which a caller may hold a photograph; in all of them it has the same pixels."""

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
from PIL import Image

from dermdistill.data.decoding.limits import MAX_FILE_BYTES, Decoded
from dermdistill.data.decoding.picture import decode_picture, load_picture
from dermdistill.data.images import read_image, read_image_bytes
from dermdistill.errors import UserError, printable
from dermdistill.records import Pixels


@runtime_checkable
class BinaryFile(Protocol):
    """A file object opened for reading bytes."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


FileInput = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryFile
"""An image file: its path, its content, or a file object; one that can seek is read from its beginning."""

ImageInput = FileInput | Image.Image | Pixels


@dataclass(frozen=True, slots=True)
class Held:
    """An image that no longer depends on its caller: a file object or a lazy Pillow image may soon be closed.

    Attributes:
        name: what an error message calls it.
        image: a file by its path or its content, a loaded Pillow image, or RGB pixels.
    """

    name: str
    image: Path | bytes | Image.Image | Pixels


def is_one_image(images: object) -> TypeGuard[ImageInput]:
    """Whether this is an image, not several: some images could be iterated over, too."""
    if isinstance(images, np.ndarray):
        return images.ndim != 4
    return isinstance(images, str | os.PathLike | bytes | bytearray | memoryview | Image.Image | BinaryFile)


def hold(image: ImageInput, name: str) -> Held:
    """Take an image of any form from the caller, in the caller's thread.

    Args:
        image: a file, a Pillow image of any kind, or RGB pixels ``(H, W, 3)`` uint8.
        name: what an error message calls an image that has no file name.

    Raises:
        UserError: it cannot be read.
        TypeError, ValueError: not an image.
    """
    if isinstance(image, str | os.PathLike):
        return Held(str(image), Path(image))
    if isinstance(image, bytes | bytearray | memoryview):
        return Held(name, bytes(image))
    if isinstance(image, np.ndarray):
        check_pixels(image)
        return Held(name, image)
    if isinstance(image, Image.Image):
        name = _own_name(image, "filename", name)
        content = _unread_jpeg(image)
        if content is not None:
            return Held(name, content)
        load_picture(image, printable(name))
        return Held(name, image)
    if isinstance(image, io.TextIOBase):
        raise TypeError(f"{type(image).__name__} gives text; open the file for reading bytes, with 'rb'")
    if isinstance(image, BinaryFile):
        name = _own_name(image, "name", name)
        return Held(name, _whole_content(image, printable(name)))
    raise TypeError(
        f"{type(image).__name__} is not an image; "
        "expected a path, bytes, a binary file object, a Pillow image or an array"
    )


def decode_held(held: Held, halve_from: int | None, *, frame: int | None = None) -> Decoded:
    """Decode an image; ``halve_from`` and ``frame`` as in ``data.images.read_image_bytes``.

    Raises:
        UserError: it cannot be read.
    """
    match held.image:
        case Path():
            return read_image(held.image, halve_from, frame=frame)
        case bytes():
            return read_image_bytes(held.image, held.name, halve_from, frame=frame)
        case Image.Image():
            return decode_picture(held.image, printable(held.name), halve_from)
    return Decoded(held.image, held.image.shape[1], held.image.shape[0], "RGB")


def check_pixels(pixels: Pixels) -> None:
    """Raises ValueError where these are not RGB pixels ``(H, W, 3)``, uint8."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}; expected uint8 (H, W, 3)")


def _unread_jpeg(image: Image.Image) -> bytes | None:
    """The file behind a JPEG that Pillow has opened and not decoded; Pillow would pass over some damage.

    None where the pixels are there already, or where Pillow was asked for less (``draft``) or another frame.
    """
    opened: Any = image
    if image.format not in ("JPEG", "MPO") or not getattr(image, "tile", ()):
        return None
    try:
        if opened.decoderconfig or opened.tell() != 0:
            return None
        position = opened.fp.tell()
        opened.fp.seek(0)
        content: bytes = opened.fp.read(MAX_FILE_BYTES)
        opened.fp.seek(position)
    except (OSError, ValueError, AttributeError):  # closed meanwhile: Pillow says so
        return None
    return content


def _whole_content(file: BinaryFile, name: str) -> bytes:
    """What a file object holds.

    Raises:
        UserError: it cannot be read, or holds more than ``MAX_FILE_BYTES``.
        TypeError: it gives something else than bytes.
    """
    content, left = bytearray(), MAX_FILE_BYTES + 1
    source: Any = file  # temporary files and others can seek and are no ``io.IOBase``
    try:
        if hasattr(source, "seekable") and source.seekable():
            source.seek(0)
        while left > 0 and (part := file.read(left)):
            content += part
            left -= len(part)
    except TypeError:
        raise TypeError(f"{type(file).__name__} gives something else than bytes; open it with 'rb'") from None
    except Exception as error:  # archives and network streams raise almost anything
        reason = printable(" ".join(str(error).split())) or type(error).__name__
        raise UserError(f"{name}: cannot read the image ({reason})") from error
    if left <= 0:
        raise UserError(
            f"{name}: above the limit of {MAX_FILE_BYTES / 1e6:.0f} MB for one image; "
            "save it compressed or scaled down"
        )
    return bytes(content)


def _own_name(image: object, attribute: str, otherwise: str) -> str:
    """The name of the file behind an object, where it says one."""
    found = getattr(image, attribute, None)
    return found if isinstance(found, str) and found else otherwise
