"""What ``dermdistill data`` prints; imports nothing of PyTorch."""

from collections.abc import Sequence
from pathlib import Path

from dermdistill.cores import default_workers
from dermdistill.data.cache import default_cache_dir
from dermdistill.data.counts import counts_table
from dermdistill.data.fixed_split import check_leaks, read_fixed_split, with_split
from dermdistill.data.images import ImageFile
from dermdistill.data.sources import read_sources
from dermdistill.data.unusable import undecodable, unusable
from dermdistill.messages import note
from dermdistill.reading import Reading
from dermdistill.records import DataSet


def describe(
    paths: Sequence[Path], reading: Reading, split: Path | None, *, decode: bool, workers: int | None
) -> None:
    """Read a data set and print its layout, its notes and its counts; then check its images.

    Args:
        paths: one per source.
        reading: what the user said of labels and columns.
        split: a split file to apply.
        decode: every image, not only find those that are missing or empty.
        workers: processes that decode; ``default_workers`` unless given.

    Raises:
        UserError: no such data set, a leak between splits, images that cannot be used.
    """
    dataset = read_sources(paths, reading)
    if split is not None:
        fixed = read_fixed_split(split)
        dataset = with_split(dataset, fixed)
        check_leaks(dataset, fixed)
    for text in dataset.notes:
        note(text)
    print(f"layout: {dataset.layout}; {len(dataset.records)} images")
    print(counts_table(dataset.records, [record.split for record in dataset.records]))
    _check_images(dataset, decode=decode, workers=workers)


def _check_images(dataset: DataSet, *, decode: bool, workers: int | None) -> None:
    """Raise UserError that names all images that cannot be used."""
    images = [record.image for record in dataset.records]
    suspects = (
        images
        if decode
        else [image for image in images if isinstance(image, ImageFile) and not image.bytes_on_disk()]
    )
    failures = undecodable(suspects, workers=workers or default_workers(), progress=decode)
    if failures:
        raise unusable(failures, of=len(images), folder=default_cache_dir())
    if decode:
        print(f"all {len(images)} images can be decoded")
