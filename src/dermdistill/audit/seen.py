"""Which images of an evaluation the model learned from: the same, saved again, or of the same lesions.

A run knows its images by content, id, lesion and perceptual hash (``split.csv``), a lone model file by
perceptual hash alone. Training and validation images count: the latter chose thresholds and epochs.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.data.packed_hashes import unpack_hashes
from dermdistill.data.perceptual_hash import (
    SAME_BY_SHORT_HASH,
    SAME_PHOTOGRAPH,
    Coefficients,
    from_hex,
    nearest,
)
from dermdistill.data.split_file import Assignment, read_split
from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo
from dermdistill.json_files import read_json
from dermdistill.records import LAYOUTS_JOINED, Record
from dermdistill.runs import RunFolder, RunManifest

BY_ID, BY_HASH, BY_LESION = "image id", "perceptual hash", "lesion"

_ISIC_NUMBER = re.compile(r"ISIC_\d{7}")
_ARCHIVE_LESION = re.compile(r"(HAM|IL)_\d{7}")
# A name such as 1.jpg means nothing alone; two images of one name are the same already at this distance.
_SIMILAR = 0.1
# Of 1,000 images of other lesions, at most this many were taken for known ones (docs/log.md).
OF_1000_BY_CHANCE = 3


@dataclass(frozen=True, slots=True)
class Candidates:
    """The images of an evaluation; ``coefficients`` ``(N, 2, 90)`` are those of ``data.perceptual_hash``."""

    records: Sequence[Record]
    contents: Sequence[str]
    coefficients: Coefficients
    layout: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of N images.

    Attributes:
        how: N of `BY_ID`, `BY_HASH`, `BY_LESION`, or empty where the model did not learn from the image;
            no entry at all where that could not be checked.
        notes: for the user, before any figure.
    """

    how: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """How an image was recognised, and what is known of its like in the training set."""

    how: str
    like: str


def find_seen(images: Candidates, run: RunFolder, info: ModelInfo, model: Path) -> Seen:
    """Compare images with those that a model learned from.

    Args:
        images: to be evaluated.
        run: that the model is part of; without a split where it is a lone file.
        info: of the model, or of any model of the run.
        model: what the user calls it.

    Raises:
        UserError: the run's split or the model's table of hashes is damaged.
    """
    if run.split.exists():
        known = _KnownImages.of(run)
        matches = known.matches(images)
        notes = _notes(images.records, matches)
        return Seen(tuple(match.how if match else "" for match in matches), (*notes, *known.limits))
    if info.learned_from is None:
        lacking = (
            f"{model}: made by an earlier version, without a table of the images that it learned from: "
            "copies of them cannot be recognised here; export it again to add the table"
        )
        return Seen((), (lacking,))
    matches = _in_table(images, info.learned_from, model)
    return Seen(
        tuple(match.how if match else "" for match in matches), tuple(_notes(images.records, matches))
    )


def run_of(model: Path) -> RunFolder:
    """The run that a model is part of, however deep it lies there; else a folder without a split."""
    folders = [model, *model.absolute().parents[:3]]
    runs = [RunFolder(folder) for folder in folders if RunFolder(folder).split.exists()]
    return runs[0] if runs else RunFolder(model)


def _in_table(images: Candidates, packed: str, model: Path) -> list[_Match | None]:
    try:
        table = unpack_hashes(packed)
    except ValueError as error:
        raise UserError(
            f"{model}: its table of training images is damaged ({error}); export it again"
        ) from None
    if not len(table):
        return [None] * len(images.records)
    distance = nearest(images.coefficients, table).distance
    return [_Match(BY_HASH, "") if near else None for near in distance <= SAME_BY_SHORT_HASH]


