"""Files of other formats are called by their names, whatever they are called."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.data.decoding.foreign import foreign_format
from dermdistill.data.images import read_image, read_image_bytes
from dermdistill.errors import UserError


def box(brand: bytes, *compatible: bytes) -> bytes:
    """The first box of an ISO media file (ISO 14496-12)."""
    return struct.pack(">I", 16 + 4 * len(compatible)) + b"ftyp" + brand + bytes(4) + b"".join(compatible)


def tiff(order: str, *entries: tuple[int, int]) -> bytes:
    """A TIFF directory of long values."""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(entries))
    return (
        start + b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in entries) + bytes(4)
    )


FOREIGN = {
    "HEIC": [
        box(b"heic", b"mif1", b"heic"),
        box(b"mif1", b"mif1", b"heic", b"hevc"),
        box(b"heix"),
        box(b"msf1"),
    ],
    "AVIF": [box(b"avif", b"mif1", b"miaf"), box(b"mif1", b"avif"), box(b"avis", b"msf1")],
    "JPEG XL": [b"\xff\x0a\xfa\x1f", b"\x00\x00\x00\x0cJXL \r\n\x87\n"],
    "JPEG 2000": [b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51\x00"],
    "a camera's RAW file": [
        box(b"crx ", b"crx ", b"isom"),
        b"FUJIFILMCCD-RAW 0201",
        b"IIU\x00\x18",
        b"IIRO\x08\0\0\0",
        b"II*\x00\x10\x00\x00\x00CR\x02\x00",
        tiff("<", (254, 1), (330, 200)),
        tiff(">", (254, 1), (330, 200)),
        tiff("<", (254, 1), (50706, 0x0401)),
    ],
    "a video": [box(b"isom", b"mp42"), box(b"qt  "), b"RIFF\0\0\0\0AVI LIST", b"\x1aE\xdf\xa3"],
    "a PDF document": [b"%PDF-1.7"],
    "a Photoshop file": [b"8BPS\x00\x01"],
    "an SVG drawing": [b'<?xml version="1.0"?>\n<svg xmlns="">', b"\xef\xbb\xbf<svg>"],
    "a web page": [b"\n<!DOCTYPE html><html>", b"<HTML><head>"],
    "a pointer of Git LFS": [b"version https://git-lfs.github.com/spec/v1\noid sha256:"],
    "an archive": [b"PK\x03\x04", b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a"],
    "not the photograph but what macOS keeps beside it": [b"\x00\x05\x16\x07\x00\x02"],
    "a NumPy array": [b"\x93NUMPY\x01\x00"],
}


@pytest.mark.parametrize(
    ("name", "content"),
    [(name, content) for name, contents in FOREIGN.items() for content in contents],
)
def test_the_error_names_the_format_and_says_what_to_do(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_image(path)
    assert str(caught.value).startswith(f"{path}: {name}")
    assert any(word in str(caught.value) for word in ("save", "unpack", "fetch", "download", "name the file"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "BMP", "GIF", "JPEG"])
def test_formats_that_are_read_are_none_of_these(kind: str) -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((9, 8, 3), 130, dtype=np.uint8)).save(file, kind)
    assert foreign_format(file.getvalue()) is None
    assert read_image_bytes(file.getvalue(), "image").pixels.shape == (9, 8, 3)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pages_of_a_plain_tiff_are_no_raw_file(order: str) -> None:
    assert foreign_format(tiff(order, (254, 0), (256, 1))) is None
    assert foreign_format(tiff(order, (254, 1))) is None
    assert foreign_format(tiff(order, (254, 1), (330, 8))[:20]) is None


def test_a_dng_that_pillow_would_open_is_not_taken_for_its_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "photo.dng"
    Image.fromarray(np.zeros((6, 6, 3), dtype=np.uint8)).save(path, "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(UserError, match=r"photo\.dng: a camera's RAW file"):
        read_image(path)


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"II*", b"ftyp", b"\0\0\0\x10ftyp", b"MM\0*\xff\xff\xff\xff"]
)
def test_fragments_are_looked_at_without_harm(content: bytes) -> None:
    foreign_format(content)
