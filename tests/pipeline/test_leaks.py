import numpy as np
import pytest
from PIL import Image

from dermdistill.data.perceptual_hash import coefficients
from dermdistill.pipeline.leaks import copies_in_two_splits
from dermdistill.records import Pixels, Record


class _Shown:
    """An image that is only talked about."""

    name = "shown"

    def digest(self) -> str:
        return ""

    def decode(self) -> Pixels:
        raise NotImplementedError


def photograph(seed: int) -> Pixels:
    coarse = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((240, 240), Image.Resampling.BICUBIC))


def notes(images: list[Pixels], splits: list[str]) -> tuple[str, ...]:
    records = [Record(f"image{i}", _Shown(), f"image{i}", "nevus") for i in range(len(images))]
    return copies_in_two_splits(records, splits, np.stack([coefficients(image) for image in images]))


def resaved(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((128, 128)))


@pytest.mark.parametrize(
    ("splits", "said"),
    [
        (["train", "train", "test"], "1 of 1 test images look like images in train and val"),
        (["val", "train", "test"], "1 of 1 test images look like images in train and val"),
        (["train", "train", "val"], "1 of 1 val images look like images in train"),
    ],
)
def test_a_photograph_saved_again_in_another_split(splits: list[str], said: str) -> None:
    (note,) = notes([photograph(1), photograph(2), resaved(photograph(1))], splits)
    assert note.startswith(said)
    assert "for example image2, like image0" in note


def test_no_note_on_other_photographs_or_copies_within_a_split() -> None:
    images = [photograph(1), photograph(2), resaved(photograph(1)), photograph(3)]
    assert notes(images, ["train", "val", "train", "test"]) == ()
    assert notes([np.full((64, 64, 3), 90, np.uint8)] * 2, ["train", "test"]) == ()
