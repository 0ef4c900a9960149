"""Judge models by their predictions: one model, one model over seeds, one model against another."""

from collections.abc import Sequence
from itertools import product
from typing import TypeVar

import numpy as np

from dermdistill.errors import UserError
from dermdistill.evaluation.delong import delong_test
from dermdistill.evaluation.figures import Figures, nest, why_undefined
from dermdistill.evaluation.intervals import REPLICATES, bootstrap
from dermdistill.evaluation.metrics import Confusion, Floats, Labels, Ranking
from dermdistill.evaluation.predictions import Predictions, aligned
from dermdistill.evaluation.results import (
    Comparison,
    Estimate,
    Evaluation,
    GroupEvaluation,
    OperatingPoint,
    SeedMean,
)
from dermdistill.evaluation.thresholds import called_melanoma

T = TypeVar("T")


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
        name: _seed_mean(estimate, [float(figures[name]) for figures in per_seed])
        for name, estimate in estimates.items()
    }
    return GroupEvaluation(
        seeds=len(tests),
        **_counts(tests[0]),
        **({"operating_points": {}} | nest(means)),
        by_source=by_source,
    )


def compare(
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


def _seed_mean(mean: Estimate, values: Sequence[float]) -> SeedMean:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 and mean.value is not None else None
    return SeedMean(**dict(mean), per_seed=tuple(map(_none_if_nan, values)), sd=spread)


def _confusion(label: Labels, called: Labels) -> tuple[tuple[int, int], tuple[int, int]]:
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
