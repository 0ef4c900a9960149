"""``split.csv``: which image went to which split, by name and by content."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from dermdistill.errors import UserError
from dermdistill.files import replacing
from dermdistill.records import SPLIT_NAMES, Record, SplitName

_KNOWN: Mapping[str, SplitName] = {name: name for name in SPLIT_NAMES}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of the file; ``content`` is the digest of the image, the same under any name."""

    image_id: str
    lesion_id: str
    diagnosis: str
    split: SplitName
    content: str


_COLUMNS = tuple(column.name for column in fields(Assignment))


def write_split(
    path: Path, records: Sequence[Record], splits: Sequence[SplitName], contents: Sequence[str]
) -> None:
    """Write the split of every record, with the digest of its image, as CSV."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(_COLUMNS)
        for record, split, content in zip(records, splits, contents, strict=True):
            row = Assignment(record.image_id, record.lesion_id, record.diagnosis, split, content)
            writer.writerow(astuple(row))


def read_split(path: Path) -> tuple[Assignment, ...]:
    """The lines of a file of ``write_split``, in order.

    Raises:
        UserError: the file is missing, lacks a column, names an unknown split or an image twice.
    """
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            columns = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot read the split ({error})") from None
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; expected {', '.join(_COLUMNS)}")
    found: dict[str, Assignment] = {}
    for line, row in enumerate(rows, start=2):
        image_id, name = row["image_id"], row["split"]
        if name not in _KNOWN:
            raise UserError(f"{path}, line {line}: split is {name!r}; expected {', '.join(SPLIT_NAMES)}")
        if image_id in found:
            raise UserError(f"{path}, line {line}: image {image_id} is listed twice; remove one of the lines")
        lesion_id, diagnosis, content = row["lesion_id"], row["diagnosis"], row["content"]
        found[image_id] = Assignment(image_id, lesion_id, diagnosis, _KNOWN[name], content)
    return tuple(found.values())
