"""Every image in a split, and the classes that the training images define."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermdistill.config import Recipe
from dermdistill.data import splits
from dermdistill.data.loader import LabelledPixels
from dermdistill.distillation.targets import NOT_LEARNED, class_indices, classes_of
from dermdistill.messages import note
from dermdistill.pipeline.data_path import remembered
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.records import DataSet, SplitName
from dermdistill.runs import DataSummary


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
        """Rows of the records that belong to these splits; no training images of a diagnosis not learned."""
        learned = class_indices(self.dataset.records, self.classes) != NOT_LEARNED
        chosen = (
            i for i, split in enumerate(self.split) if split in names and (learned[i] or split != "train")
        )
        return np.array(list(chosen), dtype=np.int64)

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
    found = zip(train, class_indices(train, classes), strict=True)
    rare = Counter(record.diagnosis for record, index in found if index == NOT_LEARNED)
    left_out = ", ".join(f"{name} ({count})" for name, count in sorted(rare.items()))
    if left_out:
        note(f"less than one in a thousand training images, so not learned and left out: {left_out}")
    return Assigned(dataset, assigned, classes)
