"""What a DICOM photograph says of its pixels, checked before they are touched."""

import math
import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from dermdistill.data.decoding.dicom_elements import Codec, DicomError, Elements, read_elements
from dermdistill.data.decoding.limits import check_size
from dermdistill.data.decoding.quiet import quiet
from dermdistill.errors import UserError

_SOP_CLASS: Final = 0x00080016
_MODALITY: Final = 0x00080060
_SAMPLES: Final = 0x00280002
_PHOTOMETRIC: Final = 0x00280004
_PLANAR: Final = 0x00280006
_FRAMES: Final = 0x00280008
_ROWS: Final = 0x00280010
_COLUMNS: Final = 0x00280011
_ALLOCATED: Final = 0x00280100
_STORED: Final = 0x00280101
_HIGH_BIT: Final = 0x00280102
_SIGNED: Final = 0x00280103
_WINDOW: Final = (0x00281050, 0x00281051)
_PALETTES: Final = ((0x00281101, 0x00281201), (0x00281102, 0x00281202), (0x00281103, 0x00281203))
_WANTED: Final = (
    *(_SOP_CLASS, _MODALITY, _SAMPLES, _PHOTOMETRIC, _PLANAR, _FRAMES, _ROWS, _COLUMNS, _ALLOCATED, _STORED),
    *(_HIGH_BIT, _SIGNED, *_WINDOW, *(tag for pair in _PALETTES for tag in pair)),
)

_SAMPLES_OF: Final = {
    **dict.fromkeys(("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"), 1),
    **dict.fromkeys(("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"), 3),
}

# Codes for camera, dermoscopy, endoscopy, microscopy and "other"; secondary captures often have none.
_PHOTOGRAPHIC: Final = frozenset({"XC", "DMS", "ES", "GM", "OT", ""})
# Terms of the standard, so that a message can name them without quoting the file.
_OTHER_MODALITIES: Final = frozenset(
    (
        *("AR", "BMD", "CR", "CT", "DX", "ECG", "IO", "IVOCT", "IVUS", "KO", "MG", "MR", "NM", "OCT", "OP"),
        *("OPT", "PR", "PT", "PX", "RF", "RG", "RTDOSE", "RTIMAGE", "RTPLAN", "RTSTRUCT", "SEG", "SM", "SR"),
        *("US", "XA"),
    )
)
_VISIBLE_LIGHT: Final = "1.2.840.10008.5.1.4.1.1.77.1"
_SLIDES: Final = frozenset({f"{_VISIBLE_LIGHT}.6", f"{_VISIBLE_LIGHT}.8"})
_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"

_MAX_FRAMES: Final = 10_000
_MAX_FRAGMENTS: Final = 100_000
_ITEM: Final = 0xE000FFFE
_END_OF_ITEMS: Final = 0xE0DDFFFE


