"""What is refused before it is decoded, so that no file costs more than the largest honest one."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dermdistill.errors import UserError, printable
from dermdistill.records import Pixels

MAX_PIXELS = 50_000_000
"""Larger images are refused before they are decoded: decompression bombs, or scans of another kind."""

MAX_SIDE = 65_535
"""The longest side. JPEG and DICOM cannot say more; a resize needs memory in proportion to it."""

MAX_FILE_BYTES = 200_000_000
"""Larger files are refused before they are read: ``MAX_PIXELS`` of RGB without compression are 150 MB."""

Colours = Literal["RGB", "greyscale", "palette", "CMYK"]


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """An image and what its file was.

    Attributes:
        pixels: RGB uint8 ``(H, W, 3)``, upright; halved where that was asked for.
        width: of the upright image in the file, pixels.
        height: likewise.
        colours: how the file stores colour; every kind has become RGB in ``pixels``.
    """

    pixels: Pixels
    width: int
    height: int
    colours: Colours


def read_file(path: Path) -> bytes:
    """The content of a regular file of at most ``MAX_FILE_BYTES``; never waits for a pipe or a device.

    Raises:
        UserError: missing, not a regular file, too large or unreadable.
    """
    name = printable(str(path))
    try:
        with open(path, "rb", buffering=0, opener=_without_waiting) as handle:
            status = os.fstat(handle.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UserError(f"{name}: not a regular file but {_kind(status.st_mode)}; name an image file")
            if status.st_size > MAX_FILE_BYTES:
                raise UserError(
                    f"{name}: {status.st_size / 1e6:.0f} MB is above the limit of "
                    f"{MAX_FILE_BYTES / 1e6:.0f} MB for one image; save it compressed or scaled down"
                )
            return handle.read(status.st_size) or b""
    except FileNotFoundError:
        raise UserError(f"{name}: no such image file") from None
    except IsADirectoryError:
        raise UserError(f"{name}: not a regular file but a folder; name an image file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(f"{name}: cannot read the image ({reason})") from error


def check_size(width: int, height: int, name: str) -> None:
    """Refuse an image above ``MAX_PIXELS`` or ``MAX_SIDE``.

    Raises:
        UserError: it is.
    """
    if width * height > MAX_PIXELS:
        raise UserError(
            f"{name}: {width} x {height} is above the limit of {MAX_PIXELS / 1e6:.0f} megapixels; "
            "scale it down"
        )
    if max(width, height) > MAX_SIDE:
        raise UserError(
            f"{name}: {width} x {height} is above the limit of {MAX_SIDE} pixels a side; scale it down"
        )


def damaged(name: str, kind: str, error: Exception) -> UserError:
    """The error for a file of this kind that a decoder could not read."""
    if isinstance(error, MemoryError):
        return UserError(f"{name}: {kind} too large for the memory that is free; scale it down")
    reason = printable(" ".join(str(error).split())[:200]) or type(error).__name__
    return UserError(f"{name}: damaged {kind} ({reason}); copy or download it again")


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to would otherwise make us wait for ever."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a device"
