"""Results as plain text for the terminal, and as JSON for programs."""

import json
from collections.abc import Mapping

from dermdistill.columns import align
from dermdistill.digits import rounded
from dermdistill.evaluation.estimates import Estimate, Evaluation, GroupEvaluation
from dermdistill.judgement.judgement import Judgement

_IMAGES = ("", "images", "seen in training", "melanoma")
_RANKING = ("AUC [95 % interval]", "sens. at 90 % spec.", "AUPRC", "Brier", "ECE")
_DECISIONS = (
    "Youden threshold",
    "accuracy",
    "mel. P",
    "mel. R",
    "mel. F1",
    "other P",
    "other R",
    "other F1",
)

Figures = Mapping[str, Evaluation] | Mapping[str, GroupEvaluation]


def results_text(judgement: Judgement) -> str:
    """Every model, the means over seeds and the paired differences, for a person to read."""
    parts = ["SYNTHETIC images: these figures say nothing about patients."] if judgement.synthetic else []
    parts.append(_tables(judgement.models))
    if any(result.by_source for result in judgement.models.values()):
        parts.append(_by_source(judgement.models))
    means = _means(judgement)
    if means:
        parts.append("means over the seeds of a group\n" + _tables(means))
    if judgement.comparisons:
        rows = [(f"{c.a} minus {c.b}", with_interval(c.delta_auc)) for c in judgement.comparisons]
        parts.append(align([("paired on the same images", "difference in AUC"), *rows]))
    return "\n\n".join(parts)


def results_json(judgement: Judgement) -> str:
    """The same, with every figure and with notes on the images, for a program to read."""
    content = {
        **judgement.model_dump(mode="json", include={"synthetic", "notes", "models"}),
        "means": {name: mean.model_dump(mode="json") for name, mean in _means(judgement).items()},
        **judgement.model_dump(mode="json", include={"comparisons"}),
    }
    return json.dumps(rounded(content), indent=2)


def _means(judgement: Judgement) -> dict[str, GroupEvaluation]:
    return {name: group.mean for name, group in judgement.groups.items() if len(group.models) > 1}


def _tables(figures: Figures) -> str:
    decisions = [
        _decisions(name, result) for name, result in figures.items() if "youden" in result.operating_points
    ]
    parts = [_ranking_table(figures)]
    if decisions:
        parts.append(align([_DECISIONS, *decisions]))
    reasons = sorted({result.auc.reason for result in figures.values() if result.auc.reason})
    return "\n\n".join([*parts, *(f"AUC: {reason}" for reason in reasons)])


def _by_source(figures: Mapping[str, Evaluation]) -> str:
    """One row per model and source; a mean over all images hides a network that fails on one source."""
    of_sources = {
        f"{name}, {source}": of_source
        for name, result in figures.items()
        for source, of_source in result.by_source.items()
    }
    return "by source\n" + _ranking_table(of_sources)


def _ranking_table(figures: Figures) -> str:
    rows = [_images(name, result) for name, result in figures.items()]
    # Where no image was seen in training, which is as it should be, a column of zeros says nothing.
    shown = [0, 1, 2, 3] if any(result.n_seen for result in figures.values()) else [0, 1, 3]
    ranking = [
        (*(row[i] for i in shown), *figures_of)
        for row, figures_of in zip(
            [_IMAGES, *rows], [_RANKING, *map(_ranking, figures.values())], strict=True
        )
    ]
    return align(ranking)


def _images(name: str, result: Evaluation | GroupEvaluation) -> tuple[str, ...]:
    return name, str(result.n_images), str(result.n_seen), str(result.n_melanoma)


def _ranking(result: Evaluation | GroupEvaluation) -> tuple[str, ...]:
    return (
        with_interval(result.auc),
        *map(figure, (result.sensitivity_at_specificity["0.90"], result.auprc, result.brier, result.ece)),
    )


def _decisions(name: str, result: Evaluation | GroupEvaluation) -> tuple[str, ...]:
    scores = result.operating_points["youden"]
    estimates: list[Estimate] = [scores.accuracy]
    for of_class in (scores.melanoma, scores.other):
        estimates += [of_class.precision, of_class.recall, of_class.f1]
    return (name, *map(figure, estimates))


def figure(estimate: Estimate) -> str:
    """Three digits; a dash where the figure is undefined."""
    return "-" if estimate.value is None else f"{estimate.value:.3f}"


def with_interval(estimate: Estimate) -> str:
    """The figure with its interval, where it has one."""
    if estimate.low is None or estimate.high is None:
        return figure(estimate)
    return f"{figure(estimate)} [{estimate.low:.3f}, {estimate.high:.3f}]"
