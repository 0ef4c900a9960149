"""The shipped model's ranking holds on photographs spoiled as photographs are."""

import numpy as np
import pytest
from PIL import Image

import dermdistill

from .robustness import EVERYDAY, effect, scores
from .shipped_split import images_of
from .test_data import needed


@pytest.fixture(scope="module")
def photographs() -> tuple[list[Image.Image], np.ndarray]:
    """All melanomas of the validation images, and every third of the others."""
    records = images_of("val", needed("ham10000"))
    others = [record for record in records if not record.is_melanoma]
    records = [record for record in records if record.is_melanoma] + others[::3]
    pictures = [Image.fromarray(record.image.decode()) for record in records]
    return pictures, np.array([record.is_melanoma for record in records])


def test_what_a_photograph_may_have_gone_through(photographs: tuple[list[Image.Image], np.ndarray]) -> None:
    """Every everyday change costs at most 0.02 of AUC, and at most one decision in ten."""
    pictures, melanoma = photographs
    model = dermdistill.load()
    clean = scores(model, pictures)
    clean_auc = effect(model, pictures, melanoma, clean).auc
    for name, spoil in EVERYDAY.items():
        found = effect(model, [spoil(picture) for picture in pictures], melanoma, clean)
        assert found.auc > clean_auc - 0.02, name
        assert found.decided_otherwise < 0.1, name
