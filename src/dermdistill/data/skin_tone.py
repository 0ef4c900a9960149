"""The tone of the skin around a lesion, estimated from the photograph."""

import math

import numpy as np
from numpy.typing import NDArray

from dermdistill.records import Pixels

Floats = NDArray[np.float64]

_BORDER = 0.1
"""Share of each side that is taken for skin."""
_MOST_PIXELS = 20_000
_DARKEST = 15.0
"""L* below which a pixel is a dark corner or a hair, not skin."""
_LEAST_SKIN = 0.2

# sRGB to XYZ (IEC 61966-2-1), and the white of D65, which it is relative to.
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.95047, 1.0, 1.08883])
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27


def typology_angle(pixels: Pixels) -> float:
    """Individual typology angle of the border skin, in degrees: ``atan2(L* - 50, b*)``.

    Chardon et al. (1991) measured it with a colorimeter; above 55 skin is very light, below -30 dark. A
    photograph depends on its light and camera too, so this is an estimate: the angle of the median colour of
    the outer tenth, without dark corners and hair.

    Args:
        pixels: RGB ``(H, W, 3)``, uint8.

    Returns:
        The angle, -180 to 180; NaN where less than a fifth of the border can be skin.
    """
    border = _border(pixels)
    colours = lab(border)
    skin = colours[colours[:, 0] > _DARKEST]
    if len(skin) < _LEAST_SKIN * len(border):
        return math.nan
    lightness, _, yellow = np.median(skin, axis=0)
    return math.degrees(math.atan2(lightness - 50, yellow))


def _border(pixels: Pixels) -> Pixels:
    """``(N, 3)``: the outer tenth, thinned out evenly."""
    height, width = pixels.shape[:2]
    rows, columns = (max(1, round(side * _BORDER)) for side in (height, width))
    is_border = np.ones((height, width), dtype=bool)
    is_border[rows : height - rows, columns : width - columns] = False
    found = pixels[is_border]
    return found[:: max(1, len(found) // _MOST_PIXELS)]


def lab(colours: NDArray[np.uint8]) -> Floats:
    """CIELAB ``(N, 3)`` of sRGB colours ``(N, 3)``, uint8: L* from 0 to 100, a*, b*."""
    scaled = colours / 255
    linear = np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)
    relative = linear @ _XYZ.T / _WHITE
    curved = np.where(relative > _EPSILON, np.cbrt(relative), (_KAPPA * relative + 16) / 116)
    x, y, z = curved.T
    result: Floats = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
    return result
