"""AUC against cost: a point a network and objective, with its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from dermdistill.evaluation.results import Estimate
from dermdistill.report.figures import COLOURS, SYNTHETIC, SYNTHETIC_COLOUR, plain_ticks, style, svg

_WIDTH, _HEIGHT = 11.0, 4.6  # inches
_MARKERS = ("*", "o", "s", "^", "D", "v")
_APART = 0.045
"""Inches between the points of one network, whose costs are the same."""
_LABELS_APART = 0.026
"""Least distance of two slanted names, as a share of the width."""


@dataclass(frozen=True, slots=True)
class CostPoint:
    """One network with one objective.

    Attributes:
        network: its name, drawn once for all its points.
        series: the objective in words, or that it is the teacher.
    """

    network: str
    series: str
    cost: float
    auc: Estimate


def draw_cost(points: Sequence[CostPoint], series: Sequence[str], cost: str, *, synthetic: bool) -> bytes:
    """A panel as an SVG document.

    Args:
        points: those whose AUC is defined, at least one.
        series: their kinds in the order of the legend, the teacher's first.
        cost: words below the horizontal axis.
        synthetic: the figure says so.
    """
    with style():
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        decades = _logarithmic(axes, [point.cost for point in points])
        for index, name in enumerate(series):
            # The teacher stands at its cost, the students to both sides of theirs.
            steps = 0 if index == 0 else index - len(series) / 2
            aside = 10 ** (steps * _APART * decades / _WIDTH)
            of_series = [point for point in points if point.series == name]
            _draw_series(axes, of_series, index, aside, name)
            if index == 0 and of_series:
                # Who reaches the teacher is seen at a glance.
                axes.axhline(
                    of_series[0].auc.value or 0, color=COLOURS[0], linewidth=0.8, linestyle=(0, (5, 4))
                )
        _name_networks(axes, {point.network: point.cost for point in points})
        axes.set(xlabel=cost, ylabel="test AUC")
        # Above the axes are the names.
        legend = figure.legend(
            loc="outside lower center", ncols=len(series), title=SYNTHETIC if synthetic else None
        )
        legend.get_title().set(fontsize=8, color=SYNTHETIC_COLOUR)
        return svg(figure)


def apart(places: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Places, ascending, moved as little as possible (least squares) until neighbours are ``least`` apart.

    Without the gaps that is isotonic regression, by pooling neighbours that are out of order.
    """
    gaps = least * np.arange(len(places))
    pools: list[list[float]] = []
    for place in places - gaps:
        pools.append([float(place)])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    moved: NDArray[np.float64] = np.repeat([np.mean(pool) for pool in pools], [len(pool) for pool in pools])
    return moved + gaps


def _logarithmic(axes: Axes, costs: Sequence[float]) -> float:
    """Set the horizontal axis; returns how many decades it spans."""
    low, high = np.log10(min(costs)), np.log10(max(costs))
    margin = 0.06 * max(high - low, 1)
    axes.set_xscale("log")
    axes.set_xlim(10 ** (low - margin), 10 ** (high + margin))
    axes.xaxis.set_major_locator(FixedLocator(_round_numbers(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(FuncFormatter(plain_ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(visible=False, axis="x")
    return float(high - low + 2 * margin)


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each decade between the ends; evenly spaced ones where these are fewer than three."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
    found = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
    inside = [number for number in found if low <= number <= high]
    if len(inside) >= 3:
        return inside
    return [number for number in MaxNLocator(6).tick_values(low, high) if low <= number <= high]


def _draw_series(axes: Axes, points: Sequence[CostPoint], index: int, aside: float, name: str) -> None:
    colour = COLOURS[index % len(COLOURS)]
    for point in points:
        if point.auc.low is not None and point.auc.high is not None:
            x = point.cost * aside
            axes.plot([x, x], [point.auc.low, point.auc.high], color=colour, linewidth=1.1, zorder=3)
    axes.plot(
        [point.cost * aside for point in points],
        [point.auc.value for point in points if point.auc.value is not None],
        color=colour,
        linestyle="none",
        marker=_MARKERS[index % len(_MARKERS)],
        markersize=14 if index == 0 else 4.8,
        markeredgecolor="white",
        markeredgewidth=0.5,
        label=name,
        # Students that reach the teacher stand before it.
        zorder=3 if index == 0 else 4,
    )


def _name_networks(axes: Axes, costs: dict[str, float]) -> None:
    """Slanted names above the axes, in the order of the costs, each tied to its place by a thin line."""
    names = sorted(costs, key=lambda name: (costs[name], name))
    left, right = np.log10(axes.get_xlim())
    places = (np.log10([costs[name] for name in names]) - left) / (right - left)
    for name, place, moved in zip(names, places, apart(places, _LABELS_APART), strict=True):
        axes.axvline(costs[name], color="#d9d9d9", linewidth=0.7, zorder=1)
        axes.plot(
            [place, moved], [1, 1.05], transform=axes.transAxes, color="#9a9a9a", linewidth=0.7, clip_on=False
        )
        axes.text(
            moved, 1.06, name, transform=axes.transAxes, rotation=38, rotation_mode="anchor", fontsize=9
        )
