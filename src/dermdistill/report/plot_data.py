"""Which plots a report shows, from the judgement and the training histories."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from dermdistill.evaluation.estimates import SeedMean
from dermdistill.judgement.curves import FALSE_POSITIVE_RATES
from dermdistill.judgement.judgement import Group, ReliabilityCurve, RocCurve
from dermdistill.judgement.names import network_name, objective_name
from dermdistill.judgement.speed import measured, timing
from dermdistill.report import numbers
from dermdistill.report.paper import SweptSetting
from dermdistill.report.plots import Line, Panel, Plot, Series
from dermdistill.report.read import History, ReportedRun, summary_of

_APART = 0.004
"""Between the points of one network, whose costs are the same, as a share of the axis."""
_TEACHER = "teacher"


def result_plots(groups: Sequence[Group]) -> tuple[Plot, ...]:
    """ROC and reliability curves of the test images; no ROC curve where the test images are of one class."""
    return (_roc(groups), _reliability(groups)) if groups[0].curves.roc else (_reliability(groups),)


def training_plots(run: ReportedRun) -> tuple[Plot, ...]:
    """Validation AUC and training loss, epoch by epoch."""
    return (_validation_auc(run), _training_loss(run))


def _roc(groups: Sequence[Group]) -> Plot:
    series = [
        _series(
            f"{group.label}, {numbers.fraction(group.mean.auc.value)}",
            [_roc_line(curve) for curve in group.curves.roc],
            (FALSE_POSITIVE_RATES, group.curves.mean_sensitivity),
            style,
        )
        for style, group in enumerate(groups)
    ]
    words = [f"{group.label}: AUC {numbers.with_interval(group.mean.auc)}" for group in groups]
    return Plot(
        (Panel("1 \N{MINUS SIGN} specificity", "sensitivity", series, "unit", "guessing, 0.500"),),
        "ROC curves of the test images, with the AUC. " + _lines(groups, "mean sensitivity over the seeds"),
        f"ROC curves. {'; '.join(words)}.",
    )


def _roc_line(curve: RocCurve) -> Line:
    other, melanoma = np.array(curve.false_positives), np.array(curve.true_positives)
    return other / other[-1], melanoma / melanoma[-1]


def _reliability(groups: Sequence[Group]) -> Plot:
    series = [
        _series(
            group.label,
            [_reliability_line(curve) for curve in group.curves.reliability],
            _reliability_line(group.curves.pooled_reliability),
            style,
            marked=True,
        )
        for style, group in enumerate(groups)
    ]
    words = [f"{group.label}: ECE {numbers.fraction(group.mean.ece.value)}" for group in groups]
    axes = ("mean P(melanoma) of a bin", "share of melanomas in it")
    return Plot(
        (Panel(*axes, series, "unit", "perfectly calibrated"),),
        "Reliability curves of the test images in bins of equal numbers of images. Below the diagonal, "
        "P(melanoma) is too high; above, too low. " + _lines(groups, "all seeds together"),
        f"Reliability curves. {'; '.join(words)}.",
    )


def _reliability_line(curve: ReliabilityCurve) -> Line:
    return curve.mean_probability, curve.melanoma_share


def _validation_auc(run: ReportedRun) -> Plot:
    series, words = [], []
    for style, group in _trained(run):
        lines = _history_lines(run, group, lambda history: history.val_auc)
        kept = [point for name in group.models for point in _kept_epochs(run, name)]
        marks = ([x for x, _ in kept], [y for _, y in kept])
        series.append(_series(group.label, lines, _mean_line(lines), style, kept=marks))
        words.append(f"{group.label}: {numbers.fraction(float(np.mean(marks[1])))} at the kept epochs")
    averaged = any(len(summary.kept_epochs) > 1 for summary in run.summaries.values())
    return Plot(
        (Panel("epoch", "validation AUC", series, "epochs"),),
        "AUC on the validation images after each epoch; dots: the epochs whose weights were kept. "
        + ("Where a training has several, the model is the average of their weights. " if averaged else "")
        + _lines(run.groups, "mean over the seeds"),
        f"Validation AUC by epoch. {'; '.join(words)}.",
    )


def _training_loss(run: ReportedRun) -> Plot:
    series, words = [], []
    for style, group in _trained(run):
        lines = _history_lines(run, group, lambda history: history.train_loss)
        mean = _mean_line(lines)
        series.append(_series(group.label, lines, mean, style))
        words.append(f"{group.label}: from {mean[1][0]:.3g} to {mean[1][-1]:.3g}")
    return Plot(
        (Panel("epoch", "training loss", series, "epochs", logarithmic=True),),
        "Training loss, logarithmic. Objectives differ in what they add up, so compare the shapes, not the "
        "heights. " + _lines(run.groups, "mean over the seeds"),
        f"Training loss by epoch. {'; '.join(words)}.",
    )


def _trained(run: ReportedRun) -> list[tuple[int, Group]]:
    """The groups that have epochs to show, each with its style: all but a composed teacher."""
    return [(style, group) for style, group in enumerate(run.groups) if not summary_of(group).is_composed]


def _history_lines(run: ReportedRun, group: Group, of: Callable[[History], Sequence[float]]) -> list[Line]:
    histories = [run.histories[name] for name in group.models]
    return [(np.array(each.epoch, dtype=float), np.array(of(each), dtype=float)) for each in histories]


def _kept_epochs(run: ReportedRun, name: str) -> list[tuple[float, float]]:
    """Epoch and validation AUC of every one whose weights were kept."""
    history = run.histories[name]
    auc = dict(zip(history.epoch, history.val_auc, strict=True))
    return [(float(epoch), auc.get(epoch, np.nan)) for epoch in run.summaries[name].kept_epochs]


def _mean_line(lines: Sequence[Line]) -> Line:
    """The mean over the lines at the epochs that all of them reach; NaN where any of them is."""
    epochs = min((np.asarray(x) for x, _ in lines), key=len)
    return epochs, np.array([np.mean([np.asarray(y)[x == epoch] for x, y in lines]) for epoch in epochs])


def _series(
    label: str,
    lines: Sequence[Line],
    main: Line,
    style: int,
    *,
    marked: bool = False,
    kept: Line | None = None,
) -> Series:
    """A group of one seed has its own line, one of several their mean and thin lines."""
    single = len(lines) == 1
    return Series(
        label,
        lines[0] if single else main,
        style,
        marked=marked,
        seeds=() if single else tuple(lines),
        kept=kept,
    )


def _lines(groups: Sequence[Group], what: str) -> str:
    several = any(len(group.models) > 1 for group in groups)
    return f"Thick lines: {what}; thin lines: single seeds." if several else ""


# Of a comparison


def cost_plots(run: ReportedRun) -> list[Plot]:
    """AUC against parameters, against MACs and, where it was measured, against the time of one image."""
    kinds: tuple[tuple[str, str, Callable[[Group], float | None]], ...] = (
        ("parameters", "millions of parameters", lambda group: summary_of(group).parameters / 1e6),
        (
            "computation",
            "millions of multiply-accumulates of one image",
            lambda group: summary_of(group).macs / 1e6,
        ),
        ("measured time", "ms for one image, ONNX Runtime, median", lambda group: _milliseconds(run, group)),
    )
    plots = []
    for name, axis, cost in kinds:
        costs = [
            (group, value)
            for group in run.main_groups
            if (value := cost(group)) is not None and group.mean.auc.value is not None
        ]
        if costs:
            plots.append(_cost_plot(run, name, axis, costs))
    return plots


def _milliseconds(run: ReportedRun, group: Group) -> float | None:
    summary = summary_of(group)
    model = measured(run.files.benchmark, summary.architecture, summary.input_size, "ONNX Runtime")
    timed = None if model is None else timing(model, 1)
    return None if timed is None else timed.p50_ms


def _cost_plot(run: ReportedRun, name: str, axis: str, costs: Sequence[tuple[Group, float]]) -> Plot:
    kinds = [_TEACHER, *map(objective_name, run.networks.objectives)]
    series = []
    for style, kind in enumerate(kinds):
        of_kind = [(cost, group.mean.auc) for group, cost in costs if _kind(group) == kind]
        # The teacher stands at its cost, the students to both sides of theirs.
        aside = 0 if style == 0 else (style - len(kinds) / 2) * _APART
        series.append(_points(kind, of_kind, style, aside))
    teachers = [group.mean.auc.value for group, _ in costs if _kind(group) == _TEACHER]
    names = {label: cost for label, (_, cost) in zip(_labels(costs), costs, strict=True)}
    words = "; ".join(
        f"{label}, {_kind(group)}: {numbers.three_digits(cost)}, AUC {numbers.with_interval(group.mean.auc)}"
        for label, (group, cost) in zip(_labels(costs), costs, strict=True)
    )
    return Plot(
        (Panel(axis, "test AUC", series, "cost", names=names, level=teachers[0] if teachers else None),),
        f"Test AUC against {name}, logarithmic. Bars: 95\N{NO-BREAK SPACE}% intervals of the means over the "
        "seeds. The points of a network and size have one cost and are drawn side by side. Dashed: the AUC "
        "of the teacher.",
        f"Test AUC against {name}. {words}.",
        size=(11.0, 4.6),
        legend="below",
    )


def _kind(group: Group) -> str:
    return _TEACHER if group.is_teacher else objective_name(summary_of(group).objective)


def _labels(costs: Sequence[tuple[Group, float]]) -> list[str]:
    """The network of each group, with its input size where it has another one in another group."""
    kinds = [(_network(group), summary_of(group).input_size) for group, _ in costs]
    several = Counter(name for name, _ in set(kinds))
    return [f"{name}, {size} px" if several[name] > 1 else name for name, size in kinds]


def _network(group: Group) -> str:
    return network_name(summary_of(group).architecture)


def _points(label: str, points: Sequence[tuple[float, SeedMean]], style: int, aside: float) -> Series:
    """Points with their intervals; without one, a bar of no length."""
    values = [auc.value or 0.0 for _, auc in points]
    return Series(
        label,
        ([cost for cost, _ in points], values),
        style,
        connected=False,
        low=[value if auc.low is None else auc.low for value, (_, auc) in zip(values, points, strict=True)],
        high=[
            value if auc.high is None else auc.high for value, (_, auc) in zip(values, points, strict=True)
        ],
        aside=aside,
    )


def sweep_plot(run: ReportedRun, setting: SweptSetting) -> Plot | None:
    """None where nothing beside the recipe's own value was trained, or no AUC is defined."""
    sweep = setting.sweep(run.networks)
    ours = {point.value: _aucs(run.judgement.groups[point.group]) for point in sweep.points}
    ours = {value: aucs for value, aucs in ours.items() if aucs}
    if not sweep.has_others or not ours:
        return None
    values = list(ours)
    means = [sum(aucs) / len(aucs) for aucs in ours.values()]
    single = [(value, auc) for value, aucs in ours.items() for auc in aucs]
    this_run = Series(
        "this run: mean, and lowest to highest seed",
        (values, means),
        1,
        marked=True,
        kept=([value for value, _ in single], [auc for _, auc in single]),
        low=[min(aucs) for aucs in ours.values()],
        high=[max(aucs) for aucs in ours.values()],
    )
    papers = (list(setting.accuracies), list(setting.accuracies.values()))
    axis = "logarithmic" if setting.logarithmic else "linear"
    words = "; ".join(f"{setting.named(v)}: {mean:.3f}" for v, mean in zip(values, means, strict=True))
    return Plot(
        tuple(
            Panel(setting.name, y, [series], "setting", logarithmic=setting.logarithmic, base=sweep.base)
            for y, series in (
                ("this run: test AUC", this_run),
                ("the paper: accuracy", Series("the paper: single runs", papers, 2, marked=True)),
            )
        ),
        f"By {setting.name} ({axis}). Above: test AUC of the distilled student, the line through the means "
        "over the seeds, the band from the lowest to the highest seed, small points single seeds. Below: the "
        "paper's accuracies. Only the shapes can be compared: an AUC on this run's images is not an accuracy "
        "on the paper's balanced ones, so each panel has its own axis. Dotted: the recipe's own value.",
        f"Mean test AUC by {setting.name}. {words}.",
        size=(6.4, 5.2),
    )


def _aucs(group: Group) -> list[float]:
    return [auc for auc in group.mean.auc.per_seed if auc is not None]
