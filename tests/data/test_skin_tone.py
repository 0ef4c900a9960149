import math

import numpy as np
import pytest

from dermdistill.data.skin_tone import lab, typology_angle
from dermdistill.records import Pixels


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        # Lindbloom's calculator, sRGB and D65.
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((128, 128, 128), (53.59, 0, 0)),
    ],
)
def test_colours_in_cielab(colour: tuple[int, int, int], expected: tuple[float, float, float]) -> None:
    assert lab(np.array([colour], dtype=np.uint8))[0] == pytest.approx(expected, abs=0.03)


def photograph(skin: tuple[int, int, int], size: int = 200) -> Pixels:
    """A dark lesion on skin."""
    pixels = np.full((size, size, 3), skin, dtype=np.uint8)
    pixels[50:150, 50:150] = (70, 40, 35)
    return pixels


def test_the_lesion_does_not_count() -> None:
    lightness, _, yellow = lab(np.array([[225, 185, 165]], dtype=np.uint8))[0]
    expected = math.degrees(math.atan((lightness - 50) / yellow))
    assert typology_angle(photograph((225, 185, 165))) == pytest.approx(expected)


def test_darker_skin_has_a_smaller_angle() -> None:
    tones = [(240, 210, 195), (210, 165, 140), (150, 105, 80), (80, 55, 40)]
    angles = [typology_angle(photograph(tone)) for tone in tones]
    assert angles == sorted(angles, reverse=True)
    assert angles[0] > 55
    assert angles[-1] < -30


def test_dark_corners_and_hair_do_not_count() -> None:
    plain = photograph((225, 185, 165))
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    round_tube = np.where((x**2 + y**2 > 1.3)[..., None], np.uint8(5), plain)
    round_tube[::10] = 10
    assert typology_angle(round_tube) == pytest.approx(typology_angle(plain))


def test_without_skin_there_is_no_angle() -> None:
    assert math.isnan(typology_angle(photograph((10, 10, 10))))
    assert not math.isnan(typology_angle(np.full((1, 1, 3), 200, dtype=np.uint8)))
