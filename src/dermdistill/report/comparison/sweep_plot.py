"""A sweep of one setting: AUC of this run above, the paper's accuracy below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from dermdistill.report.figures import COLOURS, mark_synthetic, plain_ticks, style, svg

_WIDTH, _HEIGHT = 6.4, 5.2  # inches

_CLOSE = 0.05
"""Share of the width within which two upright numbers touch, as the paper's temperatures 90 and 100 would."""


@dataclass(frozen=True, slots=True)
class SweepCurve:
    """What is drawn of a sweep.

    Attributes:
        ours: the AUC of each seed, by value, ascending.
        base: the recipe's own value.
        papers: the paper's accuracy, by value.
        logarithmic: the horizontal axis.
    """

    setting: str
    ours: Mapping[float, Sequence[float]]
    base: float
    papers: Mapping[int, float]
    logarithmic: bool


def draw_sweep(curve: SweepCurve, *, synthetic: bool) -> bytes:
    """Two panels over one horizontal axis, for their levels cannot be compared."""
    with style():
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        FigureCanvasSVG(figure)
        upper, lower = figure.subplots(2, sharex=True)
        _draw_ours(upper, curve)
        _draw_papers(lower, curve)
        for axes in (upper, lower):
            axes.axvline(curve.base, color="#9a9a9a", linewidth=0.8, linestyle=":", zorder=1)
            # Above the axes it can hide no seed.
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0)
        _ticks(lower, curve)
        lower.set(xlabel=curve.setting)
        if synthetic:
            mark_synthetic(upper)
        return svg(figure)


def _draw_ours(axes: Axes, curve: SweepCurve) -> None:
    values = list(curve.ours)
    seeds = list(curve.ours.values())
    colour = COLOURS[1]
    axes.fill_between(
        values,
        [min(of) for of in seeds],
        [max(of) for of in seeds],
        color=colour,
        alpha=0.16,
        linewidth=0,
        label="lowest to highest seed",
    )
    axes.plot(
        values,
        [float(np.mean(of)) for of in seeds],
        color=colour,
        linewidth=1.9,
        marker="o",
        markersize=5,
        label="mean over the seeds",
    )
    for value, of in curve.ours.items():
        axes.plot([value] * len(of), of, linestyle="none", marker="o", markersize=3, color=colour, alpha=0.5)
    axes.set(ylabel="this run: test AUC")


def _draw_papers(axes: Axes, curve: SweepCurve) -> None:
    axes.plot(
        list(curve.papers),
        list(curve.papers.values()),
        color=COLOURS[2],
        linewidth=1.9,
        linestyle=(0, (5, 1.5)),
        marker="s",
        markersize=5,
        label="single runs",
    )
    axes.set(ylabel="the paper: accuracy")


def _ticks(axes: Axes, curve: SweepCurve) -> None:
    values = sorted({*curve.ours, *curve.papers})
    places = np.log(values) if curve.logarithmic else np.array(values)
    if curve.logarithmic:
        axes.set_xscale("log")
    if np.diff(places).min() < _CLOSE * np.ptp(places):
        axes.tick_params(axis="x", rotation=90)
    axes.xaxis.set_major_locator(FixedLocator(values))
    axes.xaxis.set_major_formatter(FuncFormatter(plain_ticks))
    axes.xaxis.set_minor_locator(NullLocator())
