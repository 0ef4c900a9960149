"""The figures of a comparison with their captions, and words for who cannot see them."""

from collections.abc import Callable

from dermdistill.benchmark.measurements import Benchmark
from dermdistill.report import numbers
from dermdistill.report.comparison import speed
from dermdistill.report.comparison.arrangement import Arrangement, Sweep
from dermdistill.report.comparison.cost_plot import CostPoint, draw_cost
from dermdistill.report.comparison.sweep_plot import SweepCurve, draw_sweep
from dermdistill.report.comparison.sweeps import Setting
from dermdistill.report.groups import Group, network_name, objective_name
from dermdistill.report.page import Figure, shown

Cost = Callable[[Group], float | None]

_TEACHER = "teacher"


def cost_figures(arrangement: Arrangement, benchmark: Benchmark | None, *, synthetic: bool) -> list[Figure]:
    """AUC against parameters, against MACs and, where it was measured, against the time of one image."""
    kinds: tuple[tuple[str, str, Cost], ...] = (
        ("parameters", "millions of parameters", lambda group: group.summary.parameters / 1e6),
        (
            "computation",
            "millions of multiply-accumulates of one image",
            lambda group: group.summary.macs / 1e6,
        ),
        (
            "measured time",
            "ms for one image, ONNX Runtime, median",
            lambda group: _milliseconds(group, benchmark),
        ),
    )
    series = [_TEACHER, *map(objective_name, arrangement.objectives)]
    figures = []
    for name, axis, cost in kinds:
        points = _points(arrangement, cost)
        if points:
            svg = draw_cost(points, series, axis, synthetic=synthetic)
            figures.append(shown(svg, _cost_caption(name), _cost_alt(name, points)))
    return figures


def sweep_figure(setting: Setting, sweep: Sweep, *, synthetic: bool) -> Figure | None:
    """None where nothing beside the recipe's own value was trained, or no AUC is defined."""
    ours = {value: _aucs(group) for value, group in sweep.points}
    ours = {value: aucs for value, aucs in ours.items() if aucs}
    if not sweep.has_others or not ours:
        return None
    curve = SweepCurve(setting.name, ours, sweep.base, setting.published, setting.logarithmic)
    axis = "logarithmic" if setting.logarithmic else "linear"
    caption = (
        f"By {setting.name} ({axis}). Above: test AUC of the distilled student, the line through the means "
        "over the seeds, the band from the lowest to the highest seed, small points single seeds. Below: the "
        "paper's accuracies. Only the shapes can be compared: an AUC on this run's images is not an accuracy "
        "on the paper's balanced ones, so each panel has its own axis. Dotted: the recipe's own value."
    )
    words = "; ".join(f"{setting.named(value)}: {sum(aucs) / len(aucs):.3f}" for value, aucs in ours.items())
    return shown(
        draw_sweep(curve, synthetic=synthetic), caption, f"Mean test AUC by {setting.name}. {words}."
    )


def _aucs(group: Group) -> list[float]:
    return [auc for auc in group.mean.auc.per_seed if auc is not None]


def _milliseconds(group: Group, benchmark: Benchmark | None) -> float | None:
    summary = group.summary
    model = speed.measured(benchmark, summary.architecture, summary.input_size, "ONNX Runtime")
    timing = None if model is None else speed.timing(model, 1)
    return None if timing is None else timing.p50_ms


def _points(arrangement: Arrangement, cost: Cost) -> list[CostPoint]:
    found = []
    for group in arrangement.main_groups:
        is_teacher = group.summary.role == "teacher"
        series = _TEACHER if is_teacher else objective_name(group.summary.objective)
        value = cost(group)
        if value is not None and group.mean.auc.value is not None:
            found.append(CostPoint(network_name(group.summary.architecture), series, value, group.mean.auc))
    return found


def _cost_caption(name: str) -> str:
    return (
        f"Test AUC against {name}, logarithmic. Bars: 95\N{NO-BREAK SPACE}% intervals of the means over the "
        "seeds. The points of a network have one cost and are drawn side by side. Dashed: the AUC of the "
        "teacher."
    )


def _cost_alt(name: str, points: list[CostPoint]) -> str:
    words = "; ".join(
        f"{point.network}, {point.series}: {numbers.three_digits(point.cost)}, AUC "
        f"{numbers.with_interval(point.auc)}"
        for point in points
    )
    return f"Test AUC against {name}. {words}."
