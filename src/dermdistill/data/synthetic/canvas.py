"""The drawing surface: pixel positions in the lesion's own coordinates, random fields, and stamps.

Lesion coordinates: the origin is the lesion's centre and 1 is half the frame's width at zoom 1. A field is a
function of these coordinates, so another view, or another size, shows the same lesion.
"""

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""One number a pixel, ``(size, size)``, float32."""

_WAVES_PER_OCTAVE = 6
_ONE_THREAD_MULTIPLICATIONS = 2**18
_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))


@dataclass(frozen=True, slots=True)
class Canvas:
    """A square grid of pixels that looks at a lesion from one viewpoint.

    Attributes:
        size: pixels a side.
        rotation: of the camera, in radians.
        zoom: above 1 the lesion appears larger.
        shift: where the lesion's centre appears, in half frame widths from the frame's centre.
        u: first lesion coordinate of every pixel.
        v: second lesion coordinate of every pixel.
    """

    size: int
    rotation: float = 0.0
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    u: Field = field(init=False, repr=False)
    v: Field = field(init=False, repr=False)

    def __post_init__(self) -> None:
        axis = pixel_axis(self.size)
        (uu, uv), (vu, vv) = (self._turn() / self.zoom).astype(np.float32)
        x, y = axis - self.shift[0], axis - self.shift[1]
        object.__setattr__(self, "u", uu * x + (uv * y)[:, None])
        object.__setattr__(self, "v", vu * x + (vv * y)[:, None])

    @classmethod
    def random(cls, rng: np.random.Generator, size: int) -> Self:
        """A random viewpoint: any rotation, moderate zoom, the lesion near the middle."""
        shift = rng.normal(0.0, 0.09, 2).clip(-0.25, 0.25)
        return cls(
            size,
            rotation=rng.uniform(0.0, 2.0 * np.pi),
            zoom=float(np.exp(rng.uniform(-0.2, 0.2))),
            shift=(float(shift[0]), float(shift[1])),
        )

    def noise(self, rng: np.random.Generator, coarse: float, fine: float) -> Field:
        """A Gaussian random field of mean 0 and variance 1 with equal power in every octave.

        A sum of plane waves: each is a product of a function of x and one of y, so the sum is one matrix
        product, whatever the rotation. Waves too short for the pixels are left out, so nothing aliases.

        Args:
            rng: what is taken from it does not depend on the viewpoint or the size.
            coarse: longest wavelength, in lesion coordinates.
            fine: shortest wavelength.
        """
        count = max(10, round(_WAVES_PER_OCTAVE * math.log2(coarse / fine)))
        uniform = rng.random((2, count))
        order = np.arange(count)
        wavelength = coarse * (fine / coarse) ** ((order + uniform[0]) / count)
        # Headings a golden angle apart cover every octave evenly: purely random ones leave visible stripes.
        heading = 2.0 * np.pi * rng.random() + _GOLDEN_ANGLE * order
        wave = 2.0 * np.pi / wavelength * np.stack([np.cos(heading), np.sin(heading)])
        along_x, along_y = self._turn().T @ wave / self.zoom
        phase = 2.0 * np.pi * uniform[1] - along_x * self.shift[0] - along_y * self.shift[1]
        amplitude = (self.resolved(wavelength) * np.sqrt(2.0 / count)).astype(np.float32)
        axis = pixel_axis(self.size)
        x = along_x.astype(np.float32)[:, None] * axis + phase.astype(np.float32)[:, None]
        y = axis[:, None] * along_y.astype(np.float32)
        # cos(x + y) = cos y cos x - sin y sin x, summed over the waves.
        left = np.concatenate([np.cos(y) * amplitude, np.sin(y) * -amplitude], axis=1)
        return _product(left, np.concatenate([np.cos(x), np.sin(x)]))

    def resolved(self, wavelength: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of a detail of this wavelength the pixels can show: 0 below 2 pixels, 1 from 4 on."""
        return np.clip(np.asarray(wavelength) * self.pixels_per_unit / 2.0 - 1.0, 0.0, 1.0)

    @property
    def pixels_per_unit(self) -> float:
        """Pixels across one unit of lesion coordinates."""
        return self.zoom * self.size / 2.0

    def stamp(self, centres: NDArray[np.float64], radii: NDArray[np.float64]) -> Field:
        """Coverage in [0, 1] of discs: centres ``(n, 2)`` and radii ``(n,)`` in lesion coordinates."""
        frame = centres @ self._turn() * self.zoom + np.array(self.shift)
        return stamp_pixels(self.size, frame_to_pixels(frame, self.size), radii * self.pixels_per_unit)

    def _turn(self) -> NDArray[np.float64]:
        cosine, sine = np.cos(self.rotation), np.sin(self.rotation)
        return np.array([[cosine, -sine], [sine, cosine]])


def stamp_pixels(size: int, centres: NDArray[np.float64], radii: NDArray[np.float64]) -> Field:
    """Coverage in [0, 1] of anti-aliased discs: centres ``(n, 2)``, x first, and radii ``(n,)`` in pixels."""
    cover = np.zeros((size, size), np.float32)
    if not len(centres):
        return cover
    reach = np.arange(-int(radii.max()) - 1, int(radii.max()) + 2)
    corner = np.rint(centres).astype(np.int64)
    part = (corner - centres).astype(np.float32)
    radius = radii.astype(np.float32)[:, None, None]
    span = reach.astype(np.float32)
    distance = length(part[:, 0, None, None] + span, part[:, 1, None, None] + span[:, None])
    # A disc thinner than a pixel keeps its width and loses opacity.
    value = np.clip(np.maximum(radius, 0.5) + 0.5 - distance, 0.0, 1.0) * np.minimum(radius / 0.5, 1.0)
    x = corner[:, 0, None, None] + reach
    y = corner[:, 1, None, None] + reach[:, None]
    inside = (value > 0.0) & (x >= 0) & (x < size) & (y >= 0) & (y < size)
    np.maximum.at(cover.reshape(-1), (y * size + x)[inside], value[inside])
    return cover


def _product(left: NDArray[np.float32], right: NDArray[np.float32]) -> Field:
    """``left @ right`` in strips so small that OpenBLAS stays on one thread.

    Threads gain nothing on matrices of this size, and cost tenfold where several processes draw at once.
    """
    rows, columns = len(left), right.shape[1]
    strip = max(1, _ONE_THREAD_MULTIPLICATIONS // right.size)
    result = np.empty((rows, columns), np.float32)
    for start in range(0, rows, strip):
        np.matmul(left[start : start + strip], right, out=result[start : start + strip])
    return result


@cache
def pixel_axis(size: int) -> NDArray[np.float32]:
    """Pixel centres from edge to edge of the frame, in (-1, 1)."""
    axis = ((np.arange(size, dtype=np.float32) + 0.5) * 2.0 / size - 1.0).astype(np.float32)
    axis.flags.writeable = False
    return axis


def frame_to_pixels(points: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Frame coordinates in (-1, 1) as pixel indices; the centre of the first pixel is 0."""
    return (points + 1.0) * (size / 2.0) - 0.5


def length(x: Field, y: Field) -> Field:
    """Length of the vector (x, y); four times faster than ``np.hypot``."""
    result: Field = np.sqrt(x * x + y * y)
    return result


def smoothstep(value: Field, low: float | Field, high: float | Field) -> Field:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    result: Field = t * t * (3.0 - 2.0 * t)
    return result
