"""Structures made of melanin: pigment network, globules and dots, streaks, dark blotches."""

import math

import numpy as np
from numpy.typing import NDArray

from dermdistill.data.synthetic.canvas import Canvas, Field, smoothstep
from dermdistill.data.synthetic.criteria import Criteria
from dermdistill.data.synthetic.lesion import Lesion
from dermdistill.data.synthetic.tissue import Tissue


def add_network(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, criteria: Criteria, tissue: Tissue
) -> None:
    """A grid of brown lines over lighter holes: fine and even in nevi, coarse and broken where atypical."""
    atypical = criteria.network
    typical = lesion.pattern == "reticular"
    if not (typical or atypical):
        return
    spacing, contrast = rng.uniform(0.06, 0.09), rng.uniform(0.3, 0.6)
    lines = _mesh(canvas, rng, spacing * (1.0 + 0.5 * atypical), disorder=0.25 + 0.25 * atypical)
    zone = (contrast if typical else 0.0) * lesion.cover
    if atypical:
        where = lesion.area(canvas, rng, eccentricity=rng.uniform(0.2, 0.6), extent=1.0)
        zone = np.maximum(zone, (0.5 + 0.6 * atypical) * where)
        tissue.black += 0.5 * atypical * where * lines
    tissue.brown += zone * (lines - 0.4)


def _mesh(canvas: Canvas, rng: np.random.Generator, spacing: float, disorder: float) -> Field:
    """Honeycomb lines, 1 on a line and 0 in a hole; faint where the pixels are too coarse.

    Three plane waves 60 degrees apart peak on a triangular lattice: the holes. Noise bends the lattice.
    """
    bend_u = canvas.u + disorder * spacing * canvas.noise(rng, 8.0 * spacing, 1.6 * spacing)
    bend_v = canvas.v + disorder * spacing * canvas.noise(rng, 8.0 * spacing, 1.6 * spacing)
    thickness = 0.6 * disorder * canvas.noise(rng, 6.0 * spacing, 2.0 * spacing)
    frequency = 4.0 * math.pi / (math.sqrt(3.0) * spacing)
    a = frequency * bend_u
    b = frequency * (math.sqrt(0.75) * bend_v - 0.5 * bend_u)
    holes = np.cos(a) + np.cos(b) + np.cos(a + b)
    return float(canvas.resolved(spacing)) * smoothstep(thickness - holes, -0.4, 1.0)


def add_globules(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, criteria: Criteria, tissue: Tissue
) -> None:
    """Round clods: alike and evenly spread in a globular nevus; of all sizes and off centre if irregular."""
    if lesion.pattern == "globular":
        centres = _lattice(rng, lesion.radius, spacing=rng.uniform(0.08, 0.13))
        radii = rng.uniform(0.025, 0.042) * rng.uniform(0.85, 1.15, len(centres))
        tissue.brown += rng.uniform(0.35, 0.7) * lesion.cover * canvas.stamp(centres, radii)
    if criteria.globules:
        heading, count = rng.uniform(0.0, 2.0 * math.pi), int(10 + 35 * criteria.globules)
        focus = 0.5 * lesion.radius * np.array([math.cos(heading), math.sin(heading)])
        centres = focus + rng.normal(0.0, 0.4 * lesion.radius, (count, 2))
        radii = rng.choice([0.011, 0.017, 0.026, 0.038], count, p=[0.35, 0.3, 0.2, 0.15])
        clods = smoothstep(lesion.depth, -0.1, 0.05) * canvas.stamp(centres, radii)
        tissue.black += (0.35 + 0.4 * criteria.globules) * clods
        tissue.brown += 0.6 * clods


def _lattice(rng: np.random.Generator, radius: float, spacing: float) -> NDArray[np.float64]:
    """Jittered grid points around the centre that reach past a lesion of this radius, ``(n, 2)``."""
    steps = np.arange(-1.3 * radius, 1.3 * radius, spacing)
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return points + rng.normal(0.0, 0.18 * spacing, points.shape)


def add_streaks(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, criteria: Criteria, tissue: Tissue
) -> None:
    """Radial fingers across the edge: all around in a starburst nevus, in one sector where irregular."""
    strength: list[Field] = []
    if lesion.pattern == "starburst":
        strength.append(0.5 * _fingers(canvas, rng, lesion, disorder=0.6))
    if criteria.streaks:
        sector = _sector(canvas, rng, lesion)
        strength.append((0.4 + 0.4 * criteria.streaks) * sector * _fingers(canvas, rng, lesion, disorder=1.2))
    for fingers in strength:
        tissue.black += 0.6 * fingers
        tissue.brown += 0.9 * fingers


def _fingers(canvas: Canvas, rng: np.random.Generator, lesion: Lesion, disorder: float) -> Field:
    """Radial fingers all around the edge, in [0, 1]."""
    count, phase = int(rng.integers(28, 42)), rng.uniform(0.0, 2.0 * math.pi)
    bend = disorder * canvas.noise(rng, 1.5 * lesion.radius, 0.4 * lesion.radius)
    waves = np.cos(count * np.arctan2(canvas.v, canvas.u) + bend + phase)
    # Adding the depth narrows the fingers outwards, to a tip.
    return smoothstep(waves + 7.0 * lesion.depth, 0.0, 0.9) * smoothstep(lesion.depth, 0.5, 0.05)


def _sector(canvas: Canvas, rng: np.random.Generator, lesion: Lesion) -> Field:
    """A sector around the lesion's centre, of uneven strength."""
    middle, width = rng.uniform(-math.pi, math.pi), rng.uniform(0.4, 1.0)
    away = np.abs((np.arctan2(canvas.v, canvas.u) - middle + math.pi) % (2.0 * math.pi) - math.pi)
    uneven: Field = np.maximum(1.0 + 0.5 * canvas.noise(rng, 0.9 * lesion.radius, 0.4 * lesion.radius), 0.0)
    return smoothstep(away, width + 0.2, width - 0.2) * uneven


def add_blotches(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, criteria: Criteria, tissue: Tissue
) -> None:
    """Structureless dark areas: at times one in the middle of a nevus; off centre, black if irregular."""
    if rng.random() < 0.15:
        middle = lesion.area(canvas, rng, eccentricity=0.05, extent=rng.uniform(0.3, 0.6))
        tissue.brown += 0.5 * middle
        tissue.black += 0.25 * middle
    if criteria.blotch:
        dark = lesion.area(canvas, rng, eccentricity=rng.uniform(0.4, 0.8), extent=rng.uniform(0.4, 0.7))
        tissue.brown += 0.6 * dark
        tissue.black += (0.3 + 0.8 * criteria.blotch) * dark
