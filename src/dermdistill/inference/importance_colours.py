"""The colours of an importance map: orange places raise P(melanoma), blue ones lower it."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermdistill.inference.explain import Floats
from dermdistill.records import Pixels

Colour = tuple[int, int, int]

RAISES: Colour = (213, 62, 0)
LOWERS: Colour = (0, 84, 180)
"""Orange and blue of equal weight, distinct with every common form of colour blindness (Okabe & Ito)."""

FULL_COLOUR = 1.5
"""Change of the log-odds at which the colour is full, in every picture, so that pictures can be compared.

With the packaged model 97 of 100 dermoscopic photographs stay below it: see docs/log.md.
"""

SCALE_ENDS = (f"lowers P: {-FULL_COLOUR:g} and beyond", f"raises P: +{FULL_COLOUR:g} and beyond")
"""Under the ends of ``colour_bar``."""

_BAR_GREY = 200
_MOST_COVER = 0.85


def overlay(shown: Image.Image, importance: Floats, step: int) -> Image.Image:
    """The photograph in grey, covered by orange where P is raised and by blue where it is lowered.

    Args:
        shown: the photograph.
        importance: ``(S, S)`` log-odds, saturated beyond ``FULL_COLOUR``; stretched to the photograph, as the
            photograph was stretched to the network.
        step: between windows; between their values is interpolated, for a border of a window is none of the
            lesion's.
    """
    cells = max(1, round(len(importance) / step))
    coarse = Image.fromarray(importance.astype(np.float32)).resize((cells, cells), Image.Resampling.BOX)
    stretched = coarse.resize(shown.size, Image.Resampling.BICUBIC)
    grey = np.asarray(shown.convert("L"), dtype=np.float64)
    # Lifted shadows: a dark lesion would swallow the colours.
    return Image.fromarray(_coloured(70 + grey * (185 / 255), np.asarray(stretched) / FULL_COLOUR))


def colour_bar(width: int, height: int) -> Image.Image:
    """All colours, from full blue to full orange."""
    values = np.broadcast_to(np.linspace(-1, 1, width), (height, width))
    return Image.fromarray(_coloured(np.full(values.shape, float(_BAR_GREY)), values))


def _coloured(grey: Floats, value: NDArray[np.floating]) -> Pixels:
    """Colour ``(H, W, 3)`` of values, full at -1 and 1, on grey levels from 0 to 255."""
    cover = (_MOST_COVER * np.clip(np.abs(value), 0, 1))[..., None]
    colour = np.where((value > 0)[..., None], RAISES, LOWERS)
    mixed: Pixels = np.rint(grey[..., None] * (1 - cover) + colour * cover).astype(np.uint8)
    return mixed
