"""What lies deeper than melanin in the epidermis: blue-white veil, regression, atypical vessels."""

import numpy as np

from dermdistill.data.synthetic.canvas import Canvas
from dermdistill.data.synthetic.criteria import Criteria
from dermdistill.data.synthetic.lesion import Lesion
from dermdistill.data.synthetic.tissue import Tissue


def add_veil(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, criteria: Criteria, tissue: Tissue
) -> None:
    """An irregular, confluent blue area under a whitish ground-glass film, which hides what lies beneath."""
    if not criteria.veil:
        return
    where = lesion.area(canvas, rng, eccentricity=rng.uniform(0.1, 0.5), extent=rng.uniform(0.5, 0.9))
    veil = (0.5 + 0.5 * criteria.veil) * where
    tissue.brown *= 1.0 - 0.75 * veil
    tissue.black *= 1.0 - 0.6 * veil
    tissue.blue += veil
    tissue.scar += 0.5 * veil


def add_regression(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, criteria: Criteria, tissue: Tissue
) -> None:
    """A scar-white area where pigment is lost, with blue-grey peppering."""
    if not criteria.regression:
        return
    where = lesion.area(canvas, rng, eccentricity=rng.uniform(0.15, 0.6), extent=rng.uniform(0.5, 0.8))
    lost = (0.55 + 0.45 * criteria.regression) * where
    tissue.brown *= 1.0 - 0.8 * lost
    tissue.black *= 1.0 - 0.9 * lost
    tissue.scar += lost
    peppering = canvas.stamp(rng.normal(0.0, 0.4 * lesion.radius, (70, 2)), np.full(70, 0.012))
    tissue.blue += lost * (0.06 + 0.4 * peppering)


def add_vessels(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, criteria: Criteria, tissue: Tissue
) -> None:
    """A milky-red area with dotted vessels."""
    if not criteria.vessels:
        return
    where = lesion.area(canvas, rng, eccentricity=rng.uniform(0.2, 0.6), extent=rng.uniform(0.5, 0.8))
    red = (0.5 + 0.5 * criteria.vessels) * where
    dots = canvas.stamp(rng.normal(0.0, 0.5 * lesion.radius, (60, 2)), np.full(60, 0.016))
    tissue.brown *= 1.0 - 0.55 * red
    tissue.black *= 1.0 - 0.55 * red
    tissue.blood += red * (0.8 + 0.6 * dots)
    tissue.scar += 0.2 * red
