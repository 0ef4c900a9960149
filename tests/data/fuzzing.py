"""Feed mutated images to the decoder until the time is up; a program of its own, because a crash ends it.

    python -m tests.data.fuzzing images 300 --seed 7 --number-in FILE

Every mutant must become valid pixels or a UserError of one line, within limits of time and memory. FILE holds
the number of the last one, also after a crash; ``--only NUMBER`` decodes it again.
"""

import argparse
import faulthandler
import io
import os
import random
import resource
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom import uid

from dermdistill.data.decoding.limits import MAX_PIXELS
from dermdistill.data.dicom import is_dicom
from dermdistill.data.images import read_image_bytes
from dermdistill.errors import UserError
from tests.data.dicom_files import (
    compressed,
    dataset,
    image_stream,
    picture,
    rle_stream,
    written,
)

PHOTOGRAPHS_AN_IMAGE = 200
"""A mutant may take the processor time of so many photographs of twelve megapixels."""
PEAK_MEGABYTES = 1_500
ADDRESS_SPACE = 6 << 30
INTERESTING = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFE,
    0xFFFFFFFF,
)


def images() -> dict[str, bytes]:
    """A valid file of every format and kind of pixels, with EXIF, profiles and text where they can be."""
    rgb = Image.fromarray(picture(40, 52))
    wide = Image.fromarray((np.arange(40 * 52, dtype=np.uint16) * 31).reshape(40, 52))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"
    rich = {"exif": exif, "icc_profile": bytes(range(200))}

    def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
        stream = io.BytesIO()
        image.save(stream, kind, **options)
        return stream.getvalue()

    return {
        "jpeg": saved(rgb, "JPEG", **rich),
        "jpeg-progressive": saved(rgb, "JPEG", progressive=True, exif=exif),
        "jpeg-grey-restarts": saved(rgb.convert("L"), "JPEG", restart_marker_rows=1),
        "jpeg-cmyk": saved(rgb.convert("CMYK"), "JPEG"),
        "png": saved(rgb, "PNG", **rich),
        "png-16": saved(wide, "PNG"),
        "png-palette": saved(rgb.quantize(16), "PNG", transparency=3),
        "png-alpha": saved(rgb.convert("RGBA"), "PNG"),
        "tiff": saved(rgb, "TIFF", **rich),
        "tiff-deflate": saved(wide, "TIFF", compression="tiff_adobe_deflate"),
        "tiff-lzw": saved(rgb.quantize(16), "TIFF", compression="tiff_lzw"),
        "tiff-jpeg": saved(rgb, "TIFF", compression="jpeg"),
        "tiff-packbits": saved(rgb, "TIFF", compression="packbits"),
        "tiff-big": saved(rgb, "TIFF", big_tiff=True),
        "webp": saved(rgb, "WEBP", **rich),
        "webp-lossless": saved(rgb.convert("RGBA"), "WEBP", lossless=True),
        "bmp": saved(rgb, "BMP"),
        "bmp-palette": saved(rgb.quantize(16), "BMP"),
        "gif": saved(rgb.quantize(16), "GIF", interlace=True),
    }


