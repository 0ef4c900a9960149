"""Draw plots as SVG: the same bytes for the same numbers, readable on light and dark pages."""

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

_INK, _SOFT, _FAINT, _PAPER, _WARNING = "#1c1c1e", "#8a8a8a", "#e3e3e3", "#ffffff", "#8a5a00"
# Okabe and Ito's palette, which all kinds of colour vision can distinguish; the teacher's is the first.
# Where there is no colour, dashes and markers distinguish the groups.
_COLOURS = (_INK, "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_ON_DARK = {
    _INK: "#e8e8ea",
    _SOFT: "#8f9299",
    _FAINT: "#3b3d43",
    _PAPER: "#17181b",
    _WARNING: "#f0b429",
    "#0072b2": "#4aa8e8",
    "#d55e00": "#ff8a3d",
    "#009e73": "#26c996",
}
_DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), "-.", (0, (8, 2, 1, 2, 1, 2)), (0, (3, 1)), (0, (1, 3)))
_MARKERS = ("*", "o", "s", "^", "D", "v", "P")
_LEGEND_LINE = 0.2  # inches
_LABELS_APART = 0.026
"""Least distance of two slanted names, as a share of the width."""
_CLOSE = 0.05
"""Share of the width within which two upright numbers touch, as the paper's temperatures 90 and 100 would."""
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": _FAINT,
    "grid.linewidth": 0.7,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    # A dollar sign in a name is a dollar sign.
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "dermdistill",
}

Line = tuple[Sequence[float] | NDArray[np.float64], Sequence[float] | NDArray[np.float64]]
"""x and y of one line, ``(n,)`` each; NaN leaves a gap."""


@dataclass(frozen=True, slots=True)
class Series:
    """What has one line in the legend.

    Attributes:
        main: its line, or points where there is no line.
        style: number of its colour, dashes and marker; a group keeps its own in every plot.
        connected: whether there is a line.
        marked: whether every point has a marker.
        seeds: thin lines.
        kept: points to mark on the thin lines.
        low, high: ends of a bar at each point, or of a band around a line.
        aside: share of a ``cost`` axis that its points are moved to the right by, so that none hides another.
    """

    label: str
    main: Line
    style: int = 0
    connected: bool = True
    marked: bool = False
    seeds: tuple[Line, ...] = ()
    kept: Line | None = None
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    aside: float = 0.0


@dataclass(frozen=True, slots=True)
class Panel:
    """One set of axes.

    Attributes:
        kind: ``unit``: the unit square with a diagonal, named ``diagonal``; ``epochs``: whole numbers below;
            ``cost``: logarithmic, with the ``names`` of costs above; ``setting``: a tick at every value.
        logarithmic: the vertical axis of ``epochs``, the horizontal one of ``setting``.
        level, base: a horizontal and a vertical line.
    """

    x: str
    y: str
    series: Sequence[Series]
    kind: Literal["unit", "epochs", "cost", "setting"]
    diagonal: str | None = None
    logarithmic: bool = False
    names: Mapping[str, float] | None = None
    level: float | None = None
    base: float | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """Panels over one horizontal axis, a caption, and words for who cannot see them; size in inches."""

    panels: tuple[Panel, ...]
    caption: str
    alt: str
    size: tuple[float, float] = (4.8, 4.1)
    legend: Literal["above", "below"] = "above"


def draw_plot(plot: Plot, *, synthetic: bool) -> bytes:
    """An SVG document; one of synthetic images says so, for it may be copied elsewhere."""
    with _style():
        entries = sum(len(panel.series) + (panel.diagonal is not None) for panel in plot.panels)
        above = plot.legend == "above"
        height = plot.size[1] + (entries * _LEGEND_LINE if above else 0)
        figure = Figure(figsize=(plot.size[0], height), layout="constrained")
        FigureCanvasSVG(figure)
        all_axes = figure.subplots(len(plot.panels), sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(all_axes, plot.panels, strict=True):
            _draw_panel(axes, panel)
        all_axes[-1].set(xlabel=plot.panels[-1].x)
        if any(panel.kind == "setting" for panel in plot.panels):
            _tick_settings(all_axes[-1], plot.panels)
        # Outside the axes it can hide no curve.
        place = {"loc": "outside upper left"} if above else {"loc": "outside lower center", "ncols": entries}
        figure.legend(**place)
        if synthetic:
            where = {"loc": "right"} if above else {"loc": "right", "y": -0.2}
            all_axes[0].set_title("SYNTHETIC images", fontsize=8, color=_WARNING, **where)
        return _svg(figure)


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.set(ylabel=panel.y)
    if panel.kind == "unit":
        axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=":", label=panel.diagonal)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    if panel.level is not None:
        axes.axhline(panel.level, color=_COLOURS[0], linewidth=0.8, linestyle=(0, (5, 4)))
    if panel.base is not None:
        axes.axvline(panel.base, color=_SOFT, linewidth=0.8, linestyle=":", zorder=1)
    decades = 0.0 if panel.names is None else _set_costs(axes, list(panel.names.values()))
    for series in panel.series:
        _draw_series(axes, series, 10 ** (series.aside * decades))
    if panel.kind == "epochs":
        _tick_epochs(axes, panel)
    if panel.names is not None:
        _name_networks(axes, panel.names)


