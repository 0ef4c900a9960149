"""The skin around and under a lesion: Fitzpatrick type, mottling, creases, freckles. Carries no label."""

from dataclasses import dataclass

import numpy as np

from dermdistill.data.synthetic.canvas import Canvas
from dermdistill.data.synthetic.tissue import Tissue


@dataclass(frozen=True, slots=True)
class SkinType:
    """One Fitzpatrick type: how often it is drawn, and its melanin in the units of ``Tissue``."""

    name: str
    share: float
    brown: float
    black: float


SKIN_TYPES = (
    SkinType("I", 0.20, 0.00, 0.00),
    SkinType("II", 0.25, 0.08, 0.00),
    SkinType("III", 0.20, 0.22, 0.00),
    SkinType("IV", 0.15, 0.45, 0.04),
    SkinType("V", 0.10, 0.72, 0.14),
    SkinType("VI", 0.10, 0.95, 0.32),
)


def draw_skin_type(rng: np.random.Generator) -> SkinType:
    """One of the six Fitzpatrick types."""
    return SKIN_TYPES[rng.choice(len(SKIN_TYPES), p=[skin.share for skin in SKIN_TYPES])]


def draw_skin(canvas: Canvas, rng: np.random.Generator) -> Tissue:
    """Skin without a lesion."""
    skin = draw_skin_type(rng)
    ruddiness, mottling, relief = rng.uniform(0.0, 0.28), rng.uniform(0.015, 0.06), rng.uniform(0.01, 0.05)
    mottle, grain = canvas.noise(rng, 1.2, 0.06), canvas.noise(rng, 0.12, 0.02)
    tissue = Tissue.bare(canvas.size)
    tissue.brown += skin.brown * (1.0 - 0.05 * mottle) + relief * grain
    tissue.black += skin.black
    tissue.blood += ruddiness + mottling * mottle - relief * grain
    _add_freckles(canvas, rng, tissue)
    return tissue


def _add_freckles(canvas: Canvas, rng: np.random.Generator, tissue: Tissue) -> None:
    count = int(rng.integers(3, 15)) if rng.random() < 0.2 else 0
    centres = rng.uniform(-1.3, 1.3, (count, 2))
    tissue.brown += rng.uniform(0.1, 0.3) * canvas.stamp(centres, rng.uniform(0.015, 0.04, count))
