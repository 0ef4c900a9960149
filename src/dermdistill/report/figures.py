"""Draw the curves of the report as SVG, the same bytes for the same numbers."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

Line = tuple[NDArray[np.float64], NDArray[np.float64]]
"""x and y of one line, ``(n,)`` each; NaN leaves a gap."""

# Okabe and Ito's palette, told apart by all common kinds of colour vision; black is the teacher's. The dashes
# tell the groups apart where there is no colour.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
SYNTHETIC, SYNTHETIC_COLOUR = "SYNTHETIC images", "#8a5a00"
_DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), "-.", (0, (8, 2, 1, 2, 1, 2)), (0, (3, 1)), (0, (1, 3)))
_WIDTH, _HEIGHT, _LEGEND_LINE = 4.8, 4.1, 0.2  # inches
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.7,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    # A dollar sign in a name is a dollar sign.
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "dermdistill",
}


@dataclass(frozen=True, slots=True)
class Curve:
    """The curve of one group of models.

    Attributes:
        label: its line in the legend.
        main: the group's own line.
        seeds: a thin line a seed, none for a group of one.
        marks: points to mark, such as the kept epochs.
        style: number of its colour and dashes; a group keeps its own in every panel.
    """

    label: str
    main: Line
    seeds: tuple[Line, ...] = ()
    marks: Line | None = None
    style: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """One set of axes.

    Attributes:
        kind: ``unit`` is the unit square with its diagonal (named ``diagonal``), drawn square; ``epochs`` has
            whole numbers below.
        log: a logarithmic vertical axis.
        points: mark every point of the main lines.
    """

    x: str
    y: str
    curves: Sequence[Curve]
    kind: Literal["unit", "epochs"]
    diagonal: str | None = None
    log: bool = False
    points: bool = False


def draw(panel: Panel, *, synthetic: bool) -> bytes:
    """The panel as an SVG document; one of synthetic images says so, for it may be copied elsewhere."""
    with style():
        lines = len(panel.curves) + (panel.diagonal is not None)
        figure = Figure(figsize=(_WIDTH, _HEIGHT + lines * _LEGEND_LINE), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        if panel.kind == "unit":
            _unit_square(axes, panel.diagonal)
        for curve in panel.curves:
            _draw_curve(axes, curve, points=panel.points)
        if panel.kind == "epochs":
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if panel.log:
            _logarithmic(axes)
        axes.set(xlabel=panel.x, ylabel=panel.y)
        # Outside the axes it can hide no curve.
        figure.legend(loc="outside upper left")
        if synthetic:
            mark_synthetic(axes)
        return svg(figure)


def mark_synthetic(axes: Axes) -> None:
    """Say above the axes that the images were drawn."""
    axes.set_title(SYNTHETIC, fontsize=8, color=SYNTHETIC_COLOUR, loc="right")


def svg(figure: Figure) -> bytes:
    """A figure as a document, within ``style()``."""
    document = io.BytesIO()
    figure.savefig(document, format="svg", metadata={"Date": None, "Creator": None})
    return document.getvalue()


def plain_ticks(value: float, _: int | None = None) -> str:
    """A number as people write it, for a logarithmic axis."""
    return f"{value:g}"


@contextmanager
def style() -> Iterator[None]:
    """Our settings only, whatever the user's matplotlibrc says; theirs afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def _unit_square(axes: Axes, diagonal: str | None) -> None:
    axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, linestyle=":", label=diagonal)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")


def _logarithmic(axes: Axes) -> None:
    """Plain numbers at 1, 2 and 5 of each decade."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(plain_ticks))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_curve(axes: Axes, curve: Curve, *, points: bool) -> None:
    colour = COLOURS[curve.style % len(COLOURS)]
    dash = _DASHES[curve.style % len(_DASHES)]
    for seed in curve.seeds:
        axes.plot(*seed, color=colour, linewidth=0.7, alpha=0.35)
    marker = "o" if points else None
    axes.plot(
        *curve.main,
        color=colour,
        linewidth=1.9,
        linestyle=dash,
        label=curve.label,
        marker=marker,
        markersize=4,
    )
    if curve.marks is not None:
        axes.plot(
            *curve.marks, color=colour, linestyle="none", marker="o", markersize=5, markeredgecolor="white"
        )
