"""One frame of a DICOM photograph as RGB."""

import io
import struct
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermdistill.data.decoding.dicom_header import Header
from dermdistill.data.decoding.jpeg import decode_bare_jpeg
from dermdistill.data.decoding.limits import damaged
from dermdistill.data.decoding.quiet import quiet
from dermdistill.errors import UserError
from dermdistill.records import Pixels

_Samples = NDArray[np.unsignedinteger[Any]]

# 50 megapixels in tiles of 128 pixels are 3,000 of them; every tile has a price of its own.
_MAX_TILES: Final = 4_096
# JPEG 2000 takes 0.12 s a megabyte: ten seconds at most. 24 megapixels of RGB are 72 MB even as they are.
_MAX_JPEG_2000_BYTES: Final = 80_000_000


def decode_frame(header: Header, index: int, name: str) -> Pixels:
    """The pixels of a frame, counted from 0.

    Raises:
        UserError: the frame is damaged, or compressed in a way that is not supported.
    """
    content = b"".join(header.frames[index])
    match header.codec:
        case None:
            return _rgb(_plain(content, header), header)
        case "RLE":
            return _rgb(_run_lengths(content, header, name), header)
        case "JPEG":
            return _jpeg(content, header, name)
        case "JPEG 2000":
            return _jpeg_2000(content, header, name)


def _plain(content: bytes, header: Header) -> _Samples:
    order = "<" if header.little_endian else ">"
    samples = np.frombuffer(content, dtype=np.uint8 if header.allocated == 8 else np.dtype(f"{order}u2"))
    if header.photometric == "YBR_FULL_422":
        y, blue, red = samples.reshape(-1, 4)[:, :2], samples[2::4], samples[3::4]
        pairs = [y.reshape(-1), blue.repeat(2), red.repeat(2)]
        return np.stack(pairs, axis=-1).reshape(header.rows, header.columns, 3)
    return _arranged(samples, header)


def _arranged(samples: _Samples, header: Header) -> _Samples:
    """Samples in the order of the file as ``(rows, columns, samples)``."""
    if header.planar:
        return samples.reshape(header.samples, header.rows, header.columns).transpose(1, 2, 0)
    return samples.reshape(header.rows, header.columns, header.samples)


def _run_lengths(content: bytes, header: Header, name: str) -> _Samples:
    """PackBits, one segment a byte of each sample, the high byte first."""
    depth = header.allocated // 8
    wanted = header.samples * depth
    table = struct.unpack("<16I", content[:64].ljust(64, b"\x00"))
    bounds = [*table[1 : wanted + 1], len(content)]
    if table[0] != wanted or bounds != sorted(bounds) or bounds[0] < 64:
        raise UserError(
            f"{name}: damaged RLE: its segments do not fit the pixels; export or download it again"
        )
    size = header.rows * header.columns
    try:
        planes = [
            np.asarray(Image.frombytes("L", (size, 1), content[start:end], "packbits", "L")).reshape(-1)
            for start, end in pairwise(bounds)
        ]
    except ValueError as error:
        raise damaged(name, "RLE", error) from None
    if depth == 2:
        wide = [
            high.astype(np.uint16) << 8 | low for high, low in zip(planes[::2], planes[1::2], strict=True)
        ]
        return np.stack(wide, axis=-1).reshape(header.rows, header.columns, header.samples)
    return np.stack(planes, axis=-1).reshape(header.rows, header.columns, header.samples)


def _jpeg(content: bytes, header: Header, name: str) -> Pixels:
    if header.stored > 8:
        raise UserError(
            f"{name}: JPEG of {header.stored} bits is not supported; export it as 8-bit JPEG or JPEG 2000"
        )
    stored: Final = "RGB" if header.photometric == "RGB" else "YCbCr"
    decoded = decode_bare_jpeg(content, name, stored=stored)
    _check_shape((decoded.height, decoded.width), header, name)
    if header.samples == 3:
        return decoded.pixels
    if decoded.colours != "greyscale":
        raise UserError(f"{name}: damaged DICOM: a colour JPEG for greyscale pixels; export it again")
    return _rgb(decoded.pixels[:, :, :1], replace(header, allocated=8, stored=8))


