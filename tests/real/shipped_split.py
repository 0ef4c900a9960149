"""The images that the shipped model was trained, chosen and tested with."""

from functools import cache
from pathlib import Path

import dermdistill
from dermdistill.data import splits
from dermdistill.data.fixed_split import read_fixed_split, with_split
from dermdistill.data.sources import read_sources
from dermdistill.records import Record, SplitName


@cache
def images_of(part: SplitName, split: Path, *sources: Path) -> list[Record]:
    """One part of a split of two archives; the shipped file's record of that split has to agree."""
    records = with_split(read_sources(sources), read_fixed_split(split)).records
    assigned = splits.split(records, seed=0)
    recorded = dermdistill.load().info.provenance["split"]
    if splits.digest(records, assigned) != recorded:
        raise ValueError(f"{split}: not the split of the shipped model ({recorded})")
    return [record for record, name in zip(records, assigned, strict=True) if name == part]