@dataclass(frozen=True, slots=True)
class _KnownImages:
    """The images of a run, by all that they can be recognised by."""

    rows: tuple[Assignment, ...]
    layout: str

    @classmethod
    def of(cls, run: RunFolder) -> "_KnownImages":
        layout = read_json(run.manifest, RunManifest).data.layout if run.manifest.exists() else ""
        return cls(read_split(run.split), layout)

    @property
    def limits(self) -> tuple[str, ...]:
        """A note where the run is too old to know hashes."""
        if any(row.hash is not None for row in self.rows):
            return ()
        return (
            "this run was made by an earlier version, without perceptual hashes: copies of its images are "
            "recognised by their ids alone; the command that made it adds the hashes, without training again",
        )

    def matches(self, images: Candidates) -> list[_Match | None]:
        """How each image is recognised as one that the run learned from; None where it is not."""
        tested = {row.content for row in self.rows if row.split == "test"}
        by_id = self._by_id(images)
        by_hash = self._by_hash(images)
        lesions = self._lesions(images.layout)
        found: list[_Match | None] = []
        for record, content, same_id, same_hash in zip(
            images.records, images.contents, by_id, by_hash, strict=True
        ):
            row, how = (same_id, BY_ID) if same_id else (same_hash, BY_HASH)
            if content in tested or (row is not None and row.split == "test"):
                found.append(None)
            elif row is not None:
                found.append(_Match(how, f"image {row.image_id}"))
            elif record.lesion_id in lesions:
                found.append(_Match(BY_LESION, f"lesion {record.lesion_id}"))
            else:
                found.append(None)
        return found

    def _by_id(self, images: Candidates) -> list[Assignment | None]:
        """The image of the same id: ISIC's numbers are enough, other names need further evidence."""
        ids = {row.image_id: row for row in self.rows}
        numbers = {number.group(): row for row in self.rows if (number := _ISIC_NUMBER.search(row.image_id))}
        found: list[Assignment | None] = []
        for record, coefficients in zip(images.records, images.coefficients, strict=True):
            number = _ISIC_NUMBER.search(record.image_id)
            row = numbers.get(number.group()) if number else ids.get(record.image_id)
            if row is not None and number is None and not _similar(coefficients, row):
                row = None
            found.append(row)
        return found

    def _by_hash(self, images: Candidates) -> list[Assignment | None]:
        hashed = [row for row in self.rows if row.hash]
        if not hashed:
            return [None] * len(images.records)
        found = nearest(images.coefficients, from_hex([row.hash or "" for row in hashed]))
        is_near = found.distance <= SAME_PHOTOGRAPH
        return [hashed[i] if near else None for i, near in zip(found.index, is_near, strict=True)]

    def _lesions(self, layout: str) -> set[str]:
        """Lesions that the run learned from, whose names mean the same in a source of this layout."""
        alike = not set(layout.split(LAYOUTS_JOINED)).isdisjoint(self.layout.split(LAYOUTS_JOINED))
        return {
            row.lesion_id
            for row in self.rows
            if row.split != "test"
            and row.lesion_id != row.image_id
            and (alike or _ARCHIVE_LESION.fullmatch(row.lesion_id))
        }


def _similar(coefficients: Coefficients, row: Assignment) -> bool:
    return bool(row.hash and nearest(coefficients[None], from_hex([row.hash])).distance[0] <= _SIMILAR)


def _notes(records: Sequence[Record], matches: Sequence[_Match | None]) -> list[str]:
    found = [(record, match) for record, match in zip(records, matches, strict=True) if match]
    copies = [pair for pair in found if pair[1].how != BY_LESION]
    lesions = [pair for pair in found if pair[1].how == BY_LESION]
    notes = []
    if copies:
        counts = _counts(match.how for _, match in copies)
        few = all(match.how == BY_HASH for _, match in copies) and (
            1000 * len(copies) <= OF_1000_BY_CHANCE * len(records)
        )
        meaning = "so few may be chance" if few else "figures on them are flattering"
        notes.append(
            f"{len(copies):,} of {len(records):,} images look like images that the model learned from "
            f"({counts}; for example {_example(*copies[0])}); {meaning}"
        )
    if lesions:
        notes.append(
            f"{len(lesions):,} of {len(records):,} images are other photographs of lesions that the model "
            f"learned from (for example {_example(*lesions[0])}); figures on them are flattering"
        )
    return notes


def _counts(ways: Iterable[str]) -> str:
    counted = list(ways)
    return ", ".join(f"{counted.count(how):,} by {how}" for how in (BY_ID, BY_HASH) if how in counted)


def _example(record: Record, match: _Match) -> str:
    if not match.like:
        return record.image.name
    return f"{record.image.name}, {'of' if match.how == BY_LESION else 'like training'} {match.like}"
