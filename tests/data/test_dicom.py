"""DICOM photographs: the pixels of every syntax that is read, and one clear line for all else."""

import io
import pickle
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import pixel_array

from dermdistill.data.dicom import SeveralFramesError, decode_dicom, is_dicom
from dermdistill.data.images import halve, read_image, read_image_bytes
from dermdistill.errors import UserError

from .dicom_files import (
    PATIENT,
    compressed,
    dataset,
    image_stream,
    picture,
    rle_stream,
    written,
)

RGB = picture()
GREY = RGB[:, :, 0].copy()
WIDE = (np.arange(600, dtype=np.uint16) * 109).reshape(20, 30)
"""16-bit samples over nearly the whole range."""

JPEG_2000 = image_stream("JPEG2000", no_jp2=True)
SOP_CLASS = b"\x08\x00\x16\x00UI"
JPEG = image_stream("JPEG", quality=95, subsampling=0)

PLAIN = {
    "implicit": uid.ImplicitVRLittleEndian,
    "explicit": uid.ExplicitVRLittleEndian,
    "big-endian": uid.ExplicitVRBigEndian,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
}
LOSSLESS: dict[str, tuple[str, Callable[[NDArray[Any]], bytes]]] = {
    "rle": (uid.RLELossless, rle_stream),
    "jpeg-2000": (uid.JPEG2000Lossless, JPEG_2000),
}


