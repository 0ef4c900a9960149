"""The lesions that the shipped model was trained, chosen and tested with."""

from pathlib import Path
from typing import Literal

import dermdistill
from dermdistill.data import splits
from dermdistill.data.sources import read_sources
from dermdistill.records import Record


def images_of(part: Literal["train", "val", "test"], ham10000: Path) -> list[Record]:
    """One part of the recipe's split; the shipped file's record of that split has to agree."""
    records = read_sources([ham10000]).records
    split = splits.split(records, seed=0)
    recorded = dermdistill.load().info.provenance["split"]
    if splits.digest(records, split) != recorded:
        raise ValueError(f"{ham10000}: not the images and the split of the shipped model ({recorded})")
    return [record for record, name in zip(records, split, strict=True) if name == part]
