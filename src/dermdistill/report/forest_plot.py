"""Forest plot: the figures of subgroups beside those of all images."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from dermdistill.evaluation.estimates import Estimate, SeedMean
from dermdistill.judgement.judgement import Group, Subgroup, SubgroupFigure
from dermdistill.report.plots import COLOURS, INK, SOFT, WARNING, as_svg, styled

_WIDTH, _LINE, _MARGIN = 10.5, 0.235, 1.15  # inches
_DIFFERS = COLOURS[2]

_Panel = tuple[SubgroupFigure, str, Callable[[Subgroup], SeedMean], Estimate]


def draw_forest(group: Group, *, synthetic: bool) -> bytes:
    """An SVG document with a panel for AUC, sensitivity and specificity, a line for each subgroup."""
    lines = _lines(group.subgroups)
    with styled():
        figure = Figure(figsize=(_WIDTH, _MARGIN + len(lines) * _LINE), layout="constrained")
        FigureCanvasSVG(figure)
        panels = _panels(group)
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for each, panel in zip(axes, panels, strict=True):
            _draw_panel(each, panel, lines)
        _name_lines(axes[0], lines)
        for each in axes:
            each.tick_params(axis="y", length=0)
        if synthetic:
            axes[-1].set_title("SYNTHETIC images", fontsize=8, color=WARNING, loc="right")
        return as_svg(figure)


def _panels(group: Group) -> list[_Panel]:
    panels: list[_Panel] = [("auc", "AUC", lambda one: one.auc, group.mean.auc)]
    if group.decision is not None:
        of = group.decision
        panels.append(("sensitivity", "sensitivity", lambda one: one.sensitivity, of.sensitivity))
        panels.append(("specificity", "specificity", lambda one: one.specificity, of.specificity))
    return panels


def _lines(subgroups: Sequence[Subgroup]) -> list[str | Subgroup]:
    """A heading for each column, and its subgroups."""
    lines: list[str | Subgroup] = []
    for i, subgroup in enumerate(subgroups):
        if i == 0 or subgroups[i - 1].by != subgroup.by:
            lines.append(subgroup.by)
        lines.append(subgroup)
    return lines


def _draw_panel(axes: Axes, panel: _Panel, lines: Sequence[str | Subgroup]) -> None:
    name, label, figure_of, overall = panel
    ends = []
    for y, line in enumerate(lines):
        if isinstance(line, str):
            continue
        figure = figure_of(line)
        if figure.value is None:
            continue
        colour = (
            _DIFFERS if any(each.figure == name and each.is_claimed for each in line.differences) else INK
        )
        if figure.low is not None and figure.high is not None:
            axes.plot([figure.low, figure.high], [y, y], color=colour, linewidth=1.3)
            ends += [figure.low, figure.high]
        marker = "D" if colour == _DIFFERS else "o"
        axes.plot([figure.value], [y], color=colour, marker=marker, markersize=4.5)
        ends.append(figure.value)
    if overall.value is not None:
        axes.axvline(overall.value, color=SOFT, linewidth=1, linestyle="--", zorder=1)
        ends.append(overall.value)
    axes.set_xlabel(label)
    low = min(ends, default=0.0)
    axes.set_xlim(max(-0.02, low - 0.05), 1.02)
    axes.grid(visible=False, axis="y")


def _name_lines(axes: Axes, lines: Sequence[str | Subgroup]) -> None:
    axes.set_yticks(
        range(len(lines)),
        [
            line.capitalize()
            if isinstance(line, str)
            else f"{line.value} ({line.n_melanoma:,} of {line.n_images:,})"
            for line in lines
        ],
    )
    for line, tick in zip(lines, axes.get_yticklabels(), strict=True):
        if isinstance(line, str):
            tick.set_fontweight("bold")
    axes.set_ylim(len(lines) - 0.4, -0.6)