def _draw_series(axes: Axes, series: Series, aside: float) -> None:
    """``aside``: a factor of the points' places."""
    colour, dash = _COLOURS[series.style % len(_COLOURS)], _DASHES[series.style % len(_DASHES)]
    marker = _MARKERS[series.style % len(_MARKERS)] if not series.connected else "o"
    scatter = not series.connected
    places = np.asarray(series.main[0], dtype=float) * aside
    for seed in series.seeds:
        axes.plot(*seed, color=colour, linewidth=0.7, alpha=0.35, marker="o" if len(seed[0]) == 1 else None)
    if series.low is not None and series.high is not None and series.connected:
        axes.fill_between(places, series.low, series.high, color=colour, alpha=0.16, linewidth=0)
    elif series.low is not None and series.high is not None:
        for x, *ends in zip(places, series.low, series.high, strict=True):
            axes.plot([x, x], ends, color=colour, linewidth=1.1, zorder=3)
    axes.plot(
        places,
        series.main[1],
        color=colour,
        linewidth=1.9,
        linestyle="none" if scatter else dash,
        label=series.label,
        # A line of one point would not be seen.
        marker=marker if scatter or series.marked or len(series.main[0]) == 1 else None,
        markersize=(14 if marker == "*" else 4.8) if scatter else 4,
        markeredgecolor=_PAPER if scatter else colour,
        markeredgewidth=0.5,
        zorder=None if not scatter else 3 if series.style == 0 else 4,
    )
    if series.kept is not None:
        axes.plot(
            *series.kept, color=colour, linestyle="none", marker="o", markersize=5, markeredgecolor=_PAPER
        )


def _tick_epochs(axes: Axes, panel: Panel) -> None:
    """Whole epochs; plain numbers on a logarithmic vertical axis."""
    epochs = [x for series in panel.series for x in series.main[0]]
    if epochs and min(epochs) == max(epochs):
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
        axes.xaxis.set_major_locator(FixedLocator(sorted(set(epochs))))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if panel.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(FixedLocator(_round_numbers(*axes.get_ylim())))
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
        axes.yaxis.set_minor_formatter(NullFormatter())


def _tick_settings(axes: Axes, panels: Sequence[Panel]) -> None:
    """A tick at every value, upright where two would touch."""
    values = sorted({float(x) for panel in panels for series in panel.series for x in series.main[0]})
    places = np.log(values) if panels[0].logarithmic else np.array(values)
    if panels[0].logarithmic:
        axes.set_xscale("log")
    if len(values) > 1 and np.diff(places).min() < _CLOSE * np.ptp(places):
        axes.tick_params(axis="x", rotation=90)
    axes.xaxis.set_major_locator(FixedLocator(values))
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
    axes.xaxis.set_minor_locator(NullLocator())


def _set_costs(axes: Axes, costs: Sequence[float]) -> float:
    """Set the horizontal axis; returns how many decades it spans."""
    low, high = np.log10(min(costs)), np.log10(max(costs))
    margin = 0.06 * max(high - low, 1)
    axes.set_xscale("log")
    axes.set_xlim(10 ** (low - margin), 10 ** (high + margin))
    axes.xaxis.set_major_locator(FixedLocator(_round_numbers(*axes.get_xlim())))
    axes.xaxis.set_major_formatter(FuncFormatter(_plain))
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


def _plain(value: float, _: int | None = None) -> str:
    return f"{value:g}"


def _name_networks(axes: Axes, costs: Mapping[str, float]) -> None:
    """Slanted names above the axes, in the order of the costs, each tied to its place by a thin line."""
    names = sorted(costs, key=lambda name: (costs[name], name))
    left, right = np.log10(axes.get_xlim())
    places = (np.log10([costs[name] for name in names]) - left) / (right - left)
    for name, place, moved in zip(names, places, apart(places, _LABELS_APART), strict=True):
        axes.axvline(costs[name], color=_FAINT, linewidth=0.7, zorder=1)
        axes.plot(
            [place, moved], [1, 1.05], transform=axes.transAxes, color=_SOFT, linewidth=0.7, clip_on=False
        )
        axes.text(
            moved, 1.06, name, transform=axes.transAxes, rotation=38, rotation_mode="anchor", fontsize=9
        )


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


@contextmanager
def _style() -> Iterator[None]:
    """Our settings only, whatever the user's matplotlibrc says; theirs afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def _svg(figure: Figure) -> bytes:
    """The document, with other colours for readers who prefer a dark page; a printer gets the light ones."""
    document = io.BytesIO()
    figure.savefig(document, format="svg", metadata={"Date": None, "Creator": None})
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark}!important}}'
        for light, dark in _ON_DARK.items()
        for part in ("fill", "stroke")
    )
    dark = f"<style>@media screen and (prefers-color-scheme: dark){{{rules}}}</style>"
    return re.sub(
        r"<svg[^>]*>", lambda start: start[0] + dark, document.getvalue().decode(), count=1
    ).encode()