def as_grey(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.repeat(np.rint(values).astype(np.uint8)[:, :, None], 3, axis=2)


def pixels(content: bytes, **options: Any) -> NDArray[np.uint8]:
    return decode_dicom(content, "a.dcm", **options).pixels


@pytest.mark.parametrize("syntax", PLAIN.values(), ids=PLAIN)
class TestPlain:
    def test_rgb(self, syntax: str) -> None:
        assert np.array_equal(pixels(written(dataset(RGB), syntax)), RGB)

    def test_planar(self, syntax: str) -> None:
        content = written(
            dataset(RGB, PlanarConfiguration=1, PixelData=RGB.transpose(2, 0, 1).tobytes()), syntax
        )
        assert np.array_equal(pixels(content), RGB)

    def test_grey_of_16_bits(self, syntax: str) -> None:
        ordered = WIDE.astype(">u2") if syntax == uid.ExplicitVRBigEndian else WIDE
        content = written(dataset(WIDE, "MONOCHROME2", PixelData=ordered.tobytes()), syntax)
        assert np.array_equal(pixels(content), as_grey(WIDE / 257))

    def test_the_second_of_two_frames(self, syntax: str) -> None:
        content = written(
            dataset(RGB, NumberOfFrames=2, PixelData=RGB.tobytes() + RGB[::-1].tobytes()), syntax
        )
        with pytest.raises(UserError, match="has no frame 3; it holds 2"):
            pixels(content, frame=3)
        assert np.array_equal(pixels(content, frame=2), RGB[::-1])


@pytest.mark.parametrize(("syntax", "encode"), LOSSLESS.values(), ids=LOSSLESS)
class TestLossless:
    def test_rgb(self, syntax: str, encode: Callable[[NDArray[Any]], bytes]) -> None:
        assert np.array_equal(pixels(compressed(dataset(RGB), [encode(RGB)], syntax)), RGB)

    def test_grey_of_16_bits(self, syntax: str, encode: Callable[[NDArray[Any]], bytes]) -> None:
        content = compressed(dataset(WIDE, "MONOCHROME2"), [encode(WIDE)], syntax)
        assert np.array_equal(pixels(content), as_grey(WIDE / 257))

    def test_frames_of_several_fragments(self, syntax: str, encode: Callable[[NDArray[Any]], bytes]) -> None:
        ds = dataset(RGB, NumberOfFrames=2)
        content = compressed(ds, [encode(RGB), encode(RGB[::-1].copy())], syntax, fragments_per_frame=3)
        assert np.array_equal(pixels(content, frame=1), RGB)
        assert np.array_equal(pixels(content, frame=2), RGB[::-1])

    def test_frames_without_a_table(self, syntax: str, encode: Callable[[NDArray[Any]], bytes]) -> None:
        ds = dataset(RGB, NumberOfFrames=2)
        content = compressed(ds, [encode(RGB), encode(RGB[::-1].copy())], syntax, has_bot=False)
        assert np.array_equal(pixels(content, frame=2), RGB[::-1])


class TestLossy:
    @pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_FULL"])
    @pytest.mark.parametrize("syntax", [uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit])
    def test_jpeg(self, syntax: str, photometric: str) -> None:
        content = compressed(dataset(RGB, photometric), [JPEG(RGB)], syntax)
        assert np.abs(pixels(content).astype(int) - RGB).max() <= 8

    def test_jpeg_of_rgb_without_any_marker(self) -> None:
        """Stored as RGB: what looks like YCbCr to a decoder that is told nothing."""
        stream = JPEG(np.asarray(Image.fromarray(RGB)))
        jfif = stream.index(b"\xff\xe0")
        bare = stream[:jfif] + stream[jfif + 18 :]
        content = compressed(dataset(RGB, "RGB"), [bare], uid.JPEGBaseline8Bit)
        stored = np.asarray(Image.fromarray(RGB).convert("YCbCr")).astype(int)
        assert np.abs(pixels(content) - stored).max() <= 8

    def test_grey_jpeg(self) -> None:
        content = compressed(dataset(GREY, "MONOCHROME1"), [JPEG(GREY)], uid.JPEGBaseline8Bit)
        assert np.abs(pixels(content).astype(int) - as_grey(255 - GREY.astype(int))).max() <= 4

    def test_jpeg_2000(self) -> None:
        encode = image_stream("JPEG2000", no_jp2=True, irreversible=True, mct=1)
        content = compressed(dataset(RGB, "YBR_ICT"), [encode(RGB)], uid.JPEG2000)
        assert np.abs(pixels(content).astype(int) - RGB).max() <= 3

    def test_halved(self) -> None:
        large = picture(401, 600)
        content = compressed(dataset(large, "YBR_FULL_422"), [JPEG(large)], uid.JPEGBaseline8Bit)
        decoded = read_image_bytes(content, "a.dcm", 150)
        assert np.array_equal(decoded.pixels, halve(pixels(content), 150))
        assert decoded.pixels.shape == (101, 150, 3)
        assert (decoded.width, decoded.height, decoded.colours) == (600, 401, "RGB")


class TestPhotometric:
    @pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
    def test_ybr_full(self, syntax: str) -> None:
        ybr = np.asarray(Image.fromarray(RGB).convert("YCbCr"))
        content = written(dataset(ybr, "YBR_FULL"), syntax)
        assert np.abs(pixels(content).astype(int) - RGB).max() <= 3

    def test_ybr_full_422(self) -> None:
        grey = np.repeat(GREY[:, :, None], 3, axis=2)
        ybr = np.asarray(Image.fromarray(grey).convert("YCbCr"))
        packed = np.concatenate([ybr[:, ::2, :1], ybr[:, 1::2, :1], ybr[:, ::2, 1:]], axis=2)
        content = written(dataset(grey, "YBR_FULL_422", PixelData=packed.tobytes()))
        assert np.abs(pixels(content).astype(int) - grey).max() <= 1

    def test_monochrome1_is_inverted(self) -> None:
        decoded = decode_dicom(written(dataset(GREY, "MONOCHROME1")), "a.dcm")
        assert np.array_equal(decoded.pixels, as_grey(255 - GREY))
        assert decoded.colours == "greyscale"

    def test_twelve_bits_fill_the_range(self) -> None:
        values = WIDE >> 4
        content = written(dataset(values | 0xF000, "MONOCHROME2", BitsStored=12, HighBit=11))
        assert np.array_equal(pixels(content), as_grey(values / 4095 * 255))

    @pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.JPEG2000Lossless])
    def test_signed(self, syntax: str) -> None:
        values = (WIDE.astype(np.int32) - 32768).astype(np.int16)
        if syntax == uid.JPEG2000Lossless:
            content = compressed(dataset(values, "MONOCHROME2"), [JPEG_2000(values.view(np.uint16))], syntax)
        else:
            content = written(dataset(values, "MONOCHROME2"), syntax)
        assert np.array_equal(pixels(content), as_grey(WIDE / 257))

    def test_a_window(self) -> None:
        """PS3.3 C.11.2.1.2.1: below it black, above it white, linear between."""
        content = written(dataset(WIDE, "MONOCHROME2", WindowCenter=[2000, 5], WindowWidth=[1001, 5]))
        expected = np.clip((WIDE - 1999.5) / 1000 + 0.5, 0, 1) * 255
        assert np.array_equal(pixels(content), as_grey(expected))

    @pytest.mark.parametrize("width", [0, 1, "-5", "1e999"])
    def test_a_window_that_is_none(self, width: Any) -> None:
        content = written(dataset(GREY, "MONOCHROME2", WindowCenter="5", WindowWidth=str(width)))
        assert np.array_equal(pixels(content), as_grey(GREY))

    def test_rgb_of_16_bits(self) -> None:
        assert np.array_equal(pixels(written(dataset(RGB.astype(np.uint16) * 257))), RGB)

    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian])
    def test_palette(self, bits: int, syntax: str) -> None:
        image = Image.fromarray(RGB).quantize(64)
        table = np.array(image.getpalette("RGB"), dtype=np.uint16).reshape(-1, 3)
        ds = dataset(np.asarray(image), "PALETTE COLOR")
        order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
        for index, colour in enumerate(("Red", "Green", "Blue")):
            entries = (
                (table[:, index] << 8).astype(f"{order}u2") if bits == 16 else table[:, index].astype("u1")
            )
            raw = entries.tobytes() + b"\x00" * (len(table) % 2)
            if bits == 8 and order == ">":
                raw = np.frombuffer(raw, "<u2").astype(">u2").tobytes()
            setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [len(table), 0, bits])
            setattr(ds, f"{colour}PaletteColorLookupTableData", raw)
        for element in ds:
            if element.keyword.endswith("Descriptor"):
                element.VR = "US"
        decoded = decode_dicom(written(ds, syntax), "a.dcm")
        assert np.array_equal(decoded.pixels, np.asarray(image.convert("RGB")))
        assert decoded.colours == "palette"


