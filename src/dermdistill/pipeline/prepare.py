"""From ``--data`` to labelled, decoded images; imports nothing of PyTorch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.config import SyntheticRecipe
from dermdistill.cores import default_workers
from dermdistill.data.cache import DecodedImages, content_digests, decode_images, default_cache_dir
from dermdistill.data.fixed_split import check_leaks, read_fixed_split, with_split
from dermdistill.data.hash_cache import hash_coefficients
from dermdistill.data.perceptual_hash import BITS, Coefficients
from dermdistill.data.sources import read_sources, synthetic
from dermdistill.errors import UserError
from dermdistill.json_files import read_json
from dermdistill.messages import inform, note
from dermdistill.pipeline.data_path import remembered
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet, Record
from dermdistill.runs import RunFolder, RunManifest, SplitFile

SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What the user gives as data.

    Attributes:
        paths: of the sources, at least one; ``synthetic``, on its own, stands for procedural images.
        split: a file of image names and splits; see ``data.fixed_split``.
        reading: the user's word on the labels.
    """

    paths: tuple[str, ...]
    split: Path | None = None
    reading: Reading = AS_FOUND

    @property
    def synthetic(self) -> bool:
        """Whether the images are procedural."""
        return self.paths == (SYNTHETIC,)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The sources' paths; none of procedural images."""
        return () if self.synthetic else tuple(map(Path, self.paths))

    @property
    def label(self) -> str:
        """The names of all sources, for a folder's name."""
        return "+".join(Path(path).resolve().name for path in self.paths)

    def split_file(self) -> SplitFile | None:
        """What a manifest says of the split file."""
        if self.split is None:
            return None
        return SplitFile(path=remembered(str(self.split)), digest=read_fixed_split(self.split).digest)


def open_data(data: DataOptions, recipe: SyntheticRecipe, size: int) -> DataSet:
    """The records that the user's options stand for, announced on stderr with all that there is to say.

    Args:
        data: the options.
        recipe: how to draw procedural images.
        size: their side, pixels.

    Raises:
        UserError: see ``read_sources`` and ``with_split``.
    """
    if data.synthetic:
        if data.reading != AS_FOUND:
            raise UserError("--label, --positive and columns: synthetic images have none; leave them out")
        dataset = synthetic.read(recipe.lesions, size=size, difficulty=recipe.difficulty, seed=recipe.seed)
    elif SYNTHETIC in data.paths:
        raise UserError("--data synthetic: drawn images do not mix with others; give it alone")
    else:
        dataset = read_sources([Path(path) for path in data.paths], data.reading)
    if data.split is not None:
        fixed = read_fixed_split(data.split)
        dataset = with_split(dataset, fixed)
        check_leaks(dataset, fixed)
    announce(dataset)
    return dataset


def as_recorded(run: RunFolder, data: DataOptions) -> DataOptions:
    """The options; without a word on the labels with the one that the run recorded of the same data."""
    if data.reading != AS_FOUND or not run.manifest.exists():
        return data
    of_run = read_json(run.manifest, RunManifest).data
    here, there = ([Path(path).resolve() for path in paths] for paths in (data.paths, of_run.paths))
    return replace(data, reading=of_run.reading) if here == there else data


def announce(dataset: DataSet) -> None:
    """Say on stderr which layout was recognised, and the source's notes."""
    inform(f"data: {len(dataset.records)} images, layout {dataset.layout}")
    for text in dataset.notes:
        note(text)


def decode(records: Sequence[Record], size: int, *, workers: int) -> DecodedImages:
    """All images at ``size`` pixels, from the cache or decoded by processes."""
    return decode_images(records, size, cache_dir=default_cache_dir(), workers=workers)


@dataclass(frozen=True, slots=True)
class ImagesOfRun:
    """The decoded images of a run for another process of it (see ``training.job.PixelSource``)."""

    records: tuple[Record, ...]
    sizes: tuple[int, ...]

    def read(self) -> Mapping[int, NDArray[np.uint8]]:
        """From the cache of that process's machine, or decoded there."""
        workers = default_workers()
        return {size: decode(self.records, size, workers=workers).pixels for size in self.sizes}


def digests_of(records: Sequence[Record], *, workers: int) -> tuple[str, ...]:
    """A digest of the content of each image."""
    images = [record.image for record in records]
    return tuple(content_digests(images, cache_dir=default_cache_dir(), workers=workers))


def coefficients_of(
    records: Sequence[Record], contents: Sequence[str], *, synthetic: bool, workers: int
) -> Coefficients:
    """The coefficients ``(N, 2, 90)`` of each image's perceptual hash, once computed, then remembered.

    Drawn images have none: their numbers say what they are, and no photograph is a copy of one.
    """
    if synthetic:
        return np.zeros((len(records), 2, BITS), dtype=np.float32)
    images = [record.image for record in records]
    return hash_coefficients(images, contents, cache_dir=default_cache_dir(), workers=workers, progress=True)
