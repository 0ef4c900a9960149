"""A recorded fact, and what of a record is published."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

_ABSOLUTE = re.compile(r"""(?<![\w.~/:])(?:~?/[^\s:,;"'/\\]+[/\\]|[A-Za-z]:[\\/])[^\s:,;"']*""")


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence or two, and the file and field that it was read from."""

    text: str
    where: str


def shares(counts: dict[str, int]) -> str:
    """Counts by name, the largest first: ``nevus 66, melanoma 24``."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered)


def without_folders(text: str, paths: Sequence[str]) -> str:
    """Text without the folders of a disk, which may hold the name of a person: paths become their last part.

    Args:
        text: of a record.
        paths: that are known to occur; absolute ones are found without it.
    """
    for path in sorted(paths, key=len, reverse=True):
        text = text.replace(path, PurePath(path).name)
    return _ABSOLUTE.sub(lambda found: re.split(r"[\\/]", found[0].rstrip("\\/"))[-1], text)