def sample(name: str) -> Path:
    return Path(str(get_testdata_file(name)))


class TestFilesOfOthers:
    """Samples that pydicom brings along, against its own decoding of them."""

    @pytest.mark.parametrize(
        "name",
        [
            "SC_rgb_rle.dcm",
            "SC_rgb_rle_16bit.dcm",
            "SC_rgb_small_odd.dcm",
            "SC_rgb_small_odd_big_endian.dcm",
            "SC_rgb_gdcm_KY.dcm",
            "SC_rgb_dcmtk_+eb+cr.dcm",
            "SC_rgb_dcmtk_+eb+cy+n1.dcm",
            "SC_rgb_dcmtk_+eb+cy+np.dcm",
            "SC_rgb_dcmtk_+eb+cy+s4.dcm",
            "SC_rgb_jpeg_lossy_gdcm.dcm",
            "SC_ybr_full_422_uncompressed.dcm",
            "SC_jpeg_no_color_transform.dcm",
        ],
    )
    def test_same_pixels(self, name: str) -> None:
        reference = pixel_array(sample(name))
        if reference.dtype == np.uint16:
            reference = np.rint(reference / 257)
        difference = np.abs(read_image(sample(name)).pixels.astype(int) - reference)
        assert difference.max() <= 2
        assert difference.mean() < 0.5

    def test_lossless_jpeg(self) -> None:
        """pydicom has no decoder of it here; this file shows the colour bars of the other samples."""
        lossless = read_image(sample("SC_rgb_jpeg_gdcm.dcm")).pixels
        assert np.array_equal(lossless, read_image(sample("SC_rgb_rle.dcm")).pixels)


