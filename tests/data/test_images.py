import io
import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from dermdistill.data.decoding.limits import MAX_PIXELS
from dermdistill.data.images import ImageFile, InputSpec, halve, read_image, read_image_bytes, resize
from dermdistill.errors import UserError


def colours(height: int = 40, width: int = 64) -> NDArray[np.uint8]:
    """A smooth RGB image whose four corners all differ."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 127 // (width + height - 2))
    return np.stack(channels, axis=-1).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces an image of this size and holds no pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int) -> bytes:
    """A JPEG whose header announces another size than it holds."""
    content = bytearray(encoded(Image.fromarray(colours()), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


class TestDecode:
    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
    def test_lossless_formats_give_the_same_pixels(self, kind: str) -> None:
        assert np.array_equal(
            read_image_bytes(encoded(Image.fromarray(colours()), kind), "image").pixels, colours()
        )

    def test_webp(self) -> None:
        content = encoded(Image.fromarray(colours()), "WEBP", lossless=True)
        assert np.array_equal(read_image_bytes(content, "image").pixels, colours())

    @pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
    def test_jpeg_equals_pillow(self, options: dict[str, Any]) -> None:
        content = encoded(Image.fromarray(colours()), "JPEG", quality=90, **options)
        reference = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        assert np.array_equal(read_image_bytes(content, "image").pixels, reference)

    def test_grey_jpeg_becomes_rgb(self) -> None:
        grey = Image.fromarray(colours()).convert("L")
        pixels = read_image_bytes(encoded(grey, "JPEG", quality=95), "image").pixels
        assert pixels.shape == (40, 64, 3)
        assert np.abs(pixels.astype(int) - np.asarray(grey)[..., None].astype(int)).max() <= 6

    def test_cmyk_jpeg_keeps_its_colours(self) -> None:
        cmyk = Image.new("RGB", (32, 32), (200, 60, 30)).convert("CMYK")
        pixels = read_image_bytes(encoded(cmyk, "JPEG", quality=95), "image").pixels
        assert np.abs(pixels.astype(int) - [200, 60, 30]).max() <= 3

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_exif_orientation_turns_the_image_upright(self, kind: str, orientation: int) -> None:
        upright = Image.fromarray(colours())
        # How a camera stores the upright picture for each value of the tag: the inverse of the correction.
        stored_by = {
            2: Image.Transpose.FLIP_LEFT_RIGHT,
            3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270,
        }
        stored = upright.transpose(stored_by[orientation]) if orientation > 1 else upright
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
        pixels = read_image_bytes(encoded(stored, kind, exif=exif, **options), "image").pixels
        assert pixels.shape == (40, 64, 3)
        assert np.abs(pixels.astype(int) - colours().astype(int)).max() <= 12

    def test_unreadable_exif_leaves_the_image_as_it_is(self) -> None:
        content = encoded(Image.fromarray(colours()), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
        assert read_image_bytes(content, "image").pixels.shape == (40, 64, 3)

    def test_palette(self) -> None:
        palette = Image.fromarray(colours()).quantize(16)
        assert np.array_equal(
            read_image_bytes(encoded(palette, "PNG"), "image").pixels, np.asarray(palette.convert("RGB"))
        )

    def test_one_bit(self) -> None:
        pixels = read_image_bytes(encoded(Image.new("1", (4, 4), 1), "PNG"), "image").pixels
        assert pixels.min() == 255

    def test_cmyk_tiff(self) -> None:
        content = encoded(Image.new("RGB", (4, 4), (200, 60, 30)).convert("CMYK"), "TIFF")
        assert np.abs(read_image_bytes(content, "image").pixels.astype(int) - [200, 60, 30]).max() <= 2

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_sixteen_bit_grey_is_scaled_and_not_clipped(self, kind: str) -> None:
        grey = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
        pixels = read_image_bytes(encoded(Image.fromarray(grey), kind), "image").pixels
        assert pixels[0, :, 0].tolist() == [0, 1, 128, 255]

    def test_an_opaque_alpha_channel_is_dropped(self) -> None:
        opaque = Image.fromarray(colours()).convert("RGBA")
        assert np.array_equal(read_image_bytes(encoded(opaque, "PNG"), "image").pixels, colours())

    def test_a_format_is_known_by_its_content(self, tmp_path: Path) -> None:
        path = tmp_path / "really-a-png.jpg"
        path.write_bytes(encoded(Image.fromarray(colours()), "PNG"))
        assert np.array_equal(read_image(path).pixels, colours())

    def test_pixels_are_writable(self) -> None:
        for kind in ("PNG", "JPEG"):
            assert read_image_bytes(encoded(Image.fromarray(colours()), kind), "image").pixels.flags.writeable


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "lesion.jpg: the file is empty"),
            (b"this is not a picture", "lesion.jpg: not an image; expected one of JPEG, PNG"),
            (b"\xff\xd8 but no JPEG", "lesion.jpg: damaged JPEG"),
            (encoded(Image.fromarray(colours()), "JPEG")[:-200], "lesion.jpg: damaged JPEG"),
            (encoded(Image.fromarray(colours()), "JPEG")[:-2], "lesion.jpg: damaged JPEG"),
            (encoded(Image.fromarray(colours()), "PNG")[:-100], "lesion.jpg: damaged image"),
            (png_header(4, 4), "lesion.jpg: damaged image"),
            (png_header(100_000, 1_000), "100000 x 1000 is above the limit of 50 megapixels"),
            (png_header(60_000, 60_000), "above the limit of 50 megapixels"),
            (jpeg_claiming(60_000, 60_000), "60000 x 60000 is above the limit of 50 megapixels"),
            (encoded(Image.new("F", (4, 4)), "TIFF"), "pixels of kind 'F' are not supported"),
            (encoded(Image.new("RGBA", (4, 4), (9, 9, 9, 128)), "PNG"), "has transparent pixels"),
            (encoded(Image.new("LA", (4, 4), (9, 0)), "PNG"), "has transparent pixels"),
        ],
        ids=[
            "empty",
            "text",
            "not-quite-jpeg",
            "truncated-jpeg",
            "jpeg-without-end",
            "truncated-png",
            "png-without-pixels",
            "bomb-png",
            "large-bomb-png",
            "bomb-jpeg",
            "float-tiff",
            "translucent",
            "transparent-grey",
        ],
    )
    def test_one_clear_line(self, content: bytes, message: str) -> None:
        with pytest.raises(UserError) as caught:
            read_image_bytes(content, "lesion.jpg")
        assert message in str(caught.value)
        assert "lesion.jpg" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_jpeg_damaged_in_the_middle(self) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        content = bytearray(encoded(Image.fromarray(noise), "JPEG"))
        middle = len(content) // 2
        content[middle : middle + 4] = b"\xff\xd9\xff\xd9"
        with pytest.raises(UserError, match="damaged JPEG"):
            read_image_bytes(bytes(content), "image")

    def test_palette_with_transparency(self) -> None:
        palette = Image.fromarray(colours()).quantize(16)
        with pytest.raises(UserError, match="transparent pixels"):
            read_image_bytes(encoded(palette, "PNG", transparency=0), "image")

    @pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
    def test_several_frames(self, kind: str) -> None:
        frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in (0, 120, 250)]
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        with pytest.raises(UserError, match="holds several frames"):
            read_image_bytes(content, "image")

    def test_a_missing_file_and_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=r"gone\.jpg: no such image file"):
            read_image(tmp_path / "gone.jpg")
        with pytest.raises(UserError, match="not a regular file but a folder"):
            read_image(tmp_path)

    def test_the_limit_itself_is_allowed(self) -> None:
        with pytest.raises(UserError, match="damaged image"):
            read_image_bytes(png_header(MAX_PIXELS // 1000, 1000), "image")


class TestImageFile:
    def test_digest_follows_the_content_and_not_the_name(self, tmp_path: Path) -> None:
        for name, content in (("a.jpg", b"one"), ("b.jpg", b"one"), ("c.jpg", b"two")):
            (tmp_path / name).write_bytes(content)
        one, same, other = (ImageFile(tmp_path / name).digest() for name in ("a.jpg", "b.jpg", "c.jpg"))
        assert one == same != other

    def test_name_and_pixels(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        Image.fromarray(colours()).save(path)
        assert ImageFile(path).name == str(path)
        assert np.array_equal(ImageFile(path).decode(), colours())


class TestResize:
    def test_stretches_the_whole_image(self) -> None:
        pixels = resize(colours(40, 64), 32)
        assert pixels.shape == (32, 32, 3)
        corners = colours(40, 64)[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
        assert np.abs(pixels[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int) - corners).max() <= 8

    def test_is_antialiased(self) -> None:
        # Without a filter as wide as the reduction, stripes come out as they happen to be sampled.
        stripes = np.zeros((64, 64, 3), dtype=np.uint8)
        stripes[:, ::2] = 255
        assert np.abs(resize(stripes, 8).astype(int) - 127).max() <= 8

    def test_leaves_an_image_of_the_size_alone(self) -> None:
        assert np.array_equal(resize(colours(32, 32), 32), colours(32, 32))

    def test_halves_from_three_times_the_size(self) -> None:
        for shape, halvings in (((95, 120), 0), ((96, 120), 1), ((190, 500), 1), ((191, 500), 2)):
            pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
            expected = pixels
            for _ in range(halvings):
                expected = half(expected)
            expected = np.asarray(Image.fromarray(expected).resize((32, 32), Image.Resampling.BILINEAR))
            assert np.array_equal(resize(pixels, 32), expected)


def half(pixels: np.ndarray) -> np.ndarray:
    """As the documentation says: boxes of 2 x 2, rounded half up, the last of an odd side counted twice."""
    height, width = pixels.shape[:2]
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(int)
    total = even[::2, ::2] + even[::2, 1::2] + even[1::2, ::2] + even[1::2, 1::2]
    rounded: np.ndarray = (total + 2) >> 2
    return rounded.astype(np.uint8)


class TestHalve:
    @pytest.mark.parametrize("shape", [(4, 6), (5, 7), (2, 2), (3, 2), (64, 37)])
    def test_against_numpy(self, shape: tuple[int, int]) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
        assert np.array_equal(halve(pixels, min(shape)), half(pixels))

    def test_every_sum_of_four_and_of_two(self) -> None:
        """All sums of four pixels, 0 to 1020, in boxes; all sums of two at an odd right side."""
        sums = np.arange(1021)
        boxes = np.stack([(sums - 255 * k).clip(0, 255) for k in range(4)], axis=1).reshape(-1, 2, 2)
        pixels = np.repeat(boxes.transpose(1, 0, 2).reshape(2, -1, 1), 3, axis=2).astype(np.uint8)
        assert halve(pixels, 2)[0, :, 0].tolist() == [(total + 2) // 4 for total in range(1021)]
        pairs = np.array([(total // 2, total - total // 2) for total in range(511)], np.uint8)
        tall = np.zeros((1022, 3, 3), np.uint8)
        tall[:, 2] = pairs.reshape(-1, 1)
        assert halve(tall, 3)[:, 1, 0].tolist() == [(total + 1) // 2 for total in range(511)]

    def test_again_and_again(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (101, 203, 3), dtype=np.uint8)
        assert np.array_equal(halve(pixels, 20), half(half(half(pixels))))
        assert halve(pixels, 102) is pixels
        assert halve(pixels, None) is pixels


class TestInputSpec:
    def test_normalise_by_hand(self) -> None:
        spec = InputSpec(size=1, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 1.0))
        inputs = spec.normalise(np.array([[[[255, 0, 51]]]], dtype=np.uint8))
        assert inputs.dtype == np.float32
        assert inputs.shape == (1, 3, 1, 1)
        np.testing.assert_allclose(inputs.reshape(3), [1.0, -1.0, 0.2], atol=1e-6)

    def test_channels_come_first_and_rows_stay_rows(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
        inputs = InputSpec(4, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).normalise(pixels)
        np.testing.assert_allclose(inputs[1, 2, 3, 0] * 255, pixels[1, 3, 0, 2], atol=1e-4)

    @pytest.mark.parametrize("shape", [(1, 4, 4, 1), (1, 3, 4, 4), (1, 5, 4, 3), (4, 4, 3)])
    def test_other_shapes_are_refused(self, shape: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="expected uint8"):
            InputSpec(4).normalise(np.zeros(shape, dtype=np.uint8))

    def test_other_types_are_refused(self) -> None:
        with pytest.raises(ValueError, match="expected uint8"):
            InputSpec(4).normalise(np.zeros((1, 4, 4, 3), dtype=np.float32))

    def test_smoothing_is_the_binomial_filter_with_mirrored_borders(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (3, 9, 9, 3), dtype=np.uint8)
        plain = InputSpec(9, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
        expected = plain.normalise(pixels)
        for axis in (2, 3):
            expected = ndimage.correlate1d(expected, [0.25, 0.5, 0.25], axis=axis, mode="mirror")
        found = replace(plain, smoothed=True).normalise(pixels)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert found.dtype == np.float32

    @pytest.mark.parametrize("smoothed", [False, True])
    def test_survives_json(self, smoothed: bool) -> None:
        spec = InputSpec(64, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), smoothed=smoothed)
        assert InputSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
        assert ("smoothed" in spec.to_dict()) == smoothed

    def test_an_older_description_never_halves(self) -> None:
        older = InputSpec.from_dict({"size": 64, "mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]})
        assert older.halve_from is None
        assert "halving" not in older.to_dict()
        assert InputSpec(64).halve_from == 192

    @pytest.mark.parametrize(
        "change",
        [
            {"size": 0},
            {"size": "64"},
            {"size": True},
            {"mean": [0.1, 0.2]},
            {"mean": "abc"},
            {"std": [0.1, 0.2, 0.0]},
            {"std": [0.1, 0.2, None]},
            {"mean": [0.1, 0.2, float("nan")]},
            {"crop": 3},
            {"halving": 1},
            {"halving": 2.5},
            {"halving": None},
            {"smoothed": False},
            {"smoothed": 0.7},
        ],
    )
    def test_wrong_values_name_the_file(self, change: dict[str, object]) -> None:
        with pytest.raises(UserError, match=r"^weights\.safetensors: "):
            InputSpec.from_dict(InputSpec(64).to_dict() | change, "weights.safetensors")

    def test_not_even_a_table(self) -> None:
        with pytest.raises(UserError, match="expected the keys size, mean, std, halving and smoothed"):
            InputSpec.from_dict([1, 2])