@dataclass(frozen=True, slots=True)
class Palette:
    """One channel of a palette: 8-bit ``values``, the first of which stands for the pixel value ``first``."""

    first: int
    values: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What decoding needs to know.

    Attributes:
        codec: of the pixels, such as ``JPEG``; None where they are plain.
        little_endian: the order of bytes in plain pixels.
        rows: height, pixels.
        columns: width, pixels.
        photometric: what the samples mean, a term of the standard.
        samples: 1 or 3 a pixel.
        planar: whether all red samples come first, then all green ones.
        allocated: bits that a sample takes, 8 or 16.
        stored: bits of it that count, the low ones.
        signed: whether they are a two's complement.
        window: centre and width that a greyscale image is meant to be shown with.
        palette: red, green and blue of ``PALETTE COLOR``.
        frames: for each frame, the pieces of the file that hold it.
    """

    codec: Codec | None
    little_endian: bool
    rows: int
    columns: int
    photometric: str
    samples: int
    planar: bool
    allocated: int
    stored: int
    signed: bool
    window: tuple[float, float] | None
    palette: tuple[Palette, ...]
    frames: tuple[tuple[memoryview, ...], ...]


def read_header(content: bytes, name: str) -> Header:
    """All but the pixels of a DICOM file.

    Raises:
        UserError: pydicom is missing; no photograph; damaged, too large or of an unsupported kind.
    """
    try:
        with quiet():
            return _header(read_elements(content, _WANTED), name)
    except UserError:
        raise
    except ModuleNotFoundError:
        raise UserError(f"{name}: a DICOM file; to read it: pip install 'dermdistill[dicom]'") from None
    except DicomError as error:
        raise UserError(f"{name}: {error}") from None
    except Exception:
        # Neither quoted nor chained: the message may hold what the file says of its patient.
        raise UserError(f"{name}: damaged DICOM header; export or download it again") from None


def _header(elements: Elements, name: str) -> Header:
    _check_kind(elements)
    rows, columns = elements.number(_ROWS, "Rows"), elements.number(_COLUMNS, "Columns")
    if not rows or not columns:
        raise DicomError(f"damaged DICOM: Rows is {rows} and Columns is {columns}; export it again")
    check_size(columns, rows, name)
    photometric = _photometric(elements)
    allocated, stored, signed = _bits(elements)
    samples = _SAMPLES_OF[photometric]
    subsampled = photometric == "YBR_FULL_422" and elements.syntax.codec is None
    if subsampled and columns % 2:
        raise DicomError(f"damaged DICOM: YBR_FULL_422 of {columns} columns, an odd number; export it again")
    frame_bytes = rows * columns * (2 if subsampled else samples) * allocated // 8
    return Header(
        codec=elements.syntax.codec,
        little_endian=elements.syntax.little_endian,
        rows=rows,
        columns=columns,
        photometric=photometric,
        samples=samples,
        planar=elements.number(_PLANAR, "PlanarConfiguration", 0) == 1,
        allocated=allocated,
        stored=stored,
        signed=signed,
        window=_window(elements),
        palette=_palette(elements) if photometric == "PALETTE COLOR" else (),
        frames=_frames(elements, frame_bytes, swapped=elements.words and allocated == 8),
    )


def _check_kind(elements: Elements) -> None:
    sop_class, modality = elements.text(_SOP_CLASS), elements.text(_MODALITY)
    if sop_class in _SLIDES:
        raise DicomError("a tiled microscope slide, not a photograph; export the region as JPEG")
    known = not sop_class or f"{sop_class}.".startswith((f"{_VISIBLE_LIGHT}.", f"{_SECONDARY_CAPTURE}."))
    if not known or modality not in _PHOTOGRAPHIC:
        shown = f" but of modality {modality}" if modality in _OTHER_MODALITIES else ""
        raise DicomError(
            f"not a photograph{shown}; expected VL dermoscopy, VL photography or a secondary capture"
        )


def _photometric(elements: Elements) -> str:
    photometric = elements.text(_PHOTOMETRIC)
    if photometric not in _SAMPLES_OF:
        raise DicomError(
            f"its photometric interpretation is none of {', '.join(_SAMPLES_OF)}; export it as RGB"
        )
    samples = elements.number(_SAMPLES, "SamplesPerPixel")
    if samples != _SAMPLES_OF[photometric]:
        raise DicomError(f"damaged DICOM: {photometric} of {samples} samples a pixel; export it again")
    if photometric in ("YBR_ICT", "YBR_RCT") and elements.syntax.codec != "JPEG 2000":
        raise DicomError(f"damaged DICOM: {photometric} without JPEG 2000; export it as RGB")
    return photometric


def _bits(elements: Elements) -> tuple[int, int, bool]:
    allocated = elements.number(_ALLOCATED, "BitsAllocated")
    stored = elements.number(_STORED, "BitsStored", allocated)
    if allocated not in (8, 16):
        raise DicomError(f"pixels of {allocated} bits are not supported; export it with 8 or 16")
    if not 1 < stored <= allocated or elements.number(_HIGH_BIT, "HighBit", stored - 1) != stored - 1:
        raise DicomError(
            f"damaged DICOM: {stored} bits stored in {allocated}, or not the low ones; export it again"
        )
    return allocated, stored, elements.number(_SIGNED, "PixelRepresentation", 0) == 1


def _window(elements: Elements) -> tuple[float, float] | None:
    """The first window, if there is a usable one."""
    try:
        centre, width = (float(elements.text(tag).split("\\")[0]) for tag in _WINDOW)
    except ValueError:
        return None
    return (centre, width) if math.isfinite(centre) and math.isfinite(width) and width > 1 else None


def _palette(elements: Elements) -> tuple[Palette, ...]:
    return tuple(_channel(elements, descriptor, data) for descriptor, data in _PALETTES)


def _channel(elements: Elements, descriptor: int, data: int) -> Palette:
    described = elements.numbers(descriptor)
    if len(described) != 3 or described[2] not in (8, 16):
        raise DicomError("damaged DICOM: PALETTE COLOR without a palette of 8 or 16 bits; export it as RGB")
    entries, first, bits = described[0] or 65_536, described[1], described[2]
    raw = elements.values[data]
    if bits == 16:
        values = bytes(number >> 8 for number in elements.numbers(data))
    elif len(raw) >= 2 * entries:  # an entry a word, as some write them
        values = bytes(number & 255 for number in elements.numbers(data))
    else:
        words = elements.numbers(data)
        values = raw if elements.syntax.little_endian else struct.pack(f"<{len(words)}H", *words)
    if len(values) < entries:
        raise DicomError(
            f"damaged DICOM: its palette has {len(values)} of {entries} entries; export it as RGB"
        )
    return Palette(first, values[:entries])


def _frames(elements: Elements, frame_bytes: int, *, swapped: bool) -> tuple[tuple[memoryview, ...], ...]:
    said = elements.text(_FRAMES) or "1"
    if not (said.isascii() and said.isdigit() and len(said) <= 9 and 0 < int(said) <= _MAX_FRAMES):
        raise DicomError(f"NumberOfFrames is not between 1 and {_MAX_FRAMES}; export single images")
    number = int(said)
    if (elements.length is None) != (elements.syntax.codec is not None):
        raise DicomError("damaged DICOM: pixels not stored as the transfer syntax says; export it again")
    if elements.length is None:
        return _compressed_frames(elements.pixels, number)
    there = min(elements.length, len(elements.pixels))
    if there < frame_bytes * number:
        raise DicomError(
            f"damaged DICOM: {there} bytes of pixels, expected {frame_bytes * number}; export it again"
        )
    pixels = elements.pixels
    if (
        swapped and not elements.syntax.little_endian
    ):  # 8-bit samples in words, the first of two in the low byte
        pixels = memoryview(np.frombuffer(pixels[: there // 2 * 2], dtype=">u2").astype("<u2").tobytes())
    starts = range(0, frame_bytes * number, frame_bytes)
    return tuple((pixels[start : start + frame_bytes],) for start in starts)


def _compressed_frames(pixels: memoryview, number: int) -> tuple[tuple[memoryview, ...], ...]:
    """The fragments of each frame; the first item is a table of where frames begin, and often empty."""
    places = _items(pixels)
    table, fragments = places[0], places[1:]
    pieces = [pixels[start:end] for start, end in fragments]
    if number == 1:
        return (tuple(pieces),)
    if len(pieces) == number:
        return tuple((piece,) for piece in pieces)
    offsets = [offset for (offset,) in struct.iter_unpack("<I", _whole_words(pixels[table[0] : table[1]]))]
    origin = fragments[0][0] - 8
    begins = {start - 8 - origin: index for index, (start, _) in enumerate(fragments)}
    firsts = [begins[offset] for offset in offsets if offset in begins]
    if len(offsets) != number or len(firsts) != number or firsts != sorted(set(firsts)):
        raise DicomError(
            f"damaged DICOM: {number} frames, but {len(pieces)} fragments that do not say whose; export again"
        )
    ends = [*firsts[1:], len(pieces)]
    return tuple(tuple(pieces[first:end]) for first, end in zip(firsts, ends, strict=True))


def _whole_words(table: memoryview) -> memoryview:
    return table[: len(table) // 4 * 4]


def _items(pixels: memoryview) -> list[tuple[int, int]]:
    """Start and end of each item, the table of offsets first; there are at least two."""
    places: list[tuple[int, int]] = []
    position = 0
    while position + 8 <= len(pixels) and len(places) <= _MAX_FRAGMENTS:
        mark, length = struct.unpack_from("<II", pixels, position)
        start = position + 8
        if mark == _END_OF_ITEMS:
            break
        if mark != _ITEM or start + length > len(pixels):
            raise DicomError("damaged DICOM: fragments of pixels cut off; export or download it again")
        places.append((start, start + length))
        position = start + length
    if not 2 <= len(places) <= _MAX_FRAGMENTS:
        raise DicomError(
            f"damaged DICOM: {max(0, len(places) - 1)} fragments of pixels; export or download it again"
        )
    return places
