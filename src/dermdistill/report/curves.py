"""The curves of a run: the lines of each figure, its caption, and words for who cannot see it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dermdistill.evaluation.calibration import reliability
from dermdistill.evaluation.metrics import Floats, Labels, Ranking
from dermdistill.report import numbers
from dermdistill.report.figures import Curve, Line, Panel
from dermdistill.report.groups import Group
from dermdistill.report.reading import ModelResults

_FALSE_POSITIVE_RATES = np.linspace(0, 1, 201)


@dataclass(frozen=True, slots=True)
class Illustration:
    """A panel to be drawn, with its caption and alternative text."""

    panel: Panel
    caption: str
    alt: str


def result_curves(groups: Sequence[Group]) -> tuple[Illustration, ...]:
    """ROC and reliability curves of the test images; no ROC curve where the test images are of one class."""
    if groups[0].mean.auc.value is None:
        return (_reliability(groups),)
    return (_roc(groups), _reliability(groups))


def training_curves(groups: Sequence[Group]) -> tuple[Illustration, ...]:
    """Validation AUC and training loss, epoch by epoch."""
    return (_validation_auc(groups), _training_loss(groups))


def _roc(groups: Sequence[Group]) -> Illustration:
    curves, words = [], []
    for style, group in enumerate(groups):
        lines = [_roc_line(model.test.label, model.test.probability) for model in group.models]
        mean = np.mean([_at_false_positive_rates(line) for line in lines], axis=0)
        auc = numbers.fraction(group.mean.auc.value)
        curves.append(_curve(f"{group.label}, {auc}", lines, (_FALSE_POSITIVE_RATES, mean), style))
        words.append(f"{group.label}: AUC {numbers.with_interval(group.mean.auc)}")
    return Illustration(
        Panel(
            "1 \N{MINUS SIGN} specificity",
            "sensitivity",
            curves,
            kind="unit",
            diagonal="guessing, 0.500",
        ),
        "ROC curves of the test images, with the AUC. "
        + _mean_of_seeds(groups, "mean sensitivity over the seeds"),
        f"ROC curves. {'; '.join(words)}.",
    )


def _roc_line(label: Labels, probability: Floats) -> Line:
    counts = Ranking.of(label, probability).count(np.ones(len(label)))
    return counts.other / counts.other[-1], counts.melanoma / counts.melanoma[-1]


def _at_false_positive_rates(line: Line) -> Floats:
    """Sensitivity at the common rates: the highest at each step of the curve."""
    false_positive_rate, sensitivity = line
    step = np.searchsorted(false_positive_rate, _FALSE_POSITIVE_RATES + 1e-9, side="right") - 1
    return sensitivity[step]


def _reliability(groups: Sequence[Group]) -> Illustration:
    curves, words = [], []
    for style, group in enumerate(groups):
        lines = [_reliability_line(model.test.label, model.test.probability) for model in group.models]
        pooled = _reliability_line(
            np.concatenate([model.test.label for model in group.models]),
            np.concatenate([model.test.probability for model in group.models]),
        )
        curves.append(_curve(group.label, lines, pooled, style))
        words.append(f"{group.label}: ECE {numbers.fraction(group.mean.ece.value)}")
    return Illustration(
        Panel(
            "mean P(melanoma) of a bin",
            "share of melanomas in it",
            curves,
            kind="unit",
            diagonal="perfectly calibrated",
            points=True,
        ),
        "Reliability curves of the test images in bins of equal numbers of images. Below the diagonal, "
        "P(melanoma) is too high; above, too low. " + _mean_of_seeds(groups, "all seeds together"),
        f"Reliability curves. {'; '.join(words)}.",
    )


def _reliability_line(label: Labels, probability: Floats) -> Line:
    points = reliability(label, probability)
    return (
        np.array([point.mean_probability for point in points]),
        np.array([point.melanoma_share for point in points]),
    )


def _validation_auc(groups: Sequence[Group]) -> Illustration:
    curves, words = [], []
    for style, group in _trained(groups):
        lines = [_history_line(model, model.history.val_auc) for model in group.models]
        kept = [point for model in group.models for point in _kept_epochs(model)]
        marks = (np.array([x for x, _ in kept]), np.array([y for _, y in kept]))
        curves.append(replace(_curve(group.label, lines, _mean_line(lines), style), marks=marks))
        words.append(f"{group.label}: {numbers.fraction(float(np.mean(marks[1])))} at the kept epochs")
    return Illustration(
        Panel("epoch", "validation AUC", curves, kind="epochs"),
        "AUC on the validation images after each epoch; dots: the epochs whose weights were kept. "
        + _averages(groups)
        + _mean_of_seeds(groups, "mean over the seeds"),
        f"Validation AUC by epoch. {'; '.join(words)}.",
    )


def _training_loss(groups: Sequence[Group]) -> Illustration:
    curves, words = [], []
    for style, group in _trained(groups):
        lines = [_history_line(model, model.history.train_loss) for model in group.models]
        mean = _mean_line(lines)
        curves.append(_curve(group.label, lines, mean, style))
        words.append(f"{group.label}: from {mean[1][0]:.3g} to {mean[1][-1]:.3g}")
    return Illustration(
        Panel("epoch", "training loss", curves, kind="epochs", log=True),
        "Training loss, logarithmic. Objectives differ in what they add up, so compare the shapes, not the "
        "heights. " + _mean_of_seeds(groups, "mean over the seeds"),
        f"Training loss by epoch. {'; '.join(words)}.",
    )


def _trained(groups: Sequence[Group]) -> list[tuple[int, Group]]:
    """The groups that have epochs to show, each with its style: all but a composed teacher."""
    return [(style, group) for style, group in enumerate(groups) if not group.summary.is_composed]


def _history_line(model: ModelResults, values: Sequence[float]) -> Line:
    return np.array(model.history.epoch, dtype=float), np.array(values, dtype=float)


def _kept_epochs(model: ModelResults) -> list[tuple[float, float]]:
    """Epoch and validation AUC of every one whose weights were kept."""
    auc = dict(zip(model.history.epoch, model.history.val_auc, strict=True))
    return [(float(epoch), auc.get(epoch, np.nan)) for epoch in model.summary.kept_epochs]


def _averages(groups: Sequence[Group]) -> str:
    several = any(len(model.summary.kept_epochs) > 1 for group in groups for model in group.models)
    return "Where a training has several, the model is the average of their weights. " if several else ""


def _mean_line(lines: Sequence[Line]) -> Line:
    """The mean over the lines at the epochs that all of them reach; NaN where any of them is."""
    epochs = min((line[0] for line in lines), key=len)
    return epochs, np.array([np.mean([y[x == epoch] for x, y in lines]) for epoch in epochs])


def _curve(label: str, lines: Sequence[Line], main: Line, style: int) -> Curve:
    if len(lines) == 1:
        return Curve(label, lines[0], style=style)
    return Curve(label, main, tuple(lines), style=style)


def _mean_of_seeds(groups: Sequence[Group], what: str) -> str:
    several = any(len(group.models) > 1 for group in groups)
    return f"Thick lines: {what}; thin lines: single seeds." if several else ""
