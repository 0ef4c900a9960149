from dataclasses import replace

import numpy as np
import torch

from dermdistill.data.loader import LabelledPixels, batches, batches_in_epoch


def numbered(count: int) -> LabelledPixels:
    """Every image's pixels spell its row; half of the rows belong to the split."""
    pixels = np.broadcast_to(np.arange(2 * count, dtype=np.uint8)[:, None, None, None], (2 * count, 2, 2, 3))
    rows = np.arange(0, 2 * count, 2)
    return LabelledPixels(pixels, rows, rows % 7)


def epoch(data: LabelledPixels, size: int, seed: int = 0) -> list[tuple[torch.Tensor, ...]]:
    return list(batches(data, size, torch.Generator().manual_seed(seed)))


def test_an_epoch_shows_every_image_once_with_its_label() -> None:
    given = epoch(numbered(40), 8)
    rows = torch.cat([pixels[:, 0, 0, 0] for pixels, *_ in given]).tolist()
    labels = torch.cat([labels for _, labels, _ in given]).tolist()
    assert sorted(rows) == list(range(0, 80, 2))
    assert labels == [row % 7 for row in rows]
    assert torch.cat([positions for *_, positions in given]).tolist() == [row // 2 for row in rows]
    assert len(given) == batches_in_epoch(40, 8) == 5


def test_an_incomplete_last_batch_is_left_out() -> None:
    given = epoch(numbered(43), 8)
    assert [len(labels) for _, labels, _ in given] == [8] * 5
    assert batches_in_epoch(43, 8) == 5


def test_fewer_images_than_a_batch_make_one() -> None:
    assert [len(labels) for _, labels, _ in epoch(numbered(5), 64)] == [5]
    assert batches_in_epoch(5, 64) == 1


def test_the_order_follows_the_generator() -> None:
    def order(seed: int) -> list[int]:
        return torch.cat([pixels[:, 0, 0, 0] for pixels, *_ in epoch(numbered(40), 8, seed)]).tolist()

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_positions_of_each_source() -> None:
    two = replace(numbered(5), sources=("a", "b", "a", "a", "b"))
    assert {name: rows.tolist() for name, rows in two.by_source().items()} == {"a": [0, 2, 3], "b": [1, 4]}
    assert {name: len(rows) for name, rows in numbered(5).by_source().items()} == {"": 5}
