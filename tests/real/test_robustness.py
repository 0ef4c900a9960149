"""The shipped model's ranking holds on photographs spoiled as photographs are."""

import numpy as np
import pytest
from PIL import Image

import dermdistill

from .robustness import EVERYDAY, effect, scores
from .shipped_split import images_of
from .test_data import of_the_shipped_model


@pytest.fixture(scope="module")
def photographs() -> tuple[list[Image.Image], np.ndarray]:
    """All melanomas of the validation images, and every third of the others."""
    records = images_of("val", *of_the_shipped_model())
    others = [record for record in records if not record.is_melanoma]
    records = [record for record in records if record.is_melanoma] + others[::3]
    pictures = [Image.fromarray(record.image.decode()) for record in records]
    return pictures, np.array([record.is_melanoma for record in records])


WEAK = {"black frame of 0.15": (0.02, 0.16)}
"""Where the shipped model is weaker than it should be: AUC lost, and share of other decisions."""


def test_what_a_photograph_may_have_gone_through(photographs: tuple[list[Image.Image], np.ndarray]) -> None:
    """An everyday change costs at most 0.02 of AUC, and one decision in ten; but for the known weaknesses."""
    pictures, melanoma = photographs
    model = dermdistill.load()
    clean = scores(model, pictures)
    clean_auc = effect(model, pictures, melanoma, clean).auc
    for name, spoil in EVERYDAY.items():
        found = effect(model, [spoil(picture) for picture in pictures], melanoma, clean)
        lost, decisions = WEAK.get(name, (0.02, 0.1))
        assert found.auc > clean_auc - lost, name
        assert found.decided_otherwise < decisions, name
