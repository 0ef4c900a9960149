"""Judge models by their predictions: one model, one model over seeds, one model against another."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, TypeVar

import numpy as np

from dermdistill.errors import UserError
from dermdistill.evaluation.delong import delong_test
from dermdistill.evaluation.estimates import (
    RATES,
    ClassScores,
    Comparison,
    Estimate,
    Evaluation,
    GroupEvaluation,
    OperatingPoint,
    SeedMean,
)
from dermdistill.evaluation.intervals import CHANCE, REPLICATES, bootstrap
from dermdistill.evaluation.metrics import (
    Bools,
    Confusion,
    Floats,
    Ranking,
    squared_error,
    weighted_mean,
)
from dermdistill.evaluation.predictions import Predictions, aligned
from dermdistill.evaluation.reliability import bin_gaps, mean_gaps
from dermdistill.evaluation.thresholds import called_melanoma

T = TypeVar("T")
Counts = tuple[tuple[int, int], tuple[int, int]]
"""A confusion matrix, as of ``OperatingPointScores``."""


class Figures:
    """All figures of one model on one set of images, as a function of the weight of each image.

    What does not depend on the weights is worked out once.
    """

    def __init__(self, predictions: Predictions, points: Sequence[OperatingPoint]) -> None:
        self._label = predictions.label
        self._ranking = Ranking.of(self._label, predictions.probability)
        self._squared_error = squared_error(self._label, predictions.probability)
        self._gaps = bin_gaps(self._label, predictions.probability)
        self._unweighted_gaps = mean_gaps(self._gaps, np.ones(len(self._label)))
        self._called = {point.name: called_melanoma(predictions, point) for point in points}

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        """The figures by name, each of shape ``(...)`` for ``weights`` ``(..., N)``."""
        roc = self._ranking.count(weights)
        gaps = mean_gaps(self._gaps, weights)
        figures = {
            "auc": roc.auc(),
            "auprc": roc.average_precision(),
            "brier": weighted_mean(self._squared_error, weights),
            "ece": np.abs(gaps).sum(axis=-1),
            f"ece{CHANCE}": np.abs(gaps - self._unweighted_gaps).sum(axis=-1),
        }
        for rate in RATES:
            figures[f"sensitivity_at_specificity/{rate}"] = roc.sensitivity_at_specificity(float(rate))
            figures[f"specificity_at_sensitivity/{rate}"] = roc.specificity_at_sensitivity(float(rate))
        for point, called in self._called.items():
            for name, value in _of_confusion(Confusion.of(self._label, called, weights)).items():
                figures[f"operating_points/{point}/{name}"] = value
        return figures


def _of_confusion(confusion: Confusion) -> dict[str, Floats]:
    return {
        "sensitivity": confusion.sensitivity(),
        "specificity": confusion.specificity(),
        "accuracy": confusion.accuracy(),
        "balanced_accuracy": confusion.balanced_accuracy(),
        **class_figures(confusion),
    }


def class_figures(confusion: Confusion) -> dict[str, Floats]:
    """Precision, recall and F1 of both classes."""
    other = confusion.other_side
    return {
        "melanoma/precision": confusion.precision(),
        "melanoma/recall": confusion.sensitivity(),
        "melanoma/f1": confusion.f1(),
        "other/precision": other.precision(),
        "other/recall": other.sensitivity(),
        "other/f1": other.f1(),
    }


def why_undefined(name: str, label: Bools) -> str:
    """The reason, in words, for a figure that is NaN on images with labels ``(N,)``."""
    if name.endswith("melanoma/precision"):
        return "no image is called melanoma"
    if name.endswith("other/precision"):
        return "every image is called melanoma"
    return "every image is melanoma" if label.any() else "no melanoma among the images"


def nest(figures: Mapping[str, object]) -> dict[str, Any]:
    """The figures as nested dictionaries, one level for each ``/`` in their names."""
    nested: dict[str, Any] = {}
    for name, figure in figures.items():
        *parents, last = name.split("/")
        level = nested
        for parent in parents:
            level = level.setdefault(parent, {})
        level[last] = figure
    return nested


def evaluate(
    test: Predictions, points: Sequence[OperatingPoint], *, replicates: int = REPLICATES, seed: int = 0
) -> Evaluation:
    """All figures of one model with their intervals, and by source where the images have several.

    Args:
        test: the rows to judge.
        points: operating points chosen elsewhere (`thresholds.operating_points`), names unique.
        replicates: resamples of the bootstrap.
        seed: of the bootstrap; the same seed gives the same numbers.

    Raises:
        UserError: there is no image.
    """
    _require_images(test)
    parts = test.by_source()
    by_source = {
        name: evaluate(part, points, replicates=replicates, seed=seed)
        for name, part in (parts.items() if len(parts) > 1 else ())
    }
    label = test.label
    estimates = bootstrap(
        Figures(test, points),
        lambda name: why_undefined(name, label),
        test.lesion_id,
        label,
        replicates=replicates,
        seed=seed,
    )
    result = nest(estimates)
    result.setdefault("operating_points", {})
    for point in points:
        called = called_melanoma(test, point)
        result["operating_points"][point.name] |= {"point": point, "confusion": _confusion(label, called)}
    return Evaluation(**_counts(test), **result, by_source=by_source)


def mean_over_seeds(
    tests: Sequence[Predictions],
    points: Sequence[Sequence[OperatingPoint]],
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> GroupEvaluation:
    """All figures of one model trained with several seeds: mean, interval of the mean, spread; by source too.

    Args:
        tests: the predictions of each seed, for the same images in any order.
        points: the operating points of each seed, of the same names in each.
        replicates: resamples of the bootstrap; a resample is the same for all seeds.
        seed: of the bootstrap.

    Raises:
        UserError: there is no image, or the seeds were not judged on the same images.
        ValueError: the seeds do not have the same operating points.
    """
    if len({frozenset(point.name for point in of_seed) for of_seed in points}) != 1:
        raise ValueError("every seed needs the same operating points")
    tests = aligned([(f"seed {i}", test) for i, test in enumerate(tests, start=1)])
    _require_images(tests[0])
    parts = [test.by_source() for test in tests]
    by_source = {
        name: mean_over_seeds([of_seed[name] for of_seed in parts], points, replicates=replicates, seed=seed)
        for name in (parts[0] if len(parts[0]) > 1 else ())
    }
    label = tests[0].label
    models = [Figures(test, of_seed) for test, of_seed in zip(tests, points, strict=True)]

    per_seed = [model(np.ones(len(label))) for model in models]

    def mean(weights: Floats) -> dict[str, Floats]:
        each = [model(weights) for model in models]
        return {name: np.mean([figures[name] for figures in each], axis=0) for name in each[0]}

    def why(name: str) -> str:
        undefined = sum(bool(np.isnan(figures[name])) for figures in per_seed)
        reason = why_undefined(name, label)
        return reason if undefined == len(models) else f"{reason} with {undefined} of {len(models)} seeds"

    estimates = bootstrap(mean, why, tests[0].lesion_id, label, replicates=replicates, seed=seed)
    means = {
        name: seed_mean(estimate, [float(figures[name]) for figures in per_seed])
        for name, estimate in estimates.items()
    }
    result = {"operating_points": {}} | nest(means)
    for name in result["operating_points"]:
        chosen = [next(point for point in of_seed if point.name == name) for of_seed in points]
        confusions = [
            _confusion(test.label, called_melanoma(test, point))
            for test, point in zip(tests, chosen, strict=True)
        ]
        result["operating_points"][name] |= _chosen(chosen, confusions)
    return GroupEvaluation(seeds=len(tests), **_counts(tests[0]), **result, by_source=by_source)


def single_seed(evaluation: Evaluation) -> GroupEvaluation:
    """The figures of a model that was trained with one seed, as ``mean_over_seeds`` would give them."""

    def over_seeds(figures: Any) -> Any:
        if isinstance(figures, Estimate):
            return seed_mean(figures, [np.nan if figures.value is None else figures.value])
        if isinstance(figures, ClassScores):
            return over_seeds(dict(figures))
        return {name: over_seeds(each) for name, each in figures.items()}

    figures = dict(evaluation)
    counts = {name: figures.pop(name) for name in ("n_images", "n_lesions", "n_melanoma", "n_seen")}
    by_source = {name: single_seed(part) for name, part in figures.pop("by_source").items()}
    points = {}
    for name, scores in figures.pop("operating_points").items():
        estimates = dict(scores)
        chosen = _chosen([estimates.pop("point")], [estimates.pop("confusion")])
        points[name] = over_seeds(estimates) | chosen
    return GroupEvaluation(
        seeds=1, **counts, **over_seeds(figures), operating_points=points, by_source=by_source
    )


def compare_aucs(
    a: Sequence[Predictions],
    b: Sequence[Predictions],
    *,
    names: tuple[str, str],
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Comparison:
    """Model a against model b on the same images, each trained with one or more seeds.

    Args:
        a: the predictions of each seed of the first, for the same images in any order.
        b: of the second.
        names: of both models.
        replicates: resamples of the bootstrap; a resample is the same for all.
        seed: of the bootstrap.

    Raises:
        UserError: there is no image, or not all were judged on the same images.
    """
    tests = aligned_seeds(a, b, names=names)
    label, lesions = tests[0].label, tests[0].lesion_id
    of_a = [Ranking.of(label, test.probability) for test in tests[: len(a)]]
    of_b = [Ranking.of(label, test.probability) for test in tests[len(a) :]]

    def delta(weights: Floats) -> dict[str, Floats]:
        return {"auc": _mean_auc(of_a, weights) - _mean_auc(of_b, weights)}

    estimates = bootstrap(
        delta, lambda name: why_undefined(name, label), lesions, label, replicates=replicates, seed=seed
    )
    pairs = pairs_of_seeds(tests[: len(a)], tests[len(a) :])
    paired = [delong_test(label, x.probability, y.probability, lesions) for x, y in pairs]
    return Comparison(
        a=names[0],
        b=names[1],
        delta_auc=estimates["auc"],
        pair_deltas=tuple(_none_if_nan(test.delta) for test in paired),
        p_values=tuple(_none_if_nan(test.p_value) for test in paired),
        seeds=(len(a), len(b)),
    )


def aligned_seeds(
    a: Sequence[Predictions], b: Sequence[Predictions], *, names: tuple[str, str]
) -> list[Predictions]:
    """The predictions of each seed of a, then of b, for the same images in one order.

    Raises:
        UserError: there is no image, or not all were judged on the same images.
    """
    tests = aligned(
        [(f"{names[0]}, seed {i}", test) for i, test in enumerate(a, start=1)]
        + [(f"{names[1]}, seed {i}", test) for i, test in enumerate(b, start=1)]
    )
    _require_images(tests[0])
    return tests


def pairs_of_seeds(a: Sequence[T], b: Sequence[T]) -> list[tuple[T, T]]:
    """Seed i with seed i where both have as many; else every seed of a with every seed of b."""
    return list(zip(a, b, strict=True)) if len(a) == len(b) else list(product(a, b))


def _mean_auc(rankings: Sequence[Ranking], weights: Floats) -> Floats:
    mean: Floats = np.mean([ranking.count(weights).auc() for ranking in rankings], axis=0)
    return mean


def seed_mean(mean: Estimate, values: Sequence[float]) -> SeedMean:
    """The mean over seeds with the figure of each, NaN where it is undefined, and their spread."""
    spread = float(np.std(values, ddof=1)) if len(values) > 1 and mean.value is not None else None
    return SeedMean(**dict(mean), per_seed=tuple(map(_none_if_nan, values)), sd=spread)


def _chosen(points: Sequence[OperatingPoint], confusions: Sequence[Counts]) -> dict[str, Any]:
    """What has no interval at an operating point, over the seeds: thresholds, and means."""
    return {
        "thresholds": tuple(point.threshold for point in points),
        "chosen_sensitivity": _mean_of_known([point.sensitivity for point in points]),
        "chosen_specificity": _mean_of_known([point.specificity for point in points]),
        "confusion": np.mean(confusions, axis=0).tolist(),
    }


def _mean_of_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _confusion(label: Bools, called: Bools) -> Counts:
    counts = Confusion.of(label, called, np.ones(len(label)))
    return (
        (int(counts.true_other), int(counts.false_melanoma)),
        (int(counts.missed_melanoma), int(counts.true_melanoma)),
    )


def _counts(test: Predictions) -> dict[str, int]:
    return {
        "n_images": len(test),
        "n_lesions": len(set(test.lesion_id)),
        "n_melanoma": int(test.label.sum()),
        "n_seen": sum(map(bool, test.seen)),
    }


def _none_if_nan(value: float) -> float | None:
    return None if np.isnan(value) else value


def _require_images(test: Predictions) -> None:
    if len(test) == 0:
        raise UserError("there is no image to judge; choose a split that the predictions table has")
