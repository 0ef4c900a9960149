from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score, roc_curve

from dermdistill.evaluation.metrics import Floats
from dermdistill.evaluation.predictions import Predictions
from dermdistill.judgement.curves import FALSE_POSITIVE_RATES, curves_of, most_wrong, wrong_images

N, M = "nevus", "melanoma"


def table(
    diagnoses: Sequence[str], probabilities: Sequence[float] | Floats, lesions: Sequence[str]
) -> Predictions:
    return Predictions(
        image_id=tuple(f"i{row}" for row in range(len(diagnoses))),
        lesion_id=tuple(lesions),
        split=("test",) * len(diagnoses),
        diagnosis=tuple(diagnoses),
        probability=np.array(probabilities, dtype=float),
    )


def test_high_others_then_low_melanomas() -> None:
    predictions = table([N, M, N, M, N, M], [0.2, 0.9, 0.8, 0.1, 0.5, 0.3], "abcdef")
    assert most_wrong(predictions, 4) == [2, 4, 3, 5]
    assert most_wrong(predictions, 3) == [2, 4, 3]
    assert most_wrong(predictions, 0) == []


def test_fewer_images_than_asked_for() -> None:
    assert most_wrong(table([N, M, N], [0.1, 0.5, 0.4], "abc"), 10) == [2, 0, 1]
    assert most_wrong(table([N, N], [0.1, 0.4], "ab"), 10) == [1, 0]
    assert most_wrong(table([], [], []), 10) == []


def test_one_image_a_lesion_and_ties_in_table_order() -> None:
    predictions = table([N, N, N, N], [0.7, 0.9, 0.8, 0.8], "aabc")
    assert most_wrong(predictions, 8) == [1, 2, 3]


def simulated(seed: int, images: int = 200, decimals: int = 2) -> Predictions:
    """Few distinct probabilities, so that the curve has slanted pieces."""
    random = np.random.default_rng(seed)
    labels = np.random.default_rng(0).random(images) < 0.3
    probability = np.clip(random.normal(0.4 + 0.2 * labels, 0.2), 0, 1).astype(np.float64).round(decimals)
    return table([M if label else N for label in labels], probability, [str(i) for i in range(images)])


def scaled(counts: Sequence[int]) -> Floats:
    return np.array(counts) / counts[-1]


@pytest.mark.parametrize("decimals", [1, 2, 6])
def test_the_corners_are_points_of_scikit_learns_curve_with_its_area(decimals: int) -> None:
    test = simulated(1, decimals=decimals)
    curve = curves_of([test]).roc[0]
    x, y = scaled(curve.false_positives), scaled(curve.true_positives)
    all_points = np.transpose(roc_curve(test.label, test.probability, drop_intermediate=False)[:2])
    distances = np.abs(np.transpose([x, y])[:, None] - all_points).sum(axis=-1)
    assert distances.min(axis=1).max() < 1e-9
    assert len(x) <= len(all_points)
    assert auc(x, y) == pytest.approx(roc_auc_score(test.label, test.probability))
    assert curves_of([test]).mean_sensitivity == ()


def test_the_mean_over_seeds_lies_among_them() -> None:
    tests = [simulated(seed, decimals=6) for seed in range(3)]
    curves = curves_of(tests)
    areas = [roc_auc_score(test.label, test.probability) for test in tests]
    assert auc(FALSE_POSITIVE_RATES, curves.mean_sensitivity) == pytest.approx(np.mean(areas), abs=0.01)
    assert np.all(np.diff(curves.mean_sensitivity) >= 0)
    assert curves.mean_sensitivity[-1] == 1


def test_reliability_pools_the_seeds() -> None:
    tests = [simulated(seed) for seed in range(2)]
    curves = curves_of(tests)
    pooled = curves.pooled_reliability
    assert len(curves.reliability) == 2
    assert min(pooled.melanoma_share) <= tests[0].label.mean() <= max(pooled.melanoma_share)
    assert np.all(np.diff(pooled.mean_probability) > 0)


def test_without_melanoma_there_is_no_roc_curve() -> None:
    assert curves_of([table([N, N], [0.2, 0.3], "ab")]).roc == ()


def test_wrong_images_are_chosen_by_the_mean_over_the_seeds() -> None:
    first = table([N, N, M], [0.9, 0.1, 0.5], "abc")
    second = replace(first, probability=np.array([0.1, 0.7, 0.1]))
    found = wrong_images([first, second])
    assert [(image.image_id, image.diagnosis) for image in found] == [("i0", N), ("i1", N), ("i2", M)]
    assert [image.probability for image in found] == pytest.approx([0.5, 0.4, 0.3])
