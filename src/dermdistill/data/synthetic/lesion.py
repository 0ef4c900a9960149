"""The lesion itself: outline, border and body of pigment.

What carries the label comes in through ``Criteria`` alone; size, tone and benign pattern do not.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dermdistill.data.synthetic.canvas import Canvas, Field, length, smoothstep
from dermdistill.data.synthetic.criteria import Criteria
from dermdistill.data.synthetic.tissue import Tissue

Pattern = Literal["reticular", "globular", "homogeneous", "starburst"]
"""The benign global patterns; melanomas grow from all of them."""

_PATTERN_SHARES = (0.48, 0.20, 0.26, 0.06)


@dataclass(frozen=True, slots=True)
class Lesion:
    """Where a lesion is on a canvas.

    Attributes:
        pattern: its benign global pattern.
        radius: in lesion coordinates.
        depth: 1 at the centre, 0 on the outline, negative outside.
        cover: share in [0, 1] of the lesion's pigment that reaches each pixel.
    """

    pattern: Pattern
    radius: float
    depth: Field
    cover: Field

    def area(self, canvas: Canvas, rng: np.random.Generator, *, eccentricity: float, extent: float) -> Field:
        """A soft, irregular area inside the lesion, in [0, 1].

        Args:
            canvas: the drawing surface.
            rng: gives where the area lies and how its edge runs.
            eccentricity: distance of the area's centre from the lesion's, in radii.
            extent: its radius, in radii of the lesion.
        """
        heading = rng.uniform(0.0, 2.0 * math.pi)
        du = canvas.u - eccentricity * self.radius * math.cos(heading)
        dv = canvas.v - eccentricity * self.radius * math.sin(heading)
        distance = length(du, dv) / (extent * self.radius)
        ragged = 1.0 - distance + 0.3 * canvas.noise(rng, 1.5 * self.radius, 0.25 * self.radius)
        return smoothstep(ragged, -0.1, 0.6) * self.cover


def draw_outline(canvas: Canvas, rng: np.random.Generator, criteria: Criteria) -> Lesion:
    """A lesion's pattern, size and outline, more lopsided and ragged the stronger the criteria."""
    pattern = get_args(Pattern)[rng.choice(len(_PATTERN_SHARES), p=_PATTERN_SHARES)]
    radius = min(max(0.48 * math.exp(rng.normal(0.0, 0.3)), 0.22), 0.75)
    stretch = math.sqrt(1.0 + 0.35 * abs(rng.standard_normal()))
    distance = length(canvas.u * stretch, canvas.v / stretch) / radius
    lobes = canvas.noise(rng, 2.6 * radius, 1.0 * radius)
    notches = canvas.noise(rng, 0.9 * radius, 0.3 * radius)
    fray = canvas.noise(rng, 0.2 * radius, 0.06 * radius)
    depth = (
        1.0
        - distance
        + (0.04 + 0.2 * criteria.asymmetry) * lobes
        + (0.03 + 0.06 * criteria.border) * notches
        + 0.02 * fray
    )
    fade = _border_width(canvas, rng, criteria.border)
    return Lesion(pattern, radius, depth, smoothstep(depth, -0.5 * fade, fade))


def _border_width(canvas: Canvas, rng: np.random.Generator, abrupt_share: float) -> Field:
    """How far pigment takes to fade, in radii, along eight segments of which some end abruptly."""
    soft = rng.uniform(0.2, 0.6)
    abrupt = rng.permutation(8) < round(8 * abrupt_share)
    width = np.repeat(np.where(abrupt, 0.11, soft), 16).astype(np.float32)
    wrapped = np.concatenate([width[-4:], width, width[:4]])
    smooth = np.convolve(wrapped, np.full(9, 1 / 9, np.float32), "valid")
    # The diamond angle, -2 to 2: exact at multiples of 45 degrees, and much cheaper than the arc tangent.
    quarter = canvas.v / (np.abs(canvas.u) + np.abs(canvas.v) + 1e-9)
    diamond = np.where(canvas.u >= 0.0, quarter, np.copysign(2.0, quarter) - quarter)
    return np.take(smooth, ((diamond + 2.0) * (len(smooth) / 4)).astype(np.intp), mode="wrap")


def add_body(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, criteria: Criteria, tissue: Tissue
) -> None:
    """The lesion's own pigment: its tone, its fall towards the edge, and patches of other shades."""
    tone, centre, blush = rng.uniform(0.4, 1.4), rng.uniform(-0.15, 0.5), rng.uniform(0.0, 0.2)
    if lesion.pattern == "starburst":
        tone = max(tone, 1.1)
    heading = rng.uniform(0.0, 2.0 * math.pi)
    tilt = (canvas.u * math.cos(heading) + canvas.v * math.sin(heading)) / lesion.radius
    mottle = canvas.noise(rng, 0.9 * lesion.radius, 0.03)
    shade = (
        1.0
        + centre * np.maximum(lesion.depth, 0.0)
        + (0.12 + 0.16 * criteria.asymmetry) * mottle
        + 0.35 * criteria.asymmetry * np.clip(tilt, -1.0, 1.0)
    )
    pigment = lesion.cover * np.maximum(shade, 0.15)
    tissue.brown += tone * pigment
    tissue.blood += blush * pigment
    tissue.black += 0.35 * max(tone - 0.8, 0.0) * pigment