def dicoms() -> dict[str, bytes]:
    """A valid photograph in every transfer syntax that is read, and the kinds of plain pixels."""
    rgb = picture(24, 32)
    grey, wide = rgb[:, :, 0].copy(), (np.arange(24 * 32, dtype=np.uint16) * 80).reshape(24, 32)
    jpeg_2000 = image_stream("JPEG2000", no_jp2=True)
    palette = dataset(grey, "PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        palette.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 8])
        palette.add_new(f"{colour}PaletteColorLookupTableData", "OW", bytes(range(256)))
    return {
        "implicit": written(dataset(rgb), uid.ImplicitVRLittleEndian),
        "explicit": written(dataset(rgb, WindowCenter="100", WindowWidth="50")),
        "frames": written(dataset(rgb, NumberOfFrames=2, PixelData=rgb.tobytes() * 2)),
        "big-endian": written(dataset(wide, "MONOCHROME2"), uid.ExplicitVRBigEndian),
        "deflated": written(dataset(rgb), uid.DeflatedExplicitVRLittleEndian),
        "window": written(dataset(wide, "MONOCHROME1", WindowCenter="9000", WindowWidth="5000")),
        "ybr-422": written(dataset(rgb, "YBR_FULL_422", PixelData=rgb[:, :, :2].tobytes())),
        "palette": written(palette),
        "rle": compressed(dataset(rgb), [rle_stream(rgb)], uid.RLELossless),
        "rle-frames": compressed(
            dataset(rgb, NumberOfFrames=2), [rle_stream(rgb)] * 2, uid.RLELossless, fragments_per_frame=2
        ),
        "jpeg": compressed(dataset(rgb, "YBR_FULL_422"), [image_stream("JPEG")(rgb)], uid.JPEGBaseline8Bit),
        "jpeg-grey": compressed(
            dataset(grey, "MONOCHROME2"), [image_stream("JPEG")(grey)], uid.JPEGExtended12Bit
        ),
        "jpeg-2000": compressed(dataset(rgb, "YBR_RCT"), [jpeg_2000(rgb)], uid.JPEG2000Lossless),
        "jpeg-2000-wide": compressed(dataset(wide, "MONOCHROME2"), [jpeg_2000(wide)], uid.JPEG2000Lossless),
    }


SEEDS: dict[str, Callable[[], dict[str, bytes]]] = {"images": images, "dicom": dicoms}


def mutated(content: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """One to eight changes: bits, bytes, numbers at their limits, pieces cut, doubled or of another file."""
    result = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        # Headers decide more than pixels do.
        size = max(1, len(result))
        at = rng.randrange(size if rng.random() < 0.5 else min(size, 700))
        length = rng.choice((1, 2, 4, 8, rng.randrange(1, 300)))
        match rng.randrange(8):
            case 0:
                result[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                result[at : at + 1] = bytes([(result[at] if at < len(result) else 0) ^ 1 << rng.randrange(8)])
            case 2:
                number, kind = rng.choice(INTERESTING), rng.choice(("<H", ">H", "<I", ">I"))
                packed = struct.pack(kind, number & (0xFFFF if kind[1] == "H" else 0xFFFFFFFF))
                result[at : at + len(packed)] = packed
            case 3:
                del result[at : at + length]
            case 4:
                result[at:at] = result[at : at + length] * rng.choice((1, 1, 2, 50))
            case 5:
                other = rng.choice(others)
                start = rng.randrange(len(other))
                result[at : at + length] = other[start : start + length]
            case 6:
                result[at : at + length] = rng.randbytes(length)
            case 7:
                del result[rng.randrange(size) :]
    return _with_checksums(bytes(result)) if rng.random() < 0.5 else bytes(result)


def _with_checksums(content: bytes) -> bytes:
    """A PNG whose chunks have the checksums that they should have, so that mutants get past them."""
    if not content.startswith(b"\x89PNG"):
        return content
    result, position = bytearray(content), 8
    while position + 12 <= len(content):
        end = position + 8 + int.from_bytes(content[position : position + 4], "big")
        result[end : end + 4] = struct.pack(">I", zlib.crc32(content[position + 4 : end]))
        position = end + 4
    return bytes(result[: len(content)])


def outcome(content: bytes, rng: random.Random) -> str:
    """What became of it: ``pixels``, or the error with its numbers taken out.

    Raises:
        AssertionError: neither valid pixels nor one line.
    """
    frames = (None, 1, 1, 2) if is_dicom(content) else (None,)
    try:
        decoded = read_image_bytes(content, "mutant", rng.choice((None, 16)), frame=rng.choice(frames))
    except UserError as error:
        line = str(error)
        assert line.startswith("mutant: "), line
        assert line.isprintable(), line
        assert len(line) < 500, line
        return line.split("(")[0]
    height, width, channels = decoded.pixels.shape
    assert decoded.pixels.dtype == np.uint8
    assert channels == 3
    assert 0 < height <= decoded.height
    assert 0 < width <= decoded.width
    assert decoded.width * decoded.height <= MAX_PIXELS
    return "pixels"


def fuzz(kind: str, seconds: float, seed: int, number_in: Path | None) -> Counter[str]:
    """Counts of the outcomes.

    Raises:
        AssertionError: a mutant got out of its limits; the message has its number.
    """
    seeds = SEEDS[kind]()
    limit = PHOTOGRAPHS_AN_IMAGE * seconds_of_a_photograph()
    outcomes: Counter[str] = Counter()
    slowest = peak = 0.0
    log = os.open(number_in, os.O_WRONLY | os.O_CREAT) if number_in else None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number = outcomes.total()
        if log is not None:
            os.pwrite(log, b"%12d" % number, 0)
        start = time.process_time()
        try:
            outcomes[only(seeds, seed, number)] += 1
        except Exception as error:
            raise AssertionError(f"mutant {number} of {kind}, seed {seed}") from error
        slowest = max(slowest, time.process_time() - start)
        peak = peak_megabytes()
        assert slowest < limit, f"mutant {number} of {kind}, seed {seed}: {slowest:.1f} s"
        assert peak < PEAK_MEGABYTES, f"mutant {number} of {kind}, seed {seed}: {peak:.0f} MB"
    print(f"{outcomes.total()} mutants, {outcomes['pixels']} decoded, slowest {slowest:.2f} s, {peak:.0f} MB")
    return outcomes


def seconds_of_a_photograph() -> float:
    """Processor time of decoding one of twelve megapixels, on this machine."""
    content = image_stream("JPEG", quality=90)(picture(3000, 4000))
    taken = []
    for _ in range(3):
        start = time.process_time()
        read_image_bytes(content, "photograph")
        taken.append(time.process_time() - start)
    return min(taken)


def peak_megabytes() -> float:
    """The most memory that this process has had; 0 where the system does not say it without its parent's."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def only(seeds: dict[str, bytes], seed: int, number: int) -> str:
    """The outcome of one mutant, which depends on its number alone."""
    rng = random.Random(f"{seed}/{number}")
    others = list(seeds.values())
    return outcome(mutated(rng.choice(others), others, rng), rng)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=SEEDS)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--number-in", type=Path)
    parser.add_argument("--only", type=int)
    arguments = parser.parse_args()
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    if arguments.only is not None:
        print(only(SEEDS[arguments.kind](), arguments.seed, arguments.only))
        return
    outcomes = fuzz(arguments.kind, arguments.seconds, arguments.seed, arguments.number_in)
    for line, count in outcomes.most_common(60):
        print(f"{count:8} {line}")


if __name__ == "__main__":
    main()
