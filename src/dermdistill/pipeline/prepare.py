"""From ``--data`` to decoded, split and labelled images."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dermdistill.config import Recipe, SyntheticRecipe
from dermdistill.data import splits
from dermdistill.data.cache import DecodedImages, content_digests, decode_images, default_cache_dir
from dermdistill.data.fixed_split import check_leaks, read_fixed_split, with_split
from dermdistill.data.hash_cache import hash_coefficients
from dermdistill.data.loader import LabelledPixels
from dermdistill.data.perceptual_hash import BITS, Coefficients
from dermdistill.data.sources import read_sources, synthetic
from dermdistill.distillation.targets import class_indices, classes_of
from dermdistill.errors import UserError
from dermdistill.json_files import read_json
from dermdistill.messages import inform, note
from dermdistill.pipeline.data_path import remembered
from dermdistill.reading import AS_FOUND, Reading
from dermdistill.records import DataSet, Record, SplitName
from dermdistill.runs import DataSummary, RunFolder, RunManifest, SplitFile

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
        sources = tuple(record.source for record in records)
        return LabelledPixels(pixels, rows, class_indices(records, self.classes), sources)

    def summary(self, data: DataOptions) -> DataSummary:
        """What the report says of the data."""
        counts: dict[str, Counter[str]] = {}
        sources: dict[str, dict[str, Counter[str]]] = {}
        for record, split in zip(self.dataset.records, self.split, strict=True):
            counts.setdefault(split, Counter())[record.diagnosis] += 1
            sources.setdefault(record.source, {}).setdefault(split, Counter())[record.diagnosis] += 1
        return DataSummary(
            layout=self.dataset.layout,
            paths=data.paths if self.dataset.synthetic else tuple(map(remembered, data.paths)),
            reading=data.reading,
            synthetic=self.dataset.synthetic,
            notes=self.dataset.notes,
            images=len(self.dataset.records),
            lesions=len({record.lesion_id for record in self.dataset.records}),
            counts={split: dict(counter) for split, counter in counts.items()},
            sources={
                source: {split: dict(counter) for split, counter in of_source.items()}
                for source, of_source in sources.items()
            },
            split_digest=self.digest,
            split_file=data.split_file(),
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


def decode(records: Sequence[Record], size: int) -> DecodedImages:
    """All images at ``size`` pixels, from the cache or decoded by as many processes as torch has threads."""
    return decode_images(records, size, cache_dir=default_cache_dir(), workers=torch.get_num_threads())


@dataclass(frozen=True, slots=True)
class ImagesOfRun:
    """The decoded images of a run for another process of it (see ``training.job.PixelSource``)."""

    records: tuple[Record, ...]
    size: int

    def read(self) -> NDArray[np.uint8]:
        """From the cache of that process's machine, or decoded there."""
        return decode(self.records, self.size).pixels


def digests_of(records: Sequence[Record]) -> tuple[str, ...]:
    """A digest of the content of each image."""
    images = [record.image for record in records]
    return tuple(content_digests(images, cache_dir=default_cache_dir(), workers=torch.get_num_threads()))


def coefficients_of(records: Sequence[Record], contents: Sequence[str], *, synthetic: bool) -> Coefficients:
    """The coefficients ``(N, 2, 90)`` of each image's perceptual hash, once computed, then remembered.

    Drawn images have none: their numbers say what they are, and no photograph is a copy of one.
    """
    if synthetic:
        return np.zeros((len(records), 2, BITS), dtype=np.float32)
    images = [record.image for record in records]
    folder, workers = default_cache_dir(), torch.get_num_threads()
    return hash_coefficients(images, contents, cache_dir=folder, workers=workers, progress=True)
