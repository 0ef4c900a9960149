"""Copies of one photograph in two splits of a run, which neither names nor contents give away."""

from collections.abc import Sequence

import numpy as np

from dermdistill.audit.seen import OF_1000_BY_CHANCE
from dermdistill.data.perceptual_hash import SAME_PHOTOGRAPH, Coefficients, has_hash, nearest, signs
from dermdistill.records import Record


def copies_in_two_splits(
    records: Sequence[Record], splits: Sequence[str], coefficients: Coefficients
) -> tuple[str, ...]:
    """A note where test images look like training or validation images, or these like each other.

    Args:
        records: N of them.
        splits: of each.
        coefficients: of each, ``(N, 2, 90)``; see `data.perceptual_hash`.
    """
    notes = (
        _note(records, splits, coefficients, "test", ("train", "val")),
        _note(records, splits, coefficients, "val", ("train",)),
    )
    return tuple(note for note in notes if note)


def _note(
    records: Sequence[Record],
    splits: Sequence[str],
    coefficients: Coefficients,
    judged: str,
    learned: Sequence[str],
) -> str:
    known = has_hash(coefficients)
    of_split = np.array(splits)
    rows = np.flatnonzero(known & (of_split == judged))
    others = np.flatnonzero(known & np.isin(of_split, learned))
    if not (len(rows) and len(others)):
        return ""
    found = nearest(coefficients[rows], signs(coefficients[others]))
    near = np.flatnonzero(found.distance <= SAME_PHOTOGRAPH)
    if not len(near):
        return ""
    one, other = records[rows[near[0]]], records[others[found.index[near[0]]]]
    few = 1000 * len(near) <= OF_1000_BY_CHANCE * len(rows)
    meaning = "so few may be chance" if few else "copies flatter the results; move each to one split"
    return (
        f"{len(near):,} of {len(rows):,} {judged} images look like images in {' and '.join(learned)} "
        f"(by perceptual hash; for example {one.image_id}, like {other.image_id}); {meaning}"
    )
