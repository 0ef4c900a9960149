"""From ``--data`` to decoded, split and labelled images."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dermdistill.config import Recipe, SyntheticRecipe
from dermdistill.data import cache, splits
from dermdistill.data.digests import content_digests
from dermdistill.data.hash_cache import hash_coefficients
from dermdistill.data.loader import LabelledPixels
from dermdistill.data.perceptual_hash import BITS, Coefficients
from dermdistill.data.sources import read_data, synthetic
from dermdistill.distillation.targets import class_indices, classes_of
from dermdistill.errors import UserError
from dermdistill.evaluation.results import read_json
from dermdistill.pipeline.data_path import remembered
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet, Record, SplitName
from dermdistill.runs import DataSummary, RunFolder, RunManifest

SYNTHETIC = "synthetic"


def open_data(data: str, recipe: SyntheticRecipe, size: int, reading: Reading) -> DataSet:
    """The records of ``--data``, announced on stderr with all that the source has to say.

    Args:
        data: a path, or ``synthetic`` for procedural images.
        recipe: how to draw procedural images.
        size: their side, pixels.
        reading: the user's word on the labels.
    """
    if data == SYNTHETIC:
        if reading != AS_FOUND:
            raise UserError("--label and --positive: synthetic images have no names; leave them out")
        dataset = synthetic.read(recipe.lesions, size=size, difficulty=recipe.difficulty, seed=recipe.seed)
    else:
        dataset = read_data(Path(data), reading)
    announce(dataset)
    return dataset


def reading_of(run: RunFolder, data: str, given: Reading) -> Reading:
    """The user's word on the labels: what is given now, else what the run recorded of the same data."""
    if given != AS_FOUND or not run.manifest.exists():
        return given
    of_run = read_json(run.manifest, RunManifest).data
    return of_run.reading if Path(of_run.path).resolve() == Path(data).resolve() else given


def announce(dataset: DataSet) -> None:
    """Say on stderr which layout was recognised, and the source's notes."""
    print(f"data: {len(dataset.records)} images, layout {dataset.layout}", file=sys.stderr)
    for note in dataset.notes:
        print(f"note: {note}", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Assigned:
    """A data set whose every image has a split, and the classes that its training images define."""

    dataset: DataSet
    split: tuple[SplitName, ...]
    classes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Changes whenever an image goes to another split."""
        return splits.digest(self.dataset.records, self.split)

    def rows(self, *names: SplitName) -> NDArray[np.int64]:
        """Rows of the records that belong to these splits."""
        return np.array([i for i, split in enumerate(self.split) if split in names], dtype=np.int64)

    def labelled(self, pixels: NDArray[np.uint8], name: SplitName) -> LabelledPixels:
        """One split of the decoded images ``(N, S, S, 3)``, with class indices."""
        rows = self.rows(name)
        records = [self.dataset.records[i] for i in rows]
        return LabelledPixels(pixels, rows, class_indices(records, self.classes))

    def summary(self, data: str, reading: Reading) -> DataSummary:
        """What the report says of the data."""
        counts: dict[str, Counter[str]] = {}
        for record, split in zip(self.dataset.records, self.split, strict=True):
            counts.setdefault(split, Counter())[record.diagnosis] += 1
        return DataSummary(
            layout=self.dataset.layout,
            path=data if self.dataset.synthetic else remembered(data),
            reading=reading,
            synthetic=self.dataset.synthetic,
            notes=self.dataset.notes,
            images=len(self.dataset.records),
            lesions=len({record.lesion_id for record in self.dataset.records}),
            counts={split: dict(counter) for split, counter in counts.items()},
            split_digest=self.digest,
        )


def assign(dataset: DataSet, recipe: Recipe) -> Assigned:
    """Split a data set by lesion (patient where known) and fix the classes.

    Raises:
        UserError: a lesion crosses given splits, too few lesions, one class only.
    """
    assigned = splits.split(dataset.records, fractions=recipe.data.fractions, seed=recipe.data.split_seed)
    train = [record for record, split in zip(dataset.records, assigned, strict=True) if split == "train"]
    classes = classes_of(train, recipe.data.target)
    class_indices(dataset.records, classes)
    return Assigned(dataset, assigned, classes)


@dataclass(frozen=True, slots=True)
class Decoded:
    """All images of a data set, in the order of its records.

    Attributes:
        pixels: RGB uint8 ``(N, S, S, 3)``, memory-mapped.
        key: changes whenever a pixel could be different.
        contents: a digest of each image, the same under any name.
    """

    pixels: NDArray[np.uint8]
    key: str
    contents: tuple[str, ...]


def decode(records: Sequence[Record], size: int) -> Decoded:
    """All images at ``size`` pixels, from the cache or decoded by as many processes as torch has threads."""
    workers = torch.get_num_threads()
    pixels = cache.decoded(records, size, cache_dir=cache.default_cache_dir(), workers=workers)
    # The cache names its files by content.
    assert isinstance(pixels, np.memmap)
    return Decoded(pixels, Path(str(pixels.filename)).stem, contents_of(records))


def contents_of(records: Sequence[Record]) -> tuple[str, ...]:
    """A digest of each image; hashed once, then remembered beside the decoded images."""
    images = [record.image for record in records]
    workers = torch.get_num_threads()
    return tuple(content_digests(images, cache_dir=_cache_dir(), workers=workers, progress=True))


def coefficients_of(records: Sequence[Record], contents: Sequence[str], *, synthetic: bool) -> Coefficients:
    """The coefficients ``(N, 2, 90)`` of each image's perceptual hash, once computed, then remembered.

    Drawn images have none: their numbers say what they are, and no photograph is a copy of one.
    """
    if synthetic:
        return np.zeros((len(records), 2, BITS), dtype=np.float32)
    images = [record.image for record in records]
    workers = torch.get_num_threads()
    return hash_coefficients(images, contents, cache_dir=_cache_dir(), workers=workers, progress=True)


def _cache_dir() -> Path:
    folder = cache.default_cache_dir()
    cache.check_cache(folder)
    return folder
