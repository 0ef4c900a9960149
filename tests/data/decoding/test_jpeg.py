"""JPEG: halving, pixels, orientation, and files made to cost much."""

import base64
import io
import struct
from typing import Any

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dermdistill.data.decoding.jpeg import decode_bare_jpeg, decode_jpeg
from dermdistill.data.images import halve
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


SAMPLED_3_BY_1 = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62r"
    "Z4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk"
    "pKT/wAARCAAQABgDATEAAhEBAxEB/8QAFgAAAwAAAAAAAAAAAAAAAAAAAwQF/8QAHxAAAgEDBQEAAAAAAAAAAAAAAAIBAwQRBRITFCEx"
    "/8QAFgEBAQEAAAAAAAAAAAAAAAAAAwAB/8QAHBEAAgIDAQEAAAAAAAAAAAAAAQIAAxITQQRC/9oADAMBAAIRAxEAPwCqteG8J+pfQVvb"
    "s65B8rYVkn5lqIs28EYpThhrrrXjLA3jgnbBlq4KyjsS58VKz//Z"
)


class TestHalving:
    """What is halved here is what the pixels halved afterwards would be."""

    @pytest.mark.parametrize("shape", [(450, 600), (451, 601), (385, 999), (60, 60)])
    @pytest.mark.parametrize("orientation", [1, 3, 6])
    def test_is_that_of_the_upright_image(self, shape: tuple[int, int], orientation: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = jpeg(scene(*shape), exif=exif)
        full = decode_jpeg(content, "a.jpg")
        halved = decode_jpeg(content, "a.jpg", 150)
        assert np.array_equal(halved.pixels, halve(full.pixels, 150))
        assert min(halved.pixels.shape[:2]) < 150
        assert (halved.width, halved.height) == full.pixels.shape[1::-1]

    def test_an_image_is_not_overwritten_by_the_next(self) -> None:
        first = decode_jpeg(jpeg(scene(450, 600)), "a.jpg", 150).pixels
        before = first.copy()
        decode_jpeg(jpeg(255 - scene(450, 600)), "b.jpg", 150)
        assert np.array_equal(first, before)

    def test_damage_is_seen(self) -> None:
        with pytest.raises(UserError, match=r"a\.jpg: damaged JPEG"):
            decode_jpeg(jpeg(scene(450, 600))[:-3000], "a.jpg", 100)


class TestPillow:
    """The pixels are Pillow's to the bit: what is scored from a file and from a Pillow image is the same."""

    def same(self, content: bytes) -> None:
        with Image.open(io.BytesIO(content)) as image:
            reference = np.asarray(image.convert("RGB"))
        assert np.array_equal(decode_jpeg(content, "a.jpg").pixels, reference)

    @pytest.mark.parametrize("sampling", ["444", "422", "420", "440", "411", "Gray"])
    @pytest.mark.parametrize("shape", [(61, 83), (16, 16), (1, 1)])
    def test_samplings(self, sampling: str, shape: tuple[int, int]) -> None:
        self.same(simplejpeg.encode_jpeg(scene(*shape), quality=80, colorsubsampling=sampling))

    def test_an_unusual_sampling(self) -> None:
        """Of 3 x 1 pixels a colour, by cjpeg."""
        self.same(base64.b64decode(SAMPLED_3_BY_1))
        with pytest.raises(UserError, match=r"a\.jpg: damaged image"):
            decode_jpeg(base64.b64decode(SAMPLED_3_BY_1)[:-20], "a.jpg")

    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    @pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 30}])
    def test_kinds(self, mode: str, options: dict[str, Any]) -> None:
        stream = io.BytesIO()
        Image.fromarray(scene(61, 83)).convert(mode).save(stream, "JPEG", **options)
        self.same(stream.getvalue())

    def test_colours_stored_as_rgb(self) -> None:
        self.same(jpeg(scene(61, 83), keep_rgb=True))


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
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize(
        ("kind", "code"), [(3, "H"), (4, "I"), (6, "b"), (8, "h"), (9, "i"), (7, "B"), (2, "B")]
    )
    def test_a_number_of_any_type_is_read_as_pillow_reads_it(self, order: str, kind: int, code: str) -> None:
        value = struct.pack(order + code, 6).ljust(4, b"\x00")
        tiff = {"<": b"II*\x00", ">": b"MM\x00*"}[order] + struct.pack(order + "IHHHI", 8, 1, 0x0112, kind, 1)
        content = with_segment(jpeg(scene(20, 30)), 0xE1, b"Exif\x00\x00" + tiff + value + bytes(4))
        with Image.open(io.BytesIO(content)) as image:
            upright = ImageOps.exif_transpose(image)
        assert np.array_equal(decode_jpeg(content, "a.jpg").pixels, np.asarray(upright))

    def test_xmp_speaks_where_there_is_no_exif(self) -> None:
        xmp = b'http://ns.adobe.com/xap/1.0/\x00<x tiff:Orientation="6"/>'
        assert decode_jpeg(with_segment(jpeg(scene(20, 30)), 0xE1, xmp), "a.jpg").pixels.shape == (30, 20, 3)

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
