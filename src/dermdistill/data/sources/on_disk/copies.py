"""Finding the same photograph under several names, so that no split puts copies on both sides.

Published sets hold such copies: the ISIC challenge of 2020, for instance, several hundred.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from dermdistill.data.diagnoses import contradict
from dermdistill.data.grouping import connected
from dermdistill.data.images import ImageFile
from dermdistill.errors import UserError
from dermdistill.records import MELANOMA, Record


@dataclass(frozen=True, slots=True)
class CopyEvidence:
    """One way in which files are known to show the same photograph.

    Attributes:
        keys: of each record; two that share a key show the same photograph.
        are: what such files are, for the note: ``copies of others``.
        contradict: whether two diagnoses cannot both be right.
    """

    keys: Sequence[Sequence[str]]
    are: str
    contradict: Callable[[str, str], bool] = contradict


def by_name(keys: Sequence[Sequence[str]]) -> CopyEvidence:
    """Files whose names say so; see ``photographs.versions``."""
    return CopyEvidence(keys, "versions of others by their names")


def by_list(keys: Sequence[Sequence[str]], table: str) -> CopyEvidence:
    """Images that a list of duplicates names; lists pair what pathologists and others called differently."""
    return CopyEvidence(
        keys, f"duplicates by {table}", lambda one, other: MELANOMA in (one, other) and one != other
    )


def unite_copies(
    records: Sequence[Record],
    known: Sequence[CopyEvidence] = (),
    *,
    contradictions: bool = False,
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """Give all files of one photograph the same lesion id; returns the records and notes.

    Args:
        records: their images may be files; files of equal content are copies.
        known: what else is known of them.
        contradictions: see ``reading.Reading``.

    Raises:
        UserError: two files of one photograph have diagnoses that contradict each other, unless that is
            wanted.
    """
    notes: list[str] = []
    keys: list[list[str]] = [[f"lesion:{record.lesion_id}"] for record in records]
    for number, evidence in enumerate((CopyEvidence(contents_of(records), "copies of others"), *known)):
        own = [[f"{number}:{key}" for key in found] for found in evidence.keys]
        groups = connected([found or [f"alone:{i}"] for i, found in enumerate(own)])
        if not contradictions:
            _check_diagnoses(records, groups, evidence)
        notes += _note(records, groups, evidence)
        for all_keys, found in zip(keys, own, strict=True):
            all_keys += found
    united = tuple(
        record
        if record.lesion_id == records[first].lesion_id
        else replace(record, lesion_id=records[first].lesion_id)
        for record, first in zip(records, connected(keys), strict=True)
    )
    return united, tuple(notes)


def _note(records: Sequence[Record], groups: Sequence[int], evidence: CopyEvidence) -> list[str]:
    pairs = [
        (record, records[first])
        for i, (record, first) in enumerate(zip(records, groups, strict=True))
        if first != i
    ]
    if not pairs:
        return []
    one, other = _shortest(*(Path(record.image.name) for record in pairs[0]))
    count = f"{len(pairs)} of {len(records)} images are {evidence.are}"
    return [
        f"{count} ({one} of {other}{', for instance' if len(pairs) > 1 else ''}): they count as one lesion"
    ]


def _shortest(one: Path, other: Path) -> tuple[str, str]:
    """Both paths without the folders that they share."""
    shared = Path(os.path.commonpath([one.parent, other.parent]))
    return one.relative_to(shared).as_posix(), other.relative_to(shared).as_posix()


def contents_of(records: Sequence[Record]) -> list[list[str]]:
    """Keys of the content of each image, equal for copies.

    Only files of one size are read: there is no key without another of the same size. Empty files are all
    alike, but not the same picture. They and files that cannot be read have none; decoding reports them.
    """
    sizes: defaultdict[int, list[int]] = defaultdict(list)
    for position, record in enumerate(records):
        if isinstance(record.image, ImageFile) and (size := record.image.bytes_on_disk()):
            sizes[size].append(position)
    contents: list[list[str]] = [[] for _ in records]
    for position in (each for positions in sizes.values() if len(positions) > 1 for each in positions):
        with suppress(UserError):
            contents[position].append(records[position].image.digest())
    return contents


def _check_diagnoses(records: Sequence[Record], groups: Sequence[int], evidence: CopyEvidence) -> None:
    clashes = [
        (record, records[first])
        for record, first in zip(records, groups, strict=True)
        if evidence.contradict(record.diagnosis, records[first].diagnosis) and can_be_decoded(record)
    ]
    if clashes:
        record, first = clashes[0]
        others = f" (and {len(clashes) - 1} more such images)" if len(clashes) > 1 else ""
        raise UserError(
            f"{record.image.name}: the same image as {first.image.name}, but {record.diagnosis} here and "
            f"{first.diagnosis} there{others}; keep the right one"
        )


def can_be_decoded(record: Record) -> bool:
    """Whether it can be decoded: the web pages that failed downloads leave are all alike, but no images."""
    try:
        record.image.decode()
    except UserError:
        return False
    return True
