"""``split.csv``: which image went to which split, by name, by content and by perceptual hash."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from dermdistill.errors import UserError
from dermdistill.files import replacing
from dermdistill.records import SPLIT_NAMES, Record, SplitName
from dermdistill.spreadsheet import text_cell, text_of

_HASH = re.compile(r"[0-9a-f]{24}")
_KNOWN: Mapping[str, SplitName] = {name: name for name in SPLIT_NAMES}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of the file.

    Attributes:
        image_id, lesion_id, diagnosis, split: of the image.
        content: its digest, the same under any name.
        hash: its perceptual hash (``perceptual_hash.to_hex``), empty where it has none; None in a file of an
            earlier version.
        source: the name of its data set, empty in a file of an earlier version.
    """

    image_id: str
    lesion_id: str
    diagnosis: str
    split: SplitName
    content: str
    hash: str | None = None
    source: str = ""


_COLUMNS = tuple(column.name for column in fields(Assignment))
_REQUIRED = tuple(name for name in _COLUMNS if name not in ("hash", "source"))


def write_split(
    path: Path,
    records: Sequence[Record],
    splits: Sequence[SplitName],
    contents: Sequence[str],
    hashes: Sequence[str],
) -> None:
    """Write the split of every record, with the digest and the perceptual hash of its image, as CSV."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(_COLUMNS)
        for record, split, content, hashed in zip(records, splits, contents, hashes, strict=True):
            row = Assignment(
                record.image_id, record.lesion_id, record.diagnosis, split, content, hashed, record.source
            )
            writer.writerow(map(text_cell, astuple(row)))


def read_split(path: Path) -> tuple[Assignment, ...]:
    """The lines of a file of ``write_split``, in order.

    Raises:
        UserError: the file is missing, lacks a column, names an unknown split, an image twice
            or something that is not a hash.
    """
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            columns = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot read the split ({error})") from None
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; expected {', '.join(_REQUIRED)}")
    found: dict[str, Assignment] = {}
    for line, row in enumerate(rows, start=2):
        if None in row or None in [row[name] for name in _REQUIRED]:
            raise UserError(f"{path}, line {line}: expected {len(columns)} fields; the file is damaged")
        image_id, name = text_of(row["image_id"]), row["split"]
        if name not in _KNOWN:
            raise UserError(f"{path}, line {line}: split is {name!r}; expected {', '.join(SPLIT_NAMES)}")
        if image_id in found:
            raise UserError(f"{path}, line {line}: image {image_id} is listed twice; remove one of the lines")
        lesion_id, diagnosis, content = text_of(row["lesion_id"]), text_of(row["diagnosis"]), row["content"]
        hashed = row.get("hash")
        if hashed and not _HASH.fullmatch(hashed):
            raise UserError(
                f"{path}, line {line}: hash is {hashed!r}; expected 24 hexadecimal digits or none"
            )
        source = text_of(row.get("source") or "")
        found[image_id] = Assignment(image_id, lesion_id, diagnosis, _KNOWN[name], content, hashed, source)
    return tuple(found.values())


def splits_again(
    assignments: Sequence[Assignment], records: Sequence[Record], contents: Sequence[str]
) -> list[SplitName | None]:
    """The split that each image had, None where it had none.

    Images are recognised by content, so that a moved or renamed folder is the same data. Of several copies
    those that were in the split are taken by name where they are still called so.

    Args:
        assignments: the lines of the file.
        records: images that may be those of the file.
        contents: a digest of each.
    """
    splits: dict[str, dict[str, SplitName]] = {}
    for row in assignments:
        splits.setdefault(row.content, {})[row.image_id] = row.split
    by_name = {
        content
        for record, content in zip(records, contents, strict=True)
        if record.image_id in splits.get(content, {})
    }
    return [
        splits[content].get(
            record.image_id, None if content in by_name else next(iter(splits[content].values()))
        )
        if content in splits
        else None
        for record, content in zip(records, contents, strict=True)
    ]
