"""What a photograph adds and what carries no label: hair, ruler, gel, dark corners, colour cast, blur, noise.

Nothing here sees the lesion or its diagnosis. Every function changes the image in place: fresh arrays of this
size cost more than the arithmetic on them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.synthetic.canvas import (
    Field,
    frame_to_pixels,
    length,
    pixel_axis,
    smoothstep,
    stamp_pixels,
)
from dermdistill.data.synthetic.tissue import Rgb

_MIDDLE_GREY = 0.5


def photograph(rgb: Rgb, rng: np.random.Generator) -> None:
    """Turn even light on skin into one photograph of it; values may leave [0, 1]."""
    for effect in (_add_hair, _add_ruler, _add_bubbles, _blur, _expose, _shade, _add_noise):
        effect(rgb, rng)


def _add_hair(rgb: Rgb, rng: np.random.Generator) -> None:
    """Bent strands, one colour to an image, thinning towards the tip."""
    if rng.random() > 0.35:
        return
    size = rgb.shape[1]
    count, width = int(rng.integers(2, 22)), rng.uniform(0.4, 1.1) * size / 128
    colour = np.array([0.12, 0.08, 0.07]) + rng.uniform(0.0, 0.35) * np.array([1.0, 0.7, 0.5])
    combed = rng.uniform(0.0, 2.0 * math.pi)
    start, bend = rng.uniform(-1.2, 1.2, (count, 2)), rng.normal(0.0, 0.9, count)
    heading, strand_length = combed + rng.normal(0.0, 0.7, count), rng.uniform(0.4, 1.8, count)
    along = np.linspace(0.0, 1.0, size)[:, None]
    turned = heading + bend * along
    steps = np.stack([np.cos(turned), np.sin(turned)], axis=-1) * (strand_length / size)[:, None]
    points = start + np.cumsum(steps, axis=0)
    radii = np.broadcast_to(width / 2.0 * (1.0 - 0.7 * along), turned.shape)
    cover = stamp_pixels(size, frame_to_pixels(points.reshape(-1, 2), size), radii.reshape(-1))
    _paint(rgb, 0.85 * cover, colour)


def _add_ruler(rgb: Rgb, rng: np.random.Generator) -> None:
    """A millimetre scale along one side, every fifth mark longer."""
    if rng.random() > 0.12:
        return
    size = rgb.shape[1]
    edge, spacing = rng.uniform(-0.95, -0.75), rng.uniform(0.09, 0.15)
    angle = int(rng.integers(4)) * math.pi / 2.0 + rng.normal(0.0, 0.06)
    marks = np.arange(-1.2, 1.2, spacing)
    lengths = np.where(np.arange(len(marks)) % 5 == 0, 0.16, 0.09)
    along = np.linspace(0.0, 1.0, 24)
    points = np.stack([np.repeat(marks, len(along)), edge + np.outer(lengths, along).reshape(-1)], axis=-1)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    cover = stamp_pixels(size, frame_to_pixels(points @ turn, size), np.full(len(points), 0.45 * size / 128))
    _paint(rgb, 0.8 * cover, np.array([0.1, 0.1, 0.12]))


def _add_bubbles(rgb: Rgb, rng: np.random.Generator) -> None:
    """Air in the contact gel: rings, brighter below, and glints."""
    if rng.random() > 0.25:
        return
    size = rgb.shape[1]
    axis = pixel_axis(size)
    for _ in range(int(rng.integers(1, 7))):
        x, y = rng.uniform(-1.0, 1.0, 2).tolist()
        radius = rng.uniform(0.03, 0.14)
        distance = length(axis - x, (axis - y)[:, None])
        rim = np.clip(1.0 - np.abs(distance - radius) * (size / 3.0), 0.0, 1.0)
        shine = np.where(axis > y, np.float32(0.5), np.float32(0.15))[:, None]
        _paint(rgb, rim * shine, np.array([0.95, 0.92, 0.93]))
    glints = rng.uniform(-1.0, 1.0, (int(rng.integers(0, 25)), 2))
    cover = stamp_pixels(size, frame_to_pixels(glints, size), rng.uniform(0.3, 1.0, len(glints)) * size / 128)
    _paint(rgb, 0.8 * cover, np.ones(3))


def _blur(rgb: Rgb, rng: np.random.Generator) -> None:
    """Slightly out of focus: each pixel takes a share of its neighbours', along both axes."""
    share = rng.uniform(0.0, 0.25)
    for plane in rgb:
        plane[1:-1] += share * (plane[:-2] + plane[2:] - 2.0 * plane[1:-1])
        plane[:, 1:-1] += share * (plane[:, :-2] + plane[:, 2:] - 2.0 * plane[:, 1:-1])


def _expose(rgb: Rgb, rng: np.random.Generator) -> None:
    """Exposure, white balance and contrast of the camera."""
    exposure, warmth, tint, contrast = rng.normal(0.0, (0.06, 0.11, 0.06, 0.07)).tolist()
    stretch = math.exp(contrast)
    for plane, balance in zip(rgb, (0.0, warmth, warmth + tint), strict=True):
        plane *= stretch * math.exp(exposure - balance)
        plane += (1.0 - stretch) * _MIDDLE_GREY


def _shade(rgb: Rgb, rng: np.random.Generator) -> None:
    """Light from one side, falling towards the corners; at times the black rim of the lens."""
    axis = pixel_axis(rgb.shape[1])
    fall, lens, opening = rng.uniform(0.0, 0.2), rng.random() < 0.1, rng.uniform(1.0, 1.25)
    slope_x, slope_y = rng.normal(0.0, 0.04, 2).tolist()
    distance = length(axis, axis[:, None])
    light = 1.0 + slope_x * axis + (slope_y * axis)[:, None] - 0.5 * fall * distance * distance
    if lens:
        light *= 0.04 + 0.96 * smoothstep(distance, opening + 0.03, opening - 0.03)
    rgb *= light


def _add_noise(rgb: Rgb, rng: np.random.Generator) -> None:
    """The sensor's noise, the same in all channels."""
    strength = rng.uniform(0.006, 0.04)
    rgb += strength * (rng.random(rgb.shape[1:], np.float32) - 0.5)


def _paint(rgb: Rgb, cover: Field, colour: NDArray[np.float64]) -> None:
    """Cover the image with ``colour``, red, green and blue in [0, 1]."""
    for plane, value in zip(rgb, colour.tolist(), strict=True):
        plane += cover * (value - plane)
