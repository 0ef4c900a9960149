"""JPEG: reduced decoding, orientation, and files made to cost much."""

import io
import struct
from typing import Any

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from dermdistill.data.decoding.jpeg import decode_bare_jpeg, decode_jpeg
from dermdistill.data.images import resize
from dermdistill.errors import UserError


def scene(height: int, width: int) -> NDArray[np.uint8]:
    """Skin, a dark blob with a rough edge, and noise: detail at every scale."""
    noise = np.random.default_rng(0).normal(0, 6, (height, width, 3))
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    blob = (x**2 + y**2 + 0.1 * np.sin(12 * np.arctan2(y, x)) < 0.4)[..., None]
    return np.clip(np.where(blob, [90, 60, 50], [210, 170, 150]) + noise, 0, 255).astype(np.uint8)


def jpeg(pixels: NDArray[np.uint8], **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **{"quality": 90, **options})
    return stream.getvalue()


def with_segment(content: bytes, marker: int, payload: bytes) -> bytes:
    return content[:2] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + content[2:]


class TestReduced:
    @pytest.mark.parametrize(
        ("at_least", "shape"),
        [
            (None, (450, 600)),
            (300, (450, 600)),
            (226, (450, 600)),
            (225, (225, 300)),
            (113, (113, 150)),
            (57, (57, 75)),
            (1, (57, 75)),
        ],
    )
    def test_halves_as_long_as_both_sides_stay(self, at_least: int | None, shape: tuple[int, int]) -> None:
        decoded = decode_jpeg(jpeg(scene(450, 600)), "a.jpg", at_least)
        assert decoded.pixels.shape == (*shape, 3)
        assert (decoded.width, decoded.height) == (600, 450)

    @pytest.mark.parametrize(("size", "mean"), [(224, 1.5), (112, 1.0)])
    def test_is_close_to_the_full_image_after_the_resize(self, size: int, mean: float) -> None:
        content = jpeg(scene(450, 600))
        full = resize(decode_jpeg(content, "a.jpg").pixels, size).astype(int)
        reduced = resize(decode_jpeg(content, "a.jpg", 224).pixels, size).astype(int)
        assert np.abs(full - reduced).mean() < mean

    def test_without_it_the_pixels_are_libjpegs(self) -> None:
        content = jpeg(scene(61, 83), subsampling=0)
        reference = np.asarray(Image.open(io.BytesIO(content)))
        assert np.abs(decode_jpeg(content, "a.jpg").pixels.astype(int) - reference).max() <= 1

    def test_a_reduced_image_is_turned_upright_too(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        decoded = decode_jpeg(jpeg(scene(450, 600), exif=exif), "a.jpg", 225)
        assert decoded.pixels.shape == (300, 225, 3)
        assert (decoded.width, decoded.height) == (450, 600)

    def test_damage_is_seen_in_a_reduced_image(self) -> None:
        with pytest.raises(UserError, match=r"a\.jpg: damaged JPEG"):
            decode_jpeg(jpeg(scene(450, 600))[:-3000], "a.jpg", 100)


class TestColours:
    @pytest.mark.parametrize(("mode", "colours"), [("RGB", "RGB"), ("L", "greyscale"), ("CMYK", "CMYK")])
    def test_are_told(self, mode: str, colours: str) -> None:
        stream = io.BytesIO()
        Image.fromarray(scene(16, 16)).convert(mode).save(stream, "JPEG")
        assert decode_jpeg(stream.getvalue(), "a.jpg").colours == colours

    def test_a_bare_stream_takes_the_colours_it_is_said_to_have(self) -> None:
        red = np.full((16, 16, 3), (200, 30, 40), np.uint8)
        stored = np.asarray(Image.fromarray(red).convert("YCbCr"))
        content = jpeg(red, quality=98, subsampling=0)
        jfif = content.index(b"\xff\xe0")
        bare = content[:jfif] + content[jfif + 18 :]  # without the JFIF marker, which settles the colours
        as_ycbcr = decode_bare_jpeg(bare, "a", stored="YCbCr").pixels.astype(int)
        as_rgb = decode_bare_jpeg(bare, "a", stored="RGB").pixels.astype(int)
        assert np.abs(as_ycbcr - red).max() <= 3
        assert np.abs(as_rgb - stored).max() <= 3


class TestOrientation:
    def test_xmp_speaks_where_exif_does_not(self) -> None:
        content = with_segment(jpeg(scene(20, 30)), 0xE1, b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00")
        xmp = b'http://ns.adobe.com/xap/1.0/\x00<x tiff:Orientation="8"/>'
        assert decode_jpeg(with_segment(content, 0xE1, xmp), "a.jpg").pixels.shape == (30, 20, 3)

    @pytest.mark.parametrize(
        "exif",
        [
            b"",
            b"II*\x00",
            b"II*\x00\xff\xff\xff\x7f",
            b"II*\x00\x08\x00\x00\x00\xff\xff",
            b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\xff\xff\xff\xff\x00\x06\x00\x00",
            b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x63\x00\x00",
            b"XX*\x00\x08\x00\x00\x00",
        ],
        ids=["empty", "cut", "far", "entries-cut", "count", "value", "order"],
    )
    def test_malformed_exif_leaves_the_image_as_it_lies(self, exif: bytes) -> None:
        content = with_segment(jpeg(scene(20, 30)), 0xE1, b"Exif\x00\x00" + exif)
        assert decode_jpeg(content, "a.jpg").pixels.shape == (20, 30, 3)

    def test_profiles_are_not_looked_at_unless_their_segments_do_not_add_up(self) -> None:
        nonsense = with_segment(jpeg(scene(20, 30)), 0xE2, b"ICC_PROFILE\x00\x01\x01" + b"\xff" * 99)
        assert decode_jpeg(nonsense, "a.jpg").pixels.shape == (20, 30, 3)
        part_of_255 = with_segment(jpeg(scene(20, 30)), 0xE2, b"ICC_PROFILE\x00\x01\xff" + b"\xff" * 99)
        with pytest.raises(UserError, match=r"a\.jpg: damaged JPEG \(.*ICC"):
            decode_jpeg(part_of_255, "a.jpg")


class TestHostile:
    def scan_bomb(self, scans: int) -> bytes:
        content = jpeg(np.full((3000, 4000, 3), 120, np.uint8), progressive=True)
        last = content.rindex(b"\xff\xda")
        return content[:-2] + content[last:-2] * scans + content[-2:]

    def test_thousands_of_scans_are_refused_before_they_are_decoded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(simplejpeg, "decode_jpeg", lambda *_, **__: pytest.fail("decoded"))
        with pytest.raises(UserError, match="more than 100 scans or 10000 segments, which no camera writes"):
            decode_jpeg(self.scan_bomb(20_000), "bomb.jpg")

    def test_thousands_of_segments_among_scans(self) -> None:
        content = b"\xff\xd8" + b"\xff\xfe\x00\x02" * 20_000 + self.scan_bomb(200)[2:]
        with pytest.raises(UserError, match="which no camera writes"):
            decode_jpeg(content, "bomb.jpg")

    def test_marks_of_scans_behind_the_image_do_not_count(self) -> None:
        film = b"\xff\xda" * 5_000
        assert decode_jpeg(jpeg(scene(20, 30)) + film, "phone.jpg").pixels.shape == (20, 30, 3)

    @pytest.mark.parametrize(
        "tail", [b"PK\x05\x06" + b"\x00" * 18, b"<html><script>alert(1)</script>", b"%PDF-1.7"]
    )
    def test_a_polyglot_is_the_image_that_it_begins_with(self, tail: bytes) -> None:
        content = jpeg(scene(20, 30))
        expected = decode_jpeg(content, "a.jpg").pixels
        assert np.array_equal(decode_jpeg(content + tail, "a.jpg").pixels, expected)
