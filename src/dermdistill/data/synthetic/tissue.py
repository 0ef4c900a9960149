"""What the light meets on its way through the skin, and the colour that comes back.

Beer-Lambert: every pigment adds to the optical density of each colour channel. Superficial melanin looks
brown, dense melanin black, melanin deep in the dermis blue-grey (the Tyndall effect).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from dermdistill.data.synthetic.canvas import Field
from dermdistill.records import Pixels

Rgb = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]
"""An image before rounding, ``(3, size, size)``, in [0, 1]."""

# Red, green, blue; reflectances of the dermis, and optical densities of one unit of each pigment.
_BARE_SKIN = (0.94, 0.74, 0.75)
_SCAR = (0.98, 0.93, 0.95)
_BROWN = (0.30, 0.62, 0.84)
_BLACK = (1.20, 0.95, 0.75)
_BLUE = (0.78, 0.55, 0.42)
_BLOOD = (0.10, 0.62, 0.50)


@dataclass(slots=True)
class Tissue:
    """Amounts of what colours the skin, one number per pixel, changed in place by everything that draws.

    Attributes:
        brown: melanin of the epidermis; 1 is a typical nevus on pale skin.
        black: melanin up to the horny layer; 1 is black.
        blue: melanin deep in the dermis; 1 is steel blue.
        blood: 1 is a red lesion.
        scar: share in [0, 1] of the dermis that is white fibrous tissue.
    """

    brown: Field
    black: Field
    blue: Field
    blood: Field
    scar: Field

    @classmethod
    def bare(cls, size: int) -> Self:
        """No pigment."""
        return cls(*(np.zeros((size, size), np.float32) for _ in range(5)))

    def add(self, other: Self) -> None:
        """Lay the pigments of another tissue on top."""
        self.brown += other.brown
        self.black += other.black
        self.blue += other.blue
        self.blood += other.blood
        self.scar += other.scar

    def colour(self) -> Rgb:
        """The colour under even white light."""
        rgb = np.empty((3, *self.brown.shape), np.float32)
        for channel in range(3):
            density = (
                _BROWN[channel] * self.brown
                + _BLACK[channel] * self.black
                + _BLUE[channel] * self.blue
                + _BLOOD[channel] * self.blood
            )
            dermis = _BARE_SKIN[channel] + (_SCAR[channel] - _BARE_SKIN[channel]) * self.scar
            rgb[channel] = dermis * np.exp(-density)
        return rgb


def drawn_pixels(rgb: Rgb) -> Pixels:
    """The image as uint8 ``(size, size, 3)``; what is too dark or too bright is clipped."""
    pixels = np.empty((*rgb.shape[1:], 3), np.uint8)
    for channel, plane in enumerate(rgb):
        pixels[..., channel] = np.rint(np.clip(255.0 * plane, 0.0, 255.0))
    return pixels
