import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dermdistill.evaluation.delong import delong_test
from dermdistill.evaluation.metrics import Bools, Floats

LABEL = np.array([1] * 8 + [0] * 12, bool)
# Eight melanomas, then twelve others; the scores of two models, with ties.
A = np.array([92, 81, 77, 64, 58, 55, 40, 31, 66, 52, 48, 40, 37, 33, 29, 22, 18, 15, 11, 5]) / 100
B = np.array([70, 88, 41, 52, 60, 35, 45, 30, 62, 58, 40, 50, 20, 45, 31, 28, 36, 10, 25, 15]) / 100


def own_lesions(images: int) -> list[str]:
    return [str(i) for i in range(images)]


def placements_by_pairs(label: Bools, score: Floats) -> tuple[Floats, Floats]:
    """DeLong's V10 and V01 from all pairs."""
    wins = np.array([[(m > o) + (m == o) / 2 for o in score[~label]] for m in score[label]])
    return wins.mean(axis=1), wins.mean(axis=0)


def tied_scores(seed: int, images: int = 80) -> tuple[Bools, Floats, Floats]:
    rng = np.random.default_rng(seed)
    label = np.arange(images) % 3 == 0
    shared = rng.normal(size=images) + label
    a, b = (np.round(shared + rng.normal(size=images) + extra * label, 1) for extra in (0.5, 0.0))
    return label, a, b


def test_agrees_with_another_package() -> None:
    # MLstatkit 0.1.91, Delong_test(LABEL, A, B).
    test = delong_test(LABEL, A, B, own_lesions(20))

    assert test.delta == pytest.approx(0.8697916666666667 - 0.7552083333333333)
    assert test.standard_error**2 == pytest.approx(0.0056367243867243896)
    assert test.p_value == pytest.approx(0.12696303572199474)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_all_pairs(seed: int) -> None:
    label, a, b = tied_scores(seed)
    v10, v01 = zip(placements_by_pairs(label, a), placements_by_pairs(label, b), strict=True)
    covariance = np.cov(v10) / label.sum() + np.cov(v01) / (~label).sum()
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    delta = roc_auc_score(label, a) - roc_auc_score(label, b)

    test = delong_test(label, a, b, own_lesions(len(label)))

    assert test.delta == pytest.approx(delta)
    assert test.standard_error == pytest.approx(math.sqrt(variance))
    assert test.p_value == pytest.approx(2 * (1 - _normal_cdf(abs(delta) / math.sqrt(variance))))


def _normal_cdf(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def test_clustered_variance_agrees_with_obuchowskis_formula() -> None:
    label, score, _ = tied_scores(7)
    # Lesions of three neighbours hold both classes, so that the cross term counts.
    lesion = np.arange(len(label)) // 3
    v10, v01 = placements_by_pairs(label, score)
    area, m, n = roc_auc_score(label, score), label.sum(), (~label).sum()
    s10 = s01 = s11 = 0.0
    for name in np.unique(lesion):
        of_melanoma = (v10[lesion[label] == name] - area).sum()
        of_other = (v01[lesion[~label] == name] - area).sum()
        s10, s01, s11 = s10 + of_melanoma**2, s01 + of_other**2, s11 + of_melanoma * of_other
    i10, i01, i = len(set(lesion[label])), len(set(lesion[~label])), len(set(lesion))
    variance = s10 * i10 / (i10 - 1) / m**2 + s01 * i01 / (i01 - 1) / n**2 + 2 * s11 * i / (i - 1) / (m * n)

    # Every placement of a constant is 1/2, so the difference from it varies as the AUC itself does.
    test = delong_test(label, score, np.zeros(len(label)), [str(x) for x in lesion])

    assert test.delta == pytest.approx(area - 0.5)
    assert test.standard_error == pytest.approx(math.sqrt(variance))


def test_photographing_every_lesion_twice_proves_nothing_more() -> None:
    label, a, b = tied_scores(1)
    once = own_lesions(len(label))
    twice = np.tile(label, 2), np.tile(a, 2), np.tile(b, 2)

    test = delong_test(label, a, b, once)

    assert delong_test(*twice, once * 2).p_value == pytest.approx(test.p_value)
    assert delong_test(*twice, own_lesions(2 * len(label))).p_value < test.p_value


def test_swapping_the_models_mirrors_the_difference() -> None:
    label, a, b = tied_scores(2)
    forth, back = (delong_test(label, x, y, own_lesions(len(label))) for x, y in ((a, b), (b, a)))

    assert back.delta == pytest.approx(-forth.delta)
    assert back.p_value == pytest.approx(forth.p_value)


@pytest.mark.parametrize("b", [A, A**3, np.exp(A)])
def test_models_that_rank_alike_do_not_differ(b: Floats) -> None:
    test = delong_test(LABEL, A, b, own_lesions(20))

    assert (test.delta, test.standard_error, test.p_value) == (0, 0, 1)


def test_two_perfect_models_do_not_differ() -> None:
    test = delong_test(LABEL, LABEL * 0.9, LABEL * 0.5 + np.linspace(0, 0.1, 20), own_lesions(20))

    assert (test.delta, test.p_value) == (0, 1)


def test_a_difference_without_variance_has_no_p_value() -> None:
    test = delong_test(LABEL, LABEL * 1.0, 1.0 - LABEL, own_lesions(20))

    assert (test.delta, test.standard_error) == (1, 0)
    assert math.isnan(test.p_value)


@pytest.mark.parametrize("label", [[1] * 4, [0] * 4, [1, 0, 0, 0], []])
def test_fewer_than_two_lesions_of_a_class_say_nothing(label: list[int]) -> None:
    labels, score = np.array(label, bool), np.linspace(0, 1, len(label))

    test = delong_test(labels, score, score, own_lesions(len(label)))

    assert math.isnan(test.p_value)
    assert math.isnan(test.delta)
    assert math.isnan(test.standard_error)


def test_p_values_are_uniform_when_models_are_equally_good() -> None:
    rng = np.random.default_rng(0)
    label = np.arange(120) % 4 == 0
    p_values = []
    for _ in range(1600):
        shared = rng.normal(size=120) + label
        a, b = shared + rng.normal(size=120), shared + rng.normal(size=120)
        p_values.append(delong_test(label, a, b, own_lesions(120)).p_value)

    assert 0.025 <= np.mean(np.array(p_values) < 0.05) <= 0.08
    assert 0.42 <= np.mean(np.array(p_values) < 0.5) <= 0.58
