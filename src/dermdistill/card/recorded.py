"""A recorded fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence or two, and the file and field that it was read from."""

    text: str
    where: str


def shares(counts: dict[str, int]) -> str:
    """Counts by name, the largest first: ``nevus 66, melanoma 24``."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered)
