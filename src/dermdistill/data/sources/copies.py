"""Finding the same picture under several names, so that no split puts copies on both sides.

Published sets hold such copies: the ISIC challenge of 2020, for instance, several hundred.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from dermdistill.data.diagnoses import contradict
from dermdistill.data.grouping import connected
from dermdistill.data.images import ImageFile
from dermdistill.errors import UserError
from dermdistill.records import Record


def unite_copies(
    records: Sequence[Record], pictures: Sequence[str]
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """Give copies of one picture the same lesion id; returns the records and notes.

    Args:
        records: their images may be files; files of equal content are copies.
        pictures: what names the picture of each record; equal names are copies too.

    Raises:
        UserError: copies have diagnoses that contradict each other.
    """
    keys = [[f"picture:{name}", *content] for name, content in zip(pictures, _contents(records), strict=True)]
    first_copies = connected(keys)
    _check_diagnoses(records, first_copies)
    lesions = connected(
        [[f"lesion:{record.lesion_id}", *own] for record, own in zip(records, keys, strict=True)]
    )
    united = tuple(
        record
        if record.lesion_id == records[first].lesion_id
        else replace(record, lesion_id=records[first].lesion_id)
        for record, first in zip(records, lesions, strict=True)
    )
    copies = len(records) - len(set(first_copies))
    notes = [f"{copies} of {len(records)} images are copies of others: copies count as one lesion"]
    return united, tuple(notes if copies else [])


def _contents(records: Sequence[Record]) -> list[list[str]]:
    """A digest for each file that could have a copy: only files of one size are read.

    Empty files are all alike, but not the same picture. They and files that cannot be read have none;
    decoding reports them.
    """
    sizes: defaultdict[int, list[int]] = defaultdict(list)
    for position, record in enumerate(records):
        if isinstance(record.image, ImageFile) and (size := record.image.bytes_on_disk()):
            sizes[size].append(position)
    contents: list[list[str]] = [[] for _ in records]
    for position in (each for positions in sizes.values() if len(positions) > 1 for each in positions):
        with suppress(UserError):
            contents[position].append(f"content:{records[position].image.digest()}")
    return contents


def _check_diagnoses(records: Sequence[Record], first_copies: Sequence[int]) -> None:
    clashes = [
        (record, records[first])
        for record, first in zip(records, first_copies, strict=True)
        if contradict(record.diagnosis, records[first].diagnosis) and _is_image(record)
    ]
    if clashes:
        record, first = clashes[0]
        others = f" (and {len(clashes) - 1} more such images)" if len(clashes) > 1 else ""
        raise UserError(
            f"{record.image.name}: the same image as {first.image.name}, yet {record.diagnosis} here and "
            f"{first.diagnosis} there{others}; keep the right one"
        )


def _is_image(record: Record) -> bool:
    """Whether it can be decoded: the web pages that failed downloads leave are all alike, but no images."""
    try:
        record.image.decode()
    except UserError:
        return False
    return True
