"""What a file is that this program does not read, by its first bytes: its name, and what to do about it."""

import struct

_AS_JPEG = "which is not read here; save it as JPEG or PNG"
_RAW = f"a camera's RAW file, {_AS_JPEG}"
_VIDEO = "a video; save the frame that is meant as JPEG or PNG"
_ARCHIVE = "an archive; unpack it"
_HEIF = f"HEIC (HEIF), {_AS_JPEG}; an iPhone takes JPEG under Settings, Camera, Formats, Most Compatible"

# ISO 14496-12: four bytes of size, "ftyp", the major brand, a version, and the compatible brands.
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), f"AVIF, {_AS_JPEG}"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), _HEIF),
    b"crx ": _RAW,
    b"mif1": _HEIF,
    b"msf1": _HEIF,
}

_STARTS = {
    b"\x00\x00\x00\x0cJXL \r\n\x87\n": f"JPEG XL, {_AS_JPEG}",
    b"\xff\x0a": f"JPEG XL, {_AS_JPEG}",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n": f"JPEG 2000, {_AS_JPEG}",
    b"\xff\x4f\xff\x51": f"JPEG 2000, {_AS_JPEG}",
    b"II\xbc\x01": f"JPEG XR, {_AS_JPEG}",
    b"8BPS": f"a Photoshop file, {_AS_JPEG}",
    b"%PDF": "a PDF document; save the photograph in it as JPEG or PNG",
    b"%!PS": f"PostScript, {_AS_JPEG}",
    b"FUJIFILMCCD-RAW": _RAW,
    b"IIU\x00": _RAW,
    b"IIRO": _RAW,
    b"IIRS": _RAW,
    b"MMOR": _RAW,
    b"FOVb": _RAW,
    b"\x00MRM": _RAW,
    b"II\x1a\x00\x00\x00HEAPCCDR": _RAW,
    b"\x00\x05\x16\x07": "not the photograph but what macOS keeps beside it; name the file without '._'",
    b"\x93NUMPY": "a NumPy array; save each image as PNG",
    b"version https://git-lfs": "a pointer of Git LFS, not the image; fetch it with `git lfs pull`",
    b"PK\x03\x04": _ARCHIVE,
    b"\x1f\x8b": _ARCHIVE,
    b"7z\xbc\xaf\x27\x1c": _ARCHIVE,
    b"Rar!": _ARCHIVE,
    b"\x1aE\xdf\xa3": _VIDEO,
    b"\x00\x00\x01\xba": _VIDEO,
}

_SUBFILE_TYPE, _SUB_DIRECTORIES, _DNG_VERSION = 254, 330, 50706
_DIRECTORY_ENTRY = "HHI4s"
_MAX_ENTRIES = 200


def foreign_format(content: bytes) -> str | None:
    """What this file is and what to do, as the end of a message; None where it may be an image read here.

    A camera's RAW files that begin as a TIFF are named too: a TIFF reader would give the thumbnail in them.
    """
    if content[4:8] == b"ftyp":
        return _of_brands(content)
    if content.startswith(b"RIFF") and content[8:12] == b"AVI ":
        return _VIDEO
    found = next((what for start, what in _STARTS.items() if content.startswith(start)), None)
    if found is None and content[:2] in (b"II", b"MM"):
        return _RAW if _is_raw_tiff(content) else None
    return found or _of_markup(content[:1024])


def _of_brands(content: bytes) -> str:
    size = min(int.from_bytes(content[:4], "big"), 256)
    brands = [content[8:12], *(content[start : start + 4] for start in range(16, size, 4))]
    # AVIF files name the general brand of HEIF first in some programs.
    known = sorted((_BRANDS[brand] for brand in brands if brand in _BRANDS), key=lambda what: what == _HEIF)
    return known[0] if known else _VIDEO


def _of_markup(start: bytes) -> str | None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in text and text.startswith(b"<"):
        return f"an SVG drawing, {_AS_JPEG}"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page: the download went wrong; download the image again"
    return None


def _is_raw_tiff(content: bytes) -> bool:
    """DNG by its version, CR2 by its mark; NEF, ARW and others by a thumbnail before the photograph."""
    if content[8:10] == b"CR":
        return True
    order = "<" if content[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", content, 4)
        (number,) = struct.unpack_from(order + "H", content, start)
        entries = {
            tag: struct.unpack(order + "I", value)[0]
            for tag, _, _, value in (
                struct.unpack_from(order + _DIRECTORY_ENTRY, content, start + 2 + 12 * i)
                for i in range(min(number, _MAX_ENTRIES))
            )
        }
    except struct.error:  # cut off, or not a TIFF: who reads it says so
        return False
    thumbnail_first = bool(entries.get(_SUBFILE_TYPE, 0) & 1) and _SUB_DIRECTORIES in entries
    return _DNG_VERSION in entries or thumbnail_first