def _jpeg_2000(content: bytes, header: Header, name: str) -> Pixels:
    codestream = content[max(0, content.find(b"\xff\x4f\xff\x51", 0, 4096)) :]  # some wrap it in a JP2 file
    precision, signed = _check_jpeg_2000(codestream, header, name)
    try:
        with quiet(), Image.open(io.BytesIO(codestream), formats=("JPEG2000",)) as image:
            samples = np.array(image)
    except Exception as error:
        raise damaged(name, "JPEG 2000", error) from None
    samples = samples.reshape(*samples.shape[:2], -1)
    if samples.shape[2] != header.samples:
        raise UserError(f"{name}: damaged JPEG 2000: {samples.shape[2]} samples a pixel; export it again")
    bits = samples.itemsize * 8
    # Pillow shifts fewer bits up to fill 8 or 16, cuts colours of more than 8 down to 8, and adds half the
    # range to signed numbers.
    precision = min(precision, bits)
    samples >>= bits - precision
    if signed:
        samples ^= 1 << (precision - 1)
    return _rgb(samples, replace(header, allocated=bits, stored=precision))


def _check_jpeg_2000(codestream: bytes, header: Header, name: str) -> tuple[int, bool]:
    """The bits of a sample and whether it is signed, after a look at what decoding would cost."""
    try:
        _, _, width, height, left, top, tile_width, tile_height = struct.unpack_from(
            ">HHIIIIII", codestream, 4
        )
        samples, precision = struct.unpack_from(">HB", codestream, 40)
    except struct.error:
        raise UserError(f"{name}: damaged JPEG 2000: cut off; export or download it again") from None
    _check_shape((height - top, width - left), header, name)
    if len(codestream) > _MAX_JPEG_2000_BYTES:
        raise UserError(
            f"{name}: {len(codestream) / 1e6:.0f} MB of JPEG 2000 are above the limit of "
            f"{_MAX_JPEG_2000_BYTES / 1e6:.0f} MB; export it with loss or scaled down"
        )
    tiles = -(-width // max(1, tile_width)) * -(-height // max(1, tile_height))
    if samples != header.samples or tiles > _MAX_TILES:
        raise UserError(
            f"{name}: JPEG 2000 of {samples} components and {tiles} tiles; expected {header.samples}, and at "
            f"most {_MAX_TILES}; export it again"
        )
    return int(precision & 0x7F) + 1, precision > 0x7F


def _check_shape(shape: tuple[int, int], header: Header, name: str) -> None:
    if shape != (header.rows, header.columns):
        raise UserError(
            f"{name}: damaged DICOM: Rows and Columns are {header.rows} and {header.columns}, "
            f"the pixels inside {shape[0]} and {shape[1]}; export it again"
        )


def _rgb(samples: _Samples, header: Header) -> Pixels:
    """RGB from samples ``(rows, columns, samples)`` in the low ``stored`` bits of each number."""
    if header.photometric == "PALETTE COLOR":
        return _through_palette(samples[:, :, 0], header)
    if header.samples == 1:
        return np.repeat(_grey(samples, header), 3, axis=2)
    colours = _full_range(samples, header.stored)
    if header.photometric.startswith("YBR_FULL"):
        size = (header.columns, header.rows)
        return np.array(Image.frombytes("YCbCr", size, colours.tobytes()).convert("RGB"))
    return colours


def _full_range(samples: _Samples, bits: int) -> Pixels:
    """The low ``bits`` of each sample as 0..255."""
    if bits == 8 and samples.dtype == np.uint8:
        return np.array(samples)
    highest = (1 << bits) - 1
    table = (np.arange(highest + 1) * 255 + highest // 2) // highest
    result: Pixels = table.astype(np.uint8)[samples & highest]
    return result


def _grey(samples: _Samples, header: Header) -> Pixels:
    """Greyscale as it is meant to be shown: by its window (PS3.3 C.11.2.1.2.1), else in full range."""
    highest = (1 << header.stored) - 1
    stored = np.arange(highest + 1)
    values = np.where(stored > highest // 2, stored - highest - 1, stored) if header.signed else stored
    if header.window:
        centre, width = header.window
        shown = np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
    else:
        shown = (values - values.min()) / highest
    if header.photometric == "MONOCHROME1":
        shown = 1 - shown
    result: Pixels = np.rint(shown * 255).astype(np.uint8)[samples & highest]
    return result


def _through_palette(indices: _Samples, header: Header) -> Pixels:
    """Indices outside a palette take its first or its last entry (PS3.3 C.7.6.3.1.5)."""
    stored = np.arange(1 << header.stored)
    channels = [
        np.frombuffer(channel.values, dtype=np.uint8)[
            np.clip(stored - channel.first, 0, len(channel.values) - 1)
        ]
        for channel in header.palette
    ]
    result: Pixels = np.stack(channels, axis=-1)[indices & (len(stored) - 1)]
    return result
