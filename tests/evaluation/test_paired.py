from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from dermdistill.errors import UserError
from dermdistill.evaluation.intervals import resamples
from dermdistill.evaluation.paired import Judged, compare_decisions
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.results import DecisionComparison, Difference, OperatingPoint

NAMES = ("a", "b")
Simulated = Callable[..., Predictions]


def at(test: Predictions, threshold: float) -> Judged:
    return test, OperatingPoint(name="x", threshold=threshold, chosen_on="val")


def scores(judged: Judged, rows: np.ndarray | None = None) -> np.ndarray:
    """``(2, 3)``: precision, recall, F1 of other and of melanoma, by scikit-learn."""
    test, point = judged
    assert point.threshold is not None
    rows = np.arange(len(test)) if rows is None else rows
    called = test.probability[rows] >= point.threshold
    table = precision_recall_fscore_support(
        test.label[rows], called, labels=[False, True], zero_division=np.nan
    )
    return np.array(table[:3]).T


def differences(comparison: DecisionComparison) -> list[Difference]:
    return [
        difference
        for of_class in (comparison.other, comparison.melanoma)
        for difference in (of_class.precision, of_class.recall, of_class.f1)
    ]


def test_differences_of_means_over_seeds_are_scikit_learns(simulated: Simulated) -> None:
    a = [at(simulated(seed), 0.3) for seed in (0, 1, 2)]
    b = [at(simulated(seed, skill=1.0), threshold) for seed, threshold in ((3, 0.2), (4, 0.25), (5, 0.4))]
    comparison = compare_decisions(a, b, names=NAMES, replicates=50)
    expected = np.mean([scores(x) for x in a], axis=0) - np.mean([scores(x) for x in b], axis=0)
    found = differences(comparison)
    assert [difference.delta.value for difference in found] == pytest.approx(expected.ravel())
    pairs = np.array([scores(x) - scores(y) for x, y in zip(a, b, strict=True)]).reshape(3, 6).T
    for difference, of_pairs in zip(found, pairs, strict=True):
        assert difference.pair_deltas == pytest.approx(of_pairs)
    assert comparison.seeds == (3, 3)


def test_intervals_are_those_of_explicitly_resampled_rows(simulated: Simulated) -> None:
    lesion = tuple(f"lesion{i // 2}" for i in range(300))
    a, b = (at(replace(simulated(seed), lesion_id=lesion), 0.3) for seed in (0, 1))
    drawn = []
    for weights in np.concatenate(list(resamples(lesion, replicates=200, seed=0))):
        rows = np.repeat(np.arange(300), weights.astype(int))
        drawn.append((scores(a, rows) - scores(b, rows)).ravel())
    expected = np.quantile(drawn, [0.025, 0.975], axis=0).T
    found = differences(compare_decisions([a], [b], names=NAMES, replicates=200))
    assert [(x.delta.low, x.delta.high) for x in found] == [pytest.approx(tuple(e)) for e in expected]


def test_other_numbers_of_seeds_are_paired_each_with_each(simulated: Simulated) -> None:
    a, b = ([at(simulated(seed), 0.3) for seed in seeds] for seeds in ((0, 1), (2, 3, 4)))
    comparison = compare_decisions(a, b, names=NAMES, replicates=20)
    expected = [scores(x)[1, 1] - scores(y)[1, 1] for x in a for y in b]
    assert comparison.melanoma.recall.pair_deltas == pytest.approx(expected)


def test_the_order_of_the_images_is_no_matter(simulated: Simulated) -> None:
    a, b = at(simulated(0), 0.3), at(simulated(1), 0.3)
    turned = at(b[0].take(range(299, -1, -1)), 0.3)
    assert compare_decisions([a], [b], names=NAMES, replicates=50) == compare_decisions(
        [a], [turned], names=NAMES, replicates=50
    )


def test_a_model_that_never_calls_melanoma_has_no_precision(simulated: Simulated) -> None:
    comparison = compare_decisions(
        [at(simulated(0), 1.1)], [at(simulated(1), 0.3)], names=NAMES, replicates=50
    )
    assert comparison.melanoma.precision.delta.value is None
    assert comparison.melanoma.precision.delta.reason == "no image is called melanoma by one of the two"
    assert comparison.melanoma.precision.pair_deltas == (None,)
    assert comparison.melanoma.recall.delta.value is not None
    assert comparison.melanoma.recall.delta.value < 0


def test_other_images_are_refused(simulated: Simulated) -> None:
    a = at(simulated(0), 0.3)
    with pytest.raises(UserError, match="cannot be compared"):
        compare_decisions([a], [at(simulated(1, images=200), 0.3)], names=NAMES)
    with pytest.raises(UserError, match="no image"):
        compare_decisions([at(a[0].take([]), 0.3)], [at(a[0].take([]), 0.3)], names=NAMES)
