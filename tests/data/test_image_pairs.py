"""All near pairs, against a plain double loop."""

import numpy as np
import pytest

from dermdistill.data import image_pairs
from dermdistill.data.image_pairs import near_pairs


@pytest.mark.parametrize("block_bytes", [1, 400, 2**20])
def test_every_pair_once_at_its_lesser_distance(block_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_pairs, "_BLOCK_BYTES", block_bytes)
    table = np.random.default_rng(0).random((15, 15)).astype(np.float32)
    table[4] = np.inf
    found = near_pairs(lambda rows: table[rows], 15, limit=0.3)
    expected = sorted(
        (min(table[i, j], table[j, i]), i, j)
        for i in range(15)
        for j in range(i + 1, 15)
        if min(table[i, j], table[j, i]) <= 0.3
    )
    assert [(distance, one, other) for one, other, distance in found.as_tuples()] == expected


def test_the_nearest_are_kept_where_there_are_too_many() -> None:
    values = np.arange(50, dtype=np.float32)
    found = near_pairs(lambda rows: np.abs(values[rows, None] - values), 50, limit=np.inf, most=2)
    assert {(one, other) for one, other, distance in found.as_tuples() if distance == 1} == {
        (i, i + 1) for i in range(49)
    }
    assert len(found) <= 100


def test_no_image_has_no_pair() -> None:
    assert len(near_pairs(lambda rows: np.empty((0, 0), np.float32), 0, limit=1)) == 0
