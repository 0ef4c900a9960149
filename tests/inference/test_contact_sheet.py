from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dermdistill.inference import contact_sheet
from dermdistill.inference.contact_sheet import ContactSheet, Order
from dermdistill.inference.explain import Explanation
from dermdistill.records import Pixels

from .test_explanation_picture import explanation

SHADES = {0.2: (250, 10, 10), 0.9: (10, 250, 10), 0.5: (10, 10, 250)}
"""P(melanoma) of three photographs, in the order in which they are given, and their colour."""


def of_probability(probability: float) -> Explanation:
    whole = explanation()
    return replace(whole, prediction=replace(whole.prediction, probability=probability))


def photograph(shade: tuple[int, int, int], width: int = 60, height: int = 45) -> Pixels:
    return np.full((height, width, 3), shade, dtype=np.uint8)


def sheet_of(order: Order) -> ContactSheet:
    sheet = ContactSheet(order)
    for probability, shade in SHADES.items():
        sheet.add(of_probability(probability), photograph(shade), f"photo of {probability}.jpg")
    return sheet


def first_column_of(picture: Image.Image, shade: tuple[int, int, int]) -> int:
    """Where a photograph begins."""
    return int((np.asarray(picture) == shade).all(axis=2).any(axis=0).argmax())


@pytest.mark.parametrize(
    ("order", "expected"), [("input", [0.2, 0.9, 0.5]), ("probability", [0.9, 0.5, 0.2])]
)
def test_photographs_stand_in_the_order_that_is_wanted(order: Order, expected: list[float]) -> None:
    picture = sheet_of(order).finished("a model", 0)

    found = sorted(SHADES, key=lambda probability: first_column_of(picture, SHADES[probability]))

    assert found == expected


@pytest.mark.parametrize("number", [1, 2, 5, 9])
def test_every_photograph_is_shown_whole_inside_the_margins(number: int) -> None:
    shades = [(20 * i, 255 - 20 * i, 77) for i in range(1, number + 1)]
    sheet = ContactSheet()
    for i, shade in enumerate(shades):
        size = ((60, 45), (45, 60), (300, 1))[i % 3]
        sheet.add(of_probability(0.5), photograph(shade, *size), "a long name " * 20 if i % 2 else "b")

    pixels = np.asarray(sheet.finished("a long headline " * 40, 0))

    for i, shade in enumerate(shades):
        shown = (pixels == shade).all(axis=2)
        assert (
            tuple(shown.any(axis=axis).sum() for axis in (0, 1)) == [(240, 180), (180, 240), (240, 1)][i % 3]
        )
    assert (pixels[:, :20] == 255).all()
    assert (pixels[:, -20:] == 255).all()
    assert (pixels[-10:] == 255).all()


@pytest.mark.parametrize(("order", "shown"), [("input", {0.2, 0.9}), ("probability", {0.9, 0.5})])
def test_a_sheet_holds_no_more_than_its_number(
    monkeypatch: pytest.MonkeyPatch, order: Order, shown: set[float]
) -> None:
    monkeypatch.setattr(contact_sheet, "MOST_PICTURES", 2)
    sheet = sheet_of(order)

    pixels = np.asarray(sheet.finished("a model", 0))

    assert sheet.added == 3
    assert {p for p, shade in SHADES.items() if (pixels == shade).all(axis=2).any()} == shown


def test_files_that_could_not_be_explained_are_counted() -> None:
    sheets = [sheet_of("input").finished("a model", failed).tobytes() for failed in (0, 1, 2)]

    assert len(set(sheets)) == 3