class TestEverywhere:
    def test_a_dicom_file_is_known_by_its_content(self, tmp_path: Path) -> None:
        path = tmp_path / "really-dicom.jpg"
        path.write_bytes(written(dataset(RGB)))
        assert np.array_equal(read_image(path).pixels, RGB)
        with pytest.raises(UserError, match="has no frame 2; it holds 1"):
            read_image(path, frame=2)

    def test_the_preamble_may_hold_anything(self) -> None:
        content = written(dataset(RGB))
        stream = io.BytesIO()
        Image.fromarray(RGB[::-1]).save(stream, "TIFF")
        both = stream.getvalue()[:128].ljust(128, b"\x00") + content[128:]
        assert is_dicom(both)
        assert np.array_equal(pixels(both), RGB)

    def test_several_frames_have_to_be_named(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dcm"
        path.write_bytes(written(dataset(RGB, NumberOfFrames=2, PixelData=RGB.tobytes() * 2)))
        with pytest.raises(SeveralFramesError, match=r"a\.dcm: holds 2 frames") as caught:
            read_image(path)
        assert caught.value.frames == 2
        assert pickle.loads(pickle.dumps(caught.value)).frames == 2  # as a process pool hands it over
        for number in (0, 3, -1):
            with pytest.raises(UserError, match=f"has no frame {number}; it holds 2"):
                read_image(path, frame=number)

    def test_a_photograph_has_no_second_frame(self, tmp_path: Path) -> None:
        Image.fromarray(RGB).save(tmp_path / "a.png")
        assert read_image(tmp_path / "a.png", frame=1).width == 30
        with pytest.raises(UserError, match=r"a\.png: has no frame 2; only DICOM files"):
            read_image(tmp_path / "a.png", frame=2)

    def test_without_pydicom_one_line_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pydicom.filereader", None)
        with pytest.raises(UserError, match=r"a\.dcm: a DICOM file; .*pip install 'dermdistill\[dicom\]'"):
            pixels(written(dataset(RGB)))

    def test_pydicom_is_imported_for_dicom_files_only(self, tmp_path: Path) -> None:
        Image.fromarray(RGB).save(tmp_path / "a.png")
        program = (
            "import sys; from pathlib import Path; from dermdistill.data.images import read_image;"
            f"read_image(Path({str(tmp_path / 'a.png')!r}));"
            "sys.exit('pydicom' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def without_transfer_syntax() -> bytes:
    content = written(dataset(RGB))
    return content[:132] + content[content.index(SOP_CLASS) :]


def cut_fragments() -> bytes:
    return compressed(dataset(RGB), [rle_stream(RGB)], uid.RLELossless)[:-40]


def deep() -> bytes:
    """Sequences in sequences, deeper than any stack."""
    content = written(dataset(RGB))
    start = content.index(b"\x10\x00\x10\x00PN")
    nest = b"\x09\x00\x10\x00SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 20_000
    return content[:start] + nest + content[start:]


def flood() -> bytes:
    content = written(dataset(RGB))
    start = content.index(b"\x10\x00\x10\x00PN")
    return content[:start] + b"\x09\x00\x10\x10LO\x00\x00" * 30_000 + content[start:]


def deflate_bomb() -> bytes:
    plain = written(dataset(RGB))
    deflated = written(dataset(RGB), uid.DeflatedExplicitVRLittleEndian)
    end_of_first_group = 132 + 12 + int.from_bytes(deflated[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(plain[plain.index(SOP_CLASS) :])
    bomb += b"".join(packer.compress(bytes(1_000_000)) for _ in range(210)) + packer.flush()
    return deflated[:end_of_first_group] + bomb


def damaged_deflate() -> bytes:
    return written(dataset(RGB), uid.DeflatedExplicitVRLittleEndian)[:-200] + b"\xff" * 200


def frames_in_words() -> bytes:
    rows = b"\x28\x00\x10\x00US"
    return written(dataset(RGB)).replace(rows, b"\x28\x00\x08\x00IS\x04\x00many" + rows)


def jpeg_of_12_bits() -> bytes:
    ds = dataset(WIDE >> 4, "MONOCHROME2", BitsStored=12, HighBit=11)
    return compressed(ds, [JPEG(GREY)], uid.JPEGExtended12Bit)


MALFORMED: dict[str, tuple[Callable[[], bytes], str]] = {
    "mark-only": (lambda: bytes(128) + b"DICM", "no transfer syntax; export it"),
    "noise": (
        lambda: bytes(128) + b"DICM" + np.random.default_rng(0).bytes(4000),
        "no transfer syntax; export it",
    ),
    "no-transfer-syntax": (without_transfer_syntax, "no transfer syntax; export it"),
    "unknown-syntax": (
        lambda: written(dataset(RGB)).replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.9.1\x00"),
        "an unknown transfer syntax",
    ),
    "video": (
        lambda: compressed(dataset(RGB), [b"film"], "1.2.840.10008.1.2.4.102"),
        "pixels are compressed as video; export it as JPEG or uncompressed",
    ),
    "htj2k": (
        lambda: compressed(dataset(RGB), [b"ht"], "1.2.840.10008.1.2.4.201"),
        "compressed as High-Throughput JPEG 2000",
    ),
    "report": (lambda: written(dataset(RGB, PixelData=None)), "holds no pixels: a report or a list"),
    "cut-before-the-pixels": (lambda: written(dataset(RGB))[:500], "damaged DICOM header"),
    "ct": (lambda: written(dataset(RGB, Modality="CT")), "not a photograph but of modality CT; expected VL"),
    "mr-by-class": (
        lambda: written(dataset(RGB, SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Modality="XC")),
        "not a photograph; expected VL",
    ),
    "slide": (
        lambda: written(dataset(RGB, SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.6")),
        "a tiled microscope slide",
    ),
    "no-rows": (lambda: written(dataset(RGB, Rows=None)), "Rows is not one number"),
    "two-columns": (lambda: written(dataset(RGB, Columns=[30, 30])), "Columns is not one number"),
    "zero-rows": (lambda: written(dataset(RGB, Rows=0)), "Rows is 0 and Columns is 30"),
    "huge": (
        lambda: written(dataset(RGB, Rows=60_000, Columns=60_000)),
        "60000 x 60000 is above the limit of 50 megapixels",
    ),
    "too-few-pixels": (
        lambda: written(dataset(RGB, Rows=25)),
        "1800 bytes of pixels, expected 2250",
    ),
    "cut-in-the-pixels": (lambda: written(dataset(RGB))[:-100], "1700 bytes of pixels, expected 1800"),
    "frames-in-words": (frames_in_words, "NumberOfFrames is not between 1 and 10000"),
    "a-billion-frames": (
        lambda: written(dataset(RGB, NumberOfFrames=999_999_999)),
        "NumberOfFrames is not between 1 and 10000",
    ),
    "too-few-frames": (
        lambda: written(dataset(RGB, NumberOfFrames=3)),
        "1800 bytes of pixels, expected 5400",
    ),
    "too-few-fragments": (
        lambda: compressed(dataset(RGB, NumberOfFrames=3), [rle_stream(RGB)] * 2, uid.RLELossless),
        "3 frames, but 2 fragments that do not say whose",
    ),
    "32-bits": (
        lambda: written(dataset(RGB.astype(np.uint32))),
        "pixels of 32 bits are not supported; export it with 8 or 16",
    ),
    "more-bits-than-there-are": (
        lambda: written(dataset(GREY, "MONOCHROME2", BitsStored=12, HighBit=11)),
        "12 bits stored in 8, or not the low ones",
    ),
    "unknown-photometric": (lambda: written(dataset(RGB, "HSV")), "photometric interpretation is none of"),
    "rgb-of-one-sample": (
        lambda: written(dataset(RGB, SamplesPerPixel=1)),
        "RGB of 1 samples a pixel; export it again",
    ),
    "odd-422": (
        lambda: written(dataset(RGB[:, :29].copy(), "YBR_FULL_422")),
        "YBR_FULL_422 of 29 columns, an odd number",
    ),
    "palette-missing": (
        lambda: written(dataset(GREY, "PALETTE COLOR")),
        "without a palette of 8 or 16 bits",
    ),
    "plain-pixels-of-a-codec": (
        lambda: written(dataset(RGB)).replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2.5\x00"),
        "pixels not stored as the transfer syntax says",
    ),
    "cut-fragments": (cut_fragments, "fragments of pixels cut off"),
    "no-fragments": (lambda: compressed(dataset(RGB), [], uid.RLELossless), "0 fragments of pixels"),
    "rle-noise": (
        lambda: compressed(dataset(RGB), [bytes(range(200))], uid.RLELossless),
        "damaged RLE: its segments do not fit the pixels",
    ),
    "rle-short": (
        lambda: compressed(dataset(RGB), [rle_stream(RGB[:10])], uid.RLELossless),
        "damaged RLE (not enough image data)",
    ),
    "jpeg-noise": (
        lambda: compressed(dataset(RGB, "YBR_FULL_422"), [b"\xff\xd8noise!"], uid.JPEGBaseline8Bit),
        "damaged JPEG",
    ),
    "jpeg-cut": (
        lambda: compressed(dataset(RGB, "YBR_FULL_422"), [JPEG(RGB)[:-60]], uid.JPEGBaseline8Bit),
        "damaged JPEG",
    ),
    "jpeg-of-another-size": (
        lambda: compressed(dataset(RGB, "YBR_FULL_422"), [JPEG(RGB[:10])], uid.JPEGBaseline8Bit),
        "Rows and Columns are 20 and 30, the pixels inside 10 and 30",
    ),
    "jpeg-of-colours-for-grey": (
        lambda: compressed(dataset(GREY, "MONOCHROME2"), [JPEG(RGB)], uid.JPEGBaseline8Bit),
        "a colour JPEG for greyscale pixels",
    ),
    "jpeg-of-12-bits": (
        jpeg_of_12_bits,
        "JPEG of 12 bits is not supported; export it as 8-bit JPEG or JPEG 2000",
    ),
    "jpeg-2000-cut": (
        lambda: compressed(dataset(RGB, "YBR_RCT"), [JPEG_2000(RGB)[:200]], uid.JPEG2000Lossless),
        "damaged JPEG 2000",
    ),
    "jpeg-2000-header-only": (
        lambda: compressed(dataset(RGB, "YBR_RCT"), [JPEG_2000(RGB)[:20]], uid.JPEG2000Lossless),
        "damaged JPEG 2000: cut off",
    ),
    "jpeg-2000-of-another-size": (
        lambda: compressed(dataset(RGB, "YBR_RCT"), [JPEG_2000(picture(64, 64))], uid.JPEG2000Lossless),
        "Rows and Columns are 20 and 30, the pixels inside 64 and 64",
    ),
    "jpeg-2000-grey": (
        lambda: compressed(dataset(RGB, "YBR_RCT"), [JPEG_2000(GREY)], uid.JPEG2000Lossless),
        "JPEG 2000 of 1 components and 1 tiles; expected 3",
    ),
    "jpeg-ls": (
        lambda: sample("SC_rgb_jls_lossy_line.dcm").read_bytes(),
        "compressed as JPEG-LS; export it as JPEG or uncompressed",
    ),
    "jpeg-2000-large": (
        lambda: compressed(
            dataset(RGB, "YBR_RCT"), [JPEG_2000(RGB) + bytes(80_000_000)], uid.JPEG2000Lossless
        ),
        "80 MB of JPEG 2000 are above the limit of 80 MB",
    ),
    "deep-sequences": (deep, "damaged DICOM header; export or download it again"),
    "flood-of-elements": (flood, "more than 20000 elements before the pixels"),
    "deflate-bomb": (deflate_bomb, "inflates to more than 200 MB"),
    "deflate-damaged": (damaged_deflate, "cannot inflate it"),
    "attachment": (
        lambda: written(dataset(RGB, EncapsulatedDocument=bytes(5_000_000))),
        "no pixels within the first 4 MB",
    ),
}


@pytest.mark.parametrize(("make", "message"), MALFORMED.values(), ids=MALFORMED)
def test_malformed(make: Callable[[], bytes], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    """One line that says what is wrong, and neither it nor anything printed names the patient."""
    content = make()
    with pytest.raises(UserError) as caught:
        pixels(content)
    line = str(caught.value)
    assert line.startswith("a.dcm: ")
    assert message in line
    assert "\n" not in line
    chain = [caught.value, caught.value.__cause__]
    shown = [line, *capfd.readouterr(), *(repr(error) for error in chain)]
    assert not any(secret in text for secret in (*PATIENT.split("^"), "4711") for text in shown)


@pytest.mark.parametrize("keyword", ["Rows", "NumberOfFrames", "Modality", "PhotometricInterpretation"])
def test_a_patient_in_the_wrong_place_is_not_quoted(
    keyword: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A writer that confuses elements, or a type that pydicom would complain of with the value."""
    content = written(dataset(RGB, NumberOfFrames=1))
    tag = {
        "Rows": b"\x28\x00\x10\x00",
        "NumberOfFrames": b"\x28\x00\x08\x00",
        "Modality": b"\x08\x00\x60\x00",
        "PhotometricInterpretation": b"\x28\x00\x04\x00",
    }[keyword]
    start = content.index(tag, 132)
    length = int.from_bytes(content[start + 6 : start + 8], "little")
    name = PATIENT.encode() + b" "
    forged = tag + content[start + 4 : start + 6] + len(name).to_bytes(2, "little") + name
    with pytest.raises(UserError) as caught:
        pixels(content[:start] + forged + content[start + 8 + length :])
    shown = [str(caught.value), *capfd.readouterr(), caplog.text]
    assert not any(PATIENT[:6] in text for text in shown)


def test_encapsulate_is_what_the_fragments_are_tested_with() -> None:
    """A table of offsets that points nowhere is no reason to guess."""
    frames = encapsulate([rle_stream(RGB)] * 2, fragments_per_frame=3)
    broken = frames[:8] + b"\x05\x00\x00\x00" + frames[12:]
    content = written(dataset(RGB, NumberOfFrames=2, PixelData=broken), uid.RLELossless)
    with pytest.raises(UserError, match="2 frames, but 6 fragments that do not say whose"):
        pixels(content, frame=2)
