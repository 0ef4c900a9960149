"""Photographs as people have them, and what else they drop."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from dermdistill.data.synthetic.image import SyntheticImage

ORIENTATION = 0x0112


def picture(number: int, width: int = 300, height: int = 260) -> Image.Image:
    """A lesion off the centre, so that every way of turning it looks another."""
    drawn = SyntheticImage(11, number, 0, max(width, height), 1.0, number % 2 == 0).decode()
    return Image.fromarray(drawn[:height, :width])


def write_kinds(folder: Path) -> list[Path]:
    """A file of every kind that page and program read."""
    one = picture(0)
    grey16 = np.asarray(picture(1).convert("L")).astype(np.uint16) * 257
    kinds: dict[str, Callable[[Path], None]] = {
        "sampled.jpg": lambda path: one.save(path, quality=90),
        "odd sides.jpg": lambda path: picture(2, 399, 387).save(path, quality=80, subsampling=0),
        "progressive.jpeg": lambda path: picture(3).save(path, quality=70, progressive=True, subsampling=1),
        "grey.jpg": lambda path: picture(4).convert("L").save(path),
        "inks.jpg": lambda path: picture(5).convert("CMYK").save(path, quality=95),
        "small.png": lambda path: picture(6, 70, 60).save(path),
        "grey16.png": lambda path: Image.fromarray(grey16).save(path),
        "palette.png": lambda path: picture(7).quantize(64).save(path),
        "opaque.png": lambda path: picture(8).convert("RGBA").save(path),
        "lossy.webp": lambda path: picture(9).save(path, quality=85),
        "lossless.webp": lambda path: picture(10).save(path, lossless=True),
        "one.bmp": lambda path: picture(11, 201, 177).save(path),
        "grey.bmp": lambda path: picture(12).convert("L").save(path),
        "one.gif": lambda path: picture(13).save(path),
        "blurred.jpg": lambda path: picture(14, 20, 20).resize((500, 400)).save(path),
        "blue.png": lambda path: Image.new("RGB", (200, 200), (20, 20, 250)).save(path),
        "=formula.jpg": lambda path: one.save(path),
        "comma, and 'quote'.jpg": lambda path: one.save(path),
    }
    for name, write in kinds.items():
        write(folder / name)
    return [folder / name for name in kinds]


def write_turned(folder: Path) -> list[Path]:
    """One photograph stored in all eight ways; EXIF says which, in PNG and WebP too, or XMP does."""
    one, paths = picture(15, 340, 280), []
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        paths.append(folder / f"exif {orientation}.jpg")
        one.save(paths[-1], quality=90, exif=exif)
        if orientation in (3, 6):
            for ending in ("png", "webp"):
                paths.append(folder / f"exif {orientation}.{ending}")
                one.save(paths[-1], exif=exif)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'
    paths.append(folder / "xmp 8.jpg")
    one.save(paths[-1], quality=90, xmp=xmp)
    paths.append(folder / "xmp 8.png")
    about = PngImagePlugin.PngInfo()
    about.add_itxt("XML:com.adobe.xmp", xmp.decode())
    one.save(paths[-1], pnginfo=about)
    return paths


def write_large(path: Path) -> Path:
    """A photograph of 12 megapixels, as telephones take it."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture(16, 500, 375).resize((4001, 3001)).save(path, quality=85, exif=exif)
    return path


def write_unusable(folder: Path) -> list[Path]:
    """What cannot be scored, each for a reason of its own."""
    one = picture(17)
    frames = [picture(18), picture(19)]
    clear = picture(20).convert("RGBA")
    clear.putpixel((5, 5), (0, 0, 0, 254))
    contents = {
        "telephone.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
        "named.jpg": b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(100),
        "one.avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(100),
        "film.mp4": b"\0\0\0\x18ftypisom\0\0\0\0isomavc1" + bytes(100),
        "raw.cr3": b"\0\0\0\x18ftypcrx \0\0\0\0crx isom" + bytes(100),
        "one.jxl": b"\xff\x0a" + bytes(100),
        "letter.pdf": b"%PDF-1.7\n" + bytes(100),
        "drawing.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "page.jpg": b"<!DOCTYPE html><title>Not found</title>",
        "packed.zip": b"PK\x03\x04" + bytes(100),
        "empty.jpg": b"",
        "cut.jpg": encoded(one, "JPEG")[:-700],
        "header.jpg": encoded(one, "JPEG")[:300],
        "filled.jpg": encoded(one, "JPEG")[:2000] + bytes(3000),
        "cut.png": encoded(one, "PNG")[:-5000],
        "cut.webp": encoded(one, "WEBP")[:-500],
        "cut.gif": encoded(one, "GIF")[:-2000],
        "cut.bmp": encoded(one, "BMP")[:-2000],
        "changed.png": changed_png(encoded(one, "PNG")),
        "film.gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "film.webp": encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "film.png": encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        "clear.png": encoded(clear, "PNG"),
        "bomb.png": png_of_size(9_000, 9_000),
        "long.png": png_of_size(70_000, 10),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    """The bytes of a file."""
    content = io.BytesIO()
    image.save(content, format, **options)
    return content.getvalue()


def changed_png(content: bytes) -> bytes:
    """With a byte in the middle of the pixels that is another, as a bad disk gives."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def png_of_size(width: int, height: int) -> bytes:
    """A file of a hundred bytes that claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
