"""Which things belong together, directly or through others."""

import re
from collections.abc import Iterable, Sequence


def connected(keys: Sequence[Iterable[str]]) -> list[int]:
    """Number the items so that two share a number if they share a key, directly or through other items.

    Args:
        keys: the keys of each item, at least one an item.

    Returns:
        One number an item: the position of the first item of its group.
    """
    parent = list(range(len(keys)))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    first_with: dict[str, int] = {}
    for item, names in enumerate(keys):
        for name in names:
            one, other = root(first_with.setdefault(name, item)), root(item)
            parent[max(one, other)] = min(one, other)
    return [root(item) for item in range(len(keys))]


def id_key(name: str) -> str:
    """Equal for spellings of one lesion's or patient's id: ``IP_07`` and ``ip_7``, ``12`` and ``12.0``.

    To take two ids for one keeps images together that need not be; the other mistake would be a leak.
    """
    text = re.sub(r"^(\d+)\.0+$", r"\1", name.strip().casefold())
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)
