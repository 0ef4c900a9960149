"""A split file without the images at fault."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dermdistill.audit.findings import Finding
from dermdistill.config import DataRecipe
from dermdistill.data import splits
from dermdistill.data.grouping import connected
from dermdistill.files import begins_with, replacing
from dermdistill.records import Record, SplitName

COLUMNS = ("image_id", "lesion_id", "source", "split", "left_out_because")

LEFT_OUT = "left-out"
"""What stands for a split where an image is left out."""

_KEPT_FIRST = ("test", "val", "train")


def preference(record: Record) -> int:
    """The copy with the smaller number stays: a test image, since published figures are on all of them."""
    return _KEPT_FIRST.index(record.split) if record.split in _KEPT_FIRST else len(_KEPT_FIRST)


def images_at_fault(findings: Sequence[Finding]) -> dict[int, str]:
    """The rows that any finding leaves out, and the kind of the first that does."""
    reasons: dict[int, str] = {}
    for finding in findings:
        for row in finding.leave_out:
            reasons.setdefault(row, finding.kind)
    return reasons


def write_cleaned_split(
    path: Path, records: Sequence[Record], findings: Sequence[Finding]
) -> tuple[int, int]:
    """Write the split of every record as CSV, ``left-out`` for the images at fault; how many stay and go.

    Records without a split are dealt as training does by default; copies that stay count as one lesion.

    Raises:
        UserError: too few lesions are left to divide, or the file cannot be written.
    """
    out = images_at_fault(findings)
    kept = [row for row in range(len(records)) if row not in out]
    united = _with_copies_united(records, findings)
    chosen = dict(zip(kept, _dealt([united[row] for row in kept]), strict=True))
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)
        for row, record in enumerate(united):
            split, reason = chosen.get(row, LEFT_OUT), out.get(row, "")
            writer.writerow((record.image_id, record.lesion_id, record.source, split, reason))
    return len(kept), len(out)


def is_cleaned_split(path: Path) -> bool:
    """Whether a file is one of ``write_cleaned_split``."""
    return begins_with(path, ",".join(COLUMNS).encode())


def _dealt(records: Sequence[Record]) -> Sequence[SplitName]:
    given = [record.split for record in records if record.split is not None]
    if len(given) == len(records):
        return given
    recipe = DataRecipe()
    return splits.split(records, fractions=recipe.fractions, seed=recipe.split_seed)


def _with_copies_united(records: Sequence[Record], findings: Sequence[Finding]) -> list[Record]:
    keys = [[f"lesion:{record.lesion_id}"] for record in records]
    for number, finding in enumerate(findings):
        if finding.kind in ("exact-copy", "near-copy"):
            for row in finding.images:
                keys[row].append(f"copy:{number}")
    return [
        replace(record, lesion_id=records[first].lesion_id)
        for record, first in zip(records, connected(keys), strict=True)
    ]
