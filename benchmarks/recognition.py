"""How surely the perceptual hash recognises a photograph that was saved again, and how often it errs.

    python -m benchmarks.recognition HAM10000 HAM10000_FULL ISIC_ARCHIVE

takes the training and validation images of the shipped model (`HAM10000`, centre squares) as remembered and
prints, for whole hashes and for the short ones of a model file: the share of their copies that are recognised
after each change, whole frames of the same photographs (`HAM10000_FULL`) among them, and the share of images
of other lesions that are taken for one of them. Last the processor time of a hash.
"""

import argparse
import io
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from dermdistill.data.images import read_image
from dermdistill.data.packed_hashes import pack_hashes, unpack_hashes
from dermdistill.data.perceptual_hash import (
    SAME_BY_SHORT_HASH,
    SAME_PHOTOGRAPH,
    Coefficients,
    Signs,
    coefficients,
    nearest,
    signs,
)
from dermdistill.data.sources import read_sources
from dermdistill.data.splits import split
from dermdistill.records import Record

Change = Callable[[Image.Image], Image.Image]
_SAMPLE = 800


def saved_as(kind: str, quality: int) -> Change:
    """Save and read again."""

    def change(picture: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        picture.save(buffer, kind, quality=quality)
        return Image.open(buffer).convert("RGB")

    return change


def resized(width: int, height: int, resampling: Image.Resampling) -> Change:
    """Stretch to a size."""
    return lambda picture: picture.resize((width, height), resampling)


def cut(share: float) -> Change:
    """Cut this share off every side."""

    def change(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        return picture.crop(
            (
                round(width * share),
                round(height * share),
                round(width * (1 - share)),
                round(height * (1 - share)),
            )
        )

    return change


CHANGES: dict[str, Change] = {
    "JPEG, quality 95": saved_as("JPEG", 95),
    "JPEG, quality 60": saved_as("JPEG", 60),
    "JPEG, quality 30": saved_as("JPEG", 30),
    "WebP, quality 50": saved_as("WEBP", 50),
    "128 px, bilinear": resized(128, 128, Image.Resampling.BILINEAR),
    "64 px, area": resized(64, 64, Image.Resampling.BOX),
    "28 px, Lanczos": resized(28, 28, Image.Resampling.LANCZOS),
    "1024 px, bicubic": resized(1024, 1024, Image.Resampling.BICUBIC),
    "stretched to 4:3": resized(400, 300, Image.Resampling.BICUBIC),
    "100 px, then JPEG 50": lambda picture: saved_as("JPEG", 50)(picture.resize((100, 100))),
    "mirrored": ImageOps.mirror,
    "quarter turn": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "brightness + 15 %": lambda picture: ImageEnhance.Brightness(picture).enhance(1.15),
    "contrast + 20 %": lambda picture: ImageEnhance.Contrast(picture).enhance(1.2),
    "1 % cut off each side": cut(0.01),
    "2 % cut off each side": cut(0.02),
    "5 % cut off each side": cut(0.05),
    "grey": lambda picture: picture.convert("L").convert("RGB"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("ham10000", "full", "archive"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    records = read_sources([arguments.ham10000]).records
    assigned = split(records, seed=0)
    learned = [r for r, name in zip(records, assigned, strict=True) if name != "test"]
    whole = signs(coefficients_of(learned))
    tables = [(whole, SAME_PHOTOGRAPH), (unpack_hashes(pack_hashes(whole)), SAME_BY_SHORT_HASH)]
    print(f"{len(learned)} remembered; whole hash, short hash")

    sample = learned[:: len(learned) // _SAMPLE][:_SAMPLE]
    for name, change in CHANGES.items():
        show(name, recognised(of_changed(sample, change), tables))
    ids = {record.image_id for record in learned}
    lesions = {record.lesion_id for record in learned}
    full = read_sources([arguments.full]).records
    show(
        "whole frames, 200 x 150", recognised(coefficients_of([r for r in full if r.image_id in ids]), tables)
    )
    print("taken for one of them, images of other lesions:")
    test = [r for r, name in zip(records, assigned, strict=True) if name == "test"]
    show("the test images", recognised(coefficients_of(test), tables))
    show(
        f"other lesions of {arguments.full.name}",
        recognised(coefficients_of([r for r in full if r.lesion_id not in lesions]), tables),
    )
    same = [r for r in full if r.lesion_id in lesions and r.image_id not in ids]
    show("other photographs of the same lesions", recognised(coefficients_of(same), tables))
    show(
        arguments.archive.name, recognised(coefficients_of(read_sources([arguments.archive]).records), tables)
    )
    for size in ((224, 224), (600, 450), (1024, 768), (4000, 3000)):
        print(f"{size[0]} x {size[1]}: {1e3 * seconds_of_a_hash(learned[0], size):.2f} ms")


def coefficients_of(records: Sequence[Record]) -> Coefficients:
    """Of the images as they are."""
    return np.stack([coefficients(record.image.decode()) for record in records])


def of_changed(records: Iterable[Record], change: Change) -> Coefficients:
    """The same of changed images."""
    pictures = (change(Image.fromarray(read_image(Path(record.image.name)).pixels)) for record in records)
    return np.stack([coefficients(np.asarray(picture)) for picture in pictures])


def recognised(
    found: Coefficients, tables: Sequence[tuple[Signs, float]]
) -> list[tuple[int, NDArray[np.bool_]]]:
    """For each table: how many images there are, and which of them it recognises."""
    return [(len(found), nearest(found, known).distance <= limit) for known, limit in tables]


def show(name: str, found: Sequence[tuple[int, NDArray[np.bool_]]]) -> None:
    """Print one line: a share for each table."""
    shares = "  ".join(f"{100 * hits.mean():7.2f} % ({hits.sum()} of {count})" for count, hits in found)
    print(f"{name:40s} {shares}", flush=True)


def seconds_of_a_hash(record: Record, size: tuple[int, int]) -> float:
    """Processor time of `coefficients`, the mean of 20."""
    pixels = np.asarray(Image.fromarray(record.image.decode()).resize(size))
    began = time.process_time()
    for _ in range(20):
        coefficients(pixels)
    return (time.process_time() - began) / 20


if __name__ == "__main__":
    main()
