"""What a photograph shows beside the lesion."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dermdistill.audit.nuisance import measure
from dermdistill.records import Pixels


def skin(draw: str = "") -> Pixels:
    """A blob on skin, with what is to be drawn over it."""
    image = Image.new("RGB", (200, 150), (200, 150, 130))
    pen = ImageDraw.Draw(image)
    pen.ellipse((70, 45, 130, 105), fill=(110, 70, 60))
    if draw == "hair":
        for x, y, to_x, to_y in np.random.default_rng(0).integers(0, (200, 150, 200, 150), (12, 4)).tolist():
            pen.line((x, y, to_x, to_y), fill=(40, 30, 30), width=2)
    elif draw == "ruler":
        for x in range(5, 200, 10):
            pen.line((x, 138, x, 150), fill=(20, 20, 20), width=2)
    elif draw == "corners":
        mask = Image.new("L", image.size, 255)
        ImageDraw.Draw(mask).ellipse((10, -15, 190, 165), fill=0)
        image.paste((5, 5, 5), mask=mask)
    return np.array(image)


MEASURES = {"hair": "hair", "ruler": "ruler", "corners": "dark_corners"}


@pytest.mark.parametrize("draw", MEASURES)
def test_a_measure_rises_with_what_it_measures(draw: str) -> None:
    # Ticks are thin, dark lines, as hair is: what is drawn must be the one that raises its measure most.
    of = {other: getattr(measure(skin(other)), MEASURES[draw]) for other in ("", *MEASURES)}
    assert of[draw] > 3 * abs(of[""])
    assert max(of, key=of.__getitem__) == draw


@pytest.mark.parametrize("scale", [0.5, 2, 10])
def test_the_size_of_the_photograph_hardly_matters(scale: float) -> None:
    small = skin("corners")
    large = np.array(Image.fromarray(small).resize((round(200 * scale), round(150 * scale))))
    for name in ("contrast", "dark_corners"):
        assert getattr(measure(large), name) == pytest.approx(getattr(measure(small), name), rel=0.1)


def test_the_border_is_that_of_the_outer_tenth() -> None:
    pixels = np.full((100, 100, 3), 100, dtype=np.uint8)
    pixels[:10] = (255, 0, 51)  # only the upper tenth
    border = measure(pixels).border.reshape(4, 2, 3)
    np.testing.assert_allclose(border[0, 0], [1, 0, 0.2], atol=1e-5)
    np.testing.assert_allclose(border[1], [[100 / 255] * 3, [0.0] * 3], atol=1e-5)


def test_an_image_of_one_colour_has_no_contrast() -> None:
    assert measure(np.full((30, 40, 3), 77, dtype=np.uint8)).contrast == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (3000, 2, 3), (9, 9, 3)])
def test_images_of_any_shape_have_finite_measures(shape: tuple[int, int, int]) -> None:
    found = measure(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    numbers = [found.contrast, found.dark_corners, found.hair, found.ruler, *found.border]
    assert np.isfinite(numbers).all()
