"""What a photograph shows beside the lesion: dark corners, hair, rulers, its border.

Simple filters on a small copy of the photograph. They are measures, not detectors: each says how much of
something there seems to be. How they were checked is in ``docs/audit.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dermdistill.records import Pixels

Floats = NDArray[np.float32]

BORDER_STATISTICS = 24
"""Mean and standard deviation of each colour of the upper, lower, left and right outer tenth."""

_LONG_SIDE = 160
_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_THIN = 7  # pixels of the small copy: anything dark that is narrower counts as thin
_STEPS = (1, 2, 3)  # extrema of 2 neighbours, then of 4, then of `_THIN`
_STRAND = 13  # pixels: a hair is at least this long
_ANGLES = 8
_STRIP = 0.2  # of the side: a ruler lies at the edge of the photograph
_LEAST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Nuisance:
    """Measures of one photograph.

    Attributes:
        contrast: standard deviation of the luminance, 0..127; near 0 in a blank image.
        dark_corners: luminance of the middle less that of the corners, -1..1; above 0.3 behind a round tube.
        hair: share of the pixels on thin, dark, long strands, 0..1.
        ruler: how strongly thin dark marks repeat along the edges, in grey levels.
        border: ``(24,)``, see `BORDER_STATISTICS`, on the scale 0..1.
    """

    contrast: float
    dark_corners: float
    hair: float
    ruler: float
    border: Floats


def measure(pixels: Pixels) -> Nuisance:
    """Measure an RGB image ``(H, W, 3)`` of any size."""
    image = Image.fromarray(pixels)
    factor = _LONG_SIDE / max(image.size)
    if factor < 1:
        sides = [max(1, round(side * factor)) for side in image.size]
        image = image.resize((sides[0], sides[1]), Image.Resampling.BILINEAR)
    colours = np.asarray(image, dtype=np.float32)
    luminance = colours @ _LUMINANCE
    thin = _thin_and_dark(luminance)
    return Nuisance(
        contrast=float(luminance.std()),
        dark_corners=_dark_corners(luminance),
        hair=_hair(thin),
        ruler=_ruler(thin),
        border=_border(colours / np.float32(255)),
    )


def _thin_and_dark(luminance: Floats) -> Floats:
    """How much darker a pixel is than what surrounds it, where the dark is thin: a closing less the image."""
    closed = _over_squares(_over_squares(luminance, np.maximum), np.minimum)
    return closed - luminance


def _over_squares(values: Floats, extremum: np.ufunc) -> Floats:
    """The largest or smallest value of the square of `_THIN` pixels around each pixel."""
    for axis in (0, 1):
        values = np.pad(values, [(_THIN // 2,) * 2 if axis == each else (0, 0) for each in (0, 1)], "edge")
        for step in _STEPS:
            length = values.shape[axis] - step
            values = extremum(_part(values, axis, 0, length), _part(values, axis, step, length))
    return values


def _part(values: Floats, axis: int, start: int, length: int) -> Floats:
    return values[start : start + length] if axis == 0 else values[:, start : start + length]


def _dark_corners(luminance: Floats) -> float:
    height, width = luminance.shape
    down, across = max(1, height // 10), max(1, width // 10)
    corners = [luminance[rows, columns].mean() for rows in _ends(down) for columns in _ends(across)]
    middle = luminance[height // 4 : height - height // 4, width // 4 : width - width // 4].mean()
    return float(middle - np.mean(corners)) / 255


def _ends(length: int) -> tuple[slice, slice]:
    return slice(0, length), slice(-length, None)


def _hair(thin: Floats) -> float:
    """The share of pixels on a dark line: thin, and as dark along one direction but in no other."""
    half = _STRAND // 2
    if min(thin.shape) <= 2 * half:
        return 0.0
    along = np.stack([_mean_along(thin, np.pi * i / _ANGLES, half) for i in range(_ANGLES)])
    strongest, mean = along.max(axis=0), along.mean(axis=0)
    # Pigment networks and globules are thin and dark too, but in every direction.
    return float(((strongest > 12) & (strongest > 1.8 * mean)).mean())


def _mean_along(values: Floats, angle: float, half: int) -> Floats:
    """The mean over every second pixel of a line from ``-half`` to ``half`` through each inner pixel."""
    height, width = values.shape
    total = np.zeros((height - 2 * half, width - 2 * half), dtype=np.float32)
    steps = range(-half, half + 1, 2)
    for step in steps:
        down, across = half + round(step * np.sin(angle)), half + round(step * np.cos(angle))
        total += values[down : down + total.shape[0], across : across + total.shape[1]]
    total /= np.float32(len(steps))
    return total


def _ruler(thin: Floats) -> float:
    """The largest amplitude of one frequency in the dark marks along an edge, over that of its neighbours."""
    down, across = (max(1, round(_STRIP * side)) for side in thin.shape)
    profiles = (
        thin[:down].mean(axis=0),
        thin[-down:].mean(axis=0),
        thin[:, :across].mean(axis=1),
        thin[:, -across:].mean(axis=1),
    )
    return max(_periodicity(profile) for profile in profiles)


def _periodicity(profile: Floats) -> float:
    """Amplitude of the strongest frequency of at least 6 periods above the median of those frequencies."""
    amplitude = np.abs(np.fft.rfft(profile - profile.mean()))[_LEAST_TICKS:-1] * 2 / len(profile)
    return float(amplitude.max() - np.median(amplitude)) if len(amplitude) else 0.0


def _border(colours: Floats) -> Floats:
    down, across = (max(1, side // 10) for side in colours.shape[:2])
    strips = (colours[:down], colours[-down:], colours[:, :across], colours[:, -across:])
    statistics = [(strip.mean(axis=(0, 1)), strip.std(axis=(0, 1))) for strip in strips]
    return np.array(statistics, dtype=np.float32).reshape(BORDER_STATISTICS)
