"""Two models' calls on the same images: differences in precision, recall and F1 of both classes, paired."""

from collections.abc import Sequence

import numpy as np

from dermdistill.evaluation.evaluate import aligned_seeds, pairs_of_seeds
from dermdistill.evaluation.figures import class_figures, nest, why_undefined
from dermdistill.evaluation.intervals import REPLICATES, bootstrap
from dermdistill.evaluation.metrics import Confusion, Floats, Labels
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.results import DecisionComparison, Difference, OperatingPoint
from dermdistill.evaluation.thresholds import called_melanoma

Judged = tuple[Predictions, OperatingPoint]
"""The predictions of one seed and the rule that calls them."""


def compare_decisions(
    a: Sequence[Judged],
    b: Sequence[Judged],
    *,
    names: tuple[str, str],
    replicates: int = REPLICATES,
    seed: int = 0,
) -> DecisionComparison:
    """What the calls of model a are worth beside those of model b, each trained with one or more seeds.

    Args:
        a: each seed of the first, for the same images in any order.
        b: of the second.
        names: of both models.
        replicates: resamples of the bootstrap; a resample is the same for all.
        seed: of the bootstrap.

    Raises:
        UserError: there is no image, or not all were judged on the same images.
    """
    tests = aligned_seeds([test for test, _ in a], [test for test, _ in b], names=names)
    label = tests[0].label
    called = [called_melanoma(test, point) for test, (_, point) in zip(tests, (*a, *b), strict=True)]
    of_a, of_b = called[: len(a)], called[len(a) :]

    def delta(weights: Floats) -> dict[str, Floats]:
        left, right = (_mean_figures(label, calls, weights) for calls in (of_a, of_b))
        return {name: left[name] - right[name] for name in left}

    def why(name: str) -> str:
        return f"{why_undefined(name, label)} by one of the two"

    estimates = bootstrap(delta, why, tests[0].lesion_id, label, replicates=replicates, seed=seed)
    pairs = [_differences(label, x, y) for x, y in pairs_of_seeds(of_a, of_b)]
    differences = {
        name: Difference(delta=estimate, pair_deltas=tuple(pair[name] for pair in pairs))
        for name, estimate in estimates.items()
    }
    return DecisionComparison(a=names[0], b=names[1], seeds=(len(a), len(b)), **nest(differences))


def _mean_figures(label: Labels, calls: Sequence[Labels], weights: Floats) -> dict[str, Floats]:
    each = [class_figures(Confusion.of(label, called, weights)) for called in calls]
    return {name: np.mean([figures[name] for figures in each], axis=0) for name in each[0]}


def _differences(label: Labels, a: Labels, b: Labels) -> dict[str, float | None]:
    of_a, of_b = (_mean_figures(label, [called], np.ones(len(label))) for called in (a, b))
    return {
        name: None if np.isnan(of_a[name] - of_b[name]) else float(of_a[name] - of_b[name]) for name in of_a
    }
