"""The formats that Pillow reads: what a file was, and files made to cost much."""

import io
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from dermdistill.data.decoding.raster import decode_raster
from dermdistill.errors import UserError


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with(*chunks: bytes) -> bytes:
    content = encoded(PICTURE, "PNG")
    return content[:33] + b"".join(chunks) + content[33:]


def tiff(entries: list[tuple[int, int, int, int]], tail: bytes = b"") -> bytes:
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(entries)) + directory + bytes(4) + tail


class TestWhatItWas:
    @pytest.mark.parametrize(
        ("mode", "kind", "colours"),
        [
            ("RGB", "PNG", "RGB"),
            ("L", "PNG", "greyscale"),
            ("1", "PNG", "greyscale"),
            ("I;16", "PNG", "greyscale"),
            ("P", "GIF", "palette"),
            ("CMYK", "TIFF", "CMYK"),
            ("RGBA", "WEBP", "RGB"),
        ],
    )
    def test_colours(self, mode: str, kind: str, colours: str) -> None:
        image = Image.fromarray(np.zeros((4, 4), np.uint16)) if mode == "I;16" else PICTURE.convert(mode)
        assert decode_raster(encoded(image, kind), "a").colours == colours

    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
    def test_size_is_of_the_upright_image(self, kind: str) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        decoded = decode_raster(encoded(PICTURE, kind, exif=exif), "a")
        assert (decoded.width, decoded.height) == (20, 30)
        assert decoded.pixels.shape == (30, 20, 3)


@pytest.fixture
def unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused must not have reached Pillow, which would work on it for long."""
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened"))


class TestHostile:
    @pytest.mark.usefixtures("unopened")
    def test_a_flood_of_png_chunks(self) -> None:
        content = png_with(chunk(b"teXt", b"") * 2_000_000)
        with pytest.raises(UserError, match="more than 50000 chunks, which no program writes; save it anew"):
            decode_raster(content, "flood.png")

    @pytest.mark.parametrize(
        "bomb",
        [
            chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(50_000_000))),
            chunk(b"iCCP", b"a\x00\x00" + zlib.compress(bytes(50_000_000))),
            chunk(b"iTXt", b"a\x00\x01\x00\x00\x00" + zlib.compress(bytes(50_000_000))),
        ],
        ids=["zTXt", "iCCP", "iTXt"],
    )
    def test_text_and_profiles_that_inflate(self, bomb: bytes) -> None:
        with pytest.raises(UserError, match=r"bomb\.png: damaged image \("):
            decode_raster(png_with(bomb), "bomb.png")

    @pytest.mark.usefixtures("unopened")
    @pytest.mark.parametrize("kind", [3, 4], ids=["short", "long"])
    def test_a_tiff_of_millions_of_strips(self, kind: int) -> None:
        strips = 2_000_000
        entries = [
            (256, 4, 1, 1),
            (257, 4, 1, strips),
            (258, 3, 1, 8),
            (259, 3, 1, 1),
            (262, 3, 1, 1),
            (273, kind, strips, 200),
            (278, 4, 1, 1),
        ]
        with pytest.raises(UserError, match="a TIFF of more than 65535 strips or values; save it anew"):
            decode_raster(tiff(entries, bytes(strips * 4)), "strips.tif")

    def test_a_tiff_whose_directories_go_in_a_circle(self) -> None:
        content = bytearray(encoded(PICTURE, "TIFF"))
        (start,) = struct.unpack_from("<I", content, 4)
        (number,) = struct.unpack_from("<H", content, start)
        struct.pack_into("<I", content, start + 2 + 12 * number, start)
        assert decode_raster(bytes(content), "a.tif").pixels.shape == (20, 30, 3)

    def test_a_gif_of_many_frames_is_left_after_the_second(self, monkeypatch: pytest.MonkeyPatch) -> None:
        content = encoded(PICTURE.convert("P"), "GIF")
        frame = content[content.index(b",") : -1]
        furthest = 0

        class Watched(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                nonlocal furthest
                result = super().read(size)
                furthest = max(furthest, self.tell())
                return result

        monkeypatch.setattr(io, "BytesIO", Watched)
        with pytest.raises(UserError, match="holds several frames"):
            decode_raster(content[:-1] + frame * 1_000 + b";", "a.gif")
        assert 0 < furthest < len(content) + 3 * len(frame)

    @pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
    def test_malformed_profiles_and_exif_change_nothing(self, kind: str) -> None:
        exif = {} if kind == "TIFF" else {"exif": b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff"}
        content = encoded(PICTURE, kind, icc_profile=b"\xff" * 200, **exif)
        assert decode_raster(content, "a").pixels.shape == (20, 30, 3)

    def test_malformed_xmp(self) -> None:
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="9"><!ENTITY a "&a;&a;">')
        content = encoded(PICTURE, "PNG", pnginfo=text)
        assert decode_raster(content, "a.png").pixels.shape == (20, 30, 3)

    def test_settings_of_pillow_are_left_alone(self) -> None:
        before = (Image.MAX_IMAGE_PIXELS, len(warnings.filters))
        decode_raster(encoded(PICTURE, "PNG"), "a.png")
        decode_raster(encoded(PICTURE, "PNG"), "a.png")
        assert before[0] == Image.MAX_IMAGE_PIXELS
        assert len(warnings.filters) <= before[1] + 1

    def test_what_pillow_warns_of_stays_inside_in_every_thread(self) -> None:
        """Each of these files makes Pillow warn, which is an error in these tests."""
        good = encoded(PICTURE, "TIFF")
        (start,) = struct.unpack_from("<I", good, 4)
        content = bytearray(good)
        content[start + 2 + 12 * 9 : start + 2 + 12 * 10] = struct.pack("<HHII", 34665, 4, 3, 2**31)
        with pytest.warns(UserWarning, match="Truncated"), Image.open(io.BytesIO(bytes(content))) as image:
            image.load()
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _: decode_raster(bytes(content), "a.tif"), range(200)))
        assert all(np.array_equal(result.pixels, np.asarray(PICTURE)) for result in results)
