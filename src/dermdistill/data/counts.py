"""How many images and lesions of each diagnosis there are, by source and split."""

from collections import Counter
from collections.abc import Sequence

from dermdistill.columns import align
from dermdistill.records import MELANOMA, SPLIT_NAMES, Record


def counts_table(records: Sequence[Record], splits: Sequence[str | None]) -> str:
    """Images by source, diagnosis (melanoma first) and split; then the images and lesions of each source.

    Args:
        records: the images.
        splits: of each; None where it has none.
    """
    names = [*(name for name in SPLIT_NAMES if name in splits), *(["no split"] if None in splits else [])]
    placed = [(record, split or "no split") for record, split in zip(records, splits, strict=True)]
    rows = [("source", "diagnosis", *names, "all")]
    for source in dict.fromkeys(record.source for record in records):
        here = [(record, split) for record, split in placed if record.source == source]
        images = Counter((record.diagnosis, split) for record, split in here)
        in_all = Counter(record.diagnosis for record, _ in here)
        for diagnosis in sorted(in_all, key=lambda name: (name != MELANOMA, -in_all[name], name)):
            rows.append((source, diagnosis, *_counts([images[diagnosis, name] for name in names])))
        lesions = Counter(split for _, split in {(record.lesion_id, split) for record, split in here})
        totals = Counter(split for _, split in here)
        rows.append((source, "images", *_counts([totals[name] for name in names])))
        rows.append((source, "lesions", *_counts([lesions[name] for name in names])))
    return align(rows, keys=2)


def _counts(each: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{count:,}" for count in (*each, sum(each)))
