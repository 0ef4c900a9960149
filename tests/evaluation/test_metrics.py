import math

import numpy as np
import pytest
from sklearn import metrics as reference

from dermdistill.evaluation import metrics
from dermdistill.evaluation.metrics import Bools, Confusion, Floats, Ranking

RATES = (0.0, 0.5, 0.8, 0.9, 0.95, 1.0)


def tied_images(seed: int, images: int = 60) -> tuple[Bools, Floats]:
    """Both classes, few distinct probabilities."""
    rng = np.random.default_rng(seed)
    label = rng.random(images) < 0.3
    label[:2] = True, False
    return label, np.round(rng.normal(0.4 + 0.2 * label, 0.2).clip(0, 1), 1).astype(np.float64)


@pytest.mark.parametrize("seed", range(20))
def test_ranking_figures_agree_with_scikit_learn_under_ties(seed: int) -> None:
    label, probability = tied_images(seed)

    assert metrics.auc(label, probability) == pytest.approx(reference.roc_auc_score(label, probability))
    assert metrics.auprc(label, probability) == pytest.approx(
        reference.average_precision_score(label, probability)
    )
    assert metrics.brier(label, probability) == pytest.approx(reference.brier_score_loss(label, probability))


@pytest.mark.parametrize("seed", range(20))
def test_sensitivity_and_specificity_are_read_off_scikit_learns_roc_curve(seed: int) -> None:
    label, probability = tied_images(seed)
    false_positive, true_positive, _ = reference.roc_curve(label, probability, drop_intermediate=False)
    specificity = 1 - false_positive

    for rate in RATES:
        assert metrics.sensitivity_at_specificity(label, probability, rate) == pytest.approx(
            true_positive[specificity >= rate - 1e-9].max()
        )
        assert metrics.specificity_at_sensitivity(label, probability, rate) == pytest.approx(
            specificity[true_positive >= rate - 1e-9].max()
        )


@pytest.mark.parametrize("seed", range(5))
def test_confusion_figures_agree_with_scikit_learn(seed: int) -> None:
    label, probability = tied_images(seed)
    called = probability >= 0.5
    confusion = Confusion.of(label, called, np.ones(len(label)))
    precision, recall, f1, _ = reference.precision_recall_fscore_support(label, called)
    other = confusion.other_side

    assert [other.precision(), confusion.precision()] == pytest.approx(precision)
    assert [other.sensitivity(), confusion.sensitivity()] == pytest.approx(recall)
    assert [other.f1(), confusion.f1()] == pytest.approx(f1)
    assert confusion.specificity() == pytest.approx(recall[0])
    assert confusion.accuracy() == pytest.approx(reference.accuracy_score(label, called))
    assert confusion.balanced_accuracy() == pytest.approx(reference.balanced_accuracy_score(label, called))


def test_weights_count_like_repeated_images() -> None:
    label, probability = tied_images(0)
    weights = np.random.default_rng(1).integers(0, 4, size=(7, len(label))).astype(np.float64)
    curves = Ranking.of(label, probability).count(weights)
    confusion = Confusion.of(label, probability >= 0.5, weights)

    for i, weight in enumerate(weights):
        rows = np.repeat(np.arange(len(label)), weight.astype(int))
        repeated = label[rows], probability[rows]
        assert curves.auc()[i] == pytest.approx(reference.roc_auc_score(*repeated))
        assert curves.average_precision()[i] == pytest.approx(reference.average_precision_score(*repeated))
        assert curves.sensitivity_at_specificity(0.9)[i] == pytest.approx(
            metrics.sensitivity_at_specificity(*repeated, 0.9)
        )
        assert curves.specificity_at_sensitivity(0.9)[i] == pytest.approx(
            metrics.specificity_at_sensitivity(*repeated, 0.9)
        )
        assert confusion.f1()[i] == pytest.approx(reference.f1_score(label[rows], probability[rows] >= 0.5))


def test_auc_worked_by_hand() -> None:
    # Melanomas 0.8 and 0.5 against others 0.5 and 0.2: 1 + 1 + 1/2 + 1 pairs of 4.
    assert metrics.auc(np.array([1, 1, 0, 0], bool), np.array([0.8, 0.5, 0.5, 0.2])) == 0.875


def test_reversing_the_scores_mirrors_the_auc() -> None:
    label, probability = tied_images(3)

    assert metrics.auc(label, 1 - probability) == pytest.approx(1 - metrics.auc(label, probability))


def test_auc_ignores_monotone_changes_of_probability() -> None:
    label, probability = tied_images(4)

    assert metrics.auc(label, probability**3) == metrics.auc(label, probability)


def test_a_specificity_of_nine_in_ten_is_reached_by_nine_of_ten_images() -> None:
    # 0.9 * 10 and (1 - 0.9) * 10 are not whole numbers in floating point.
    label = np.array([1] + [0] * 10, bool)
    probability = np.array([0.5, 0.9] + [0.1] * 9)

    assert metrics.sensitivity_at_specificity(label, probability, 0.9) == 1
    assert metrics.sensitivity_at_specificity(label, probability, 0.95) == 0


def test_a_sensitivity_of_seven_in_25_is_reached_by_seven_of_25_melanomas() -> None:
    # 0.28 * 25 is a little above 7 in floating point.
    label = np.array([1] * 7 + [0] + [1] * 18, bool)

    assert metrics.specificity_at_sensitivity(label, np.linspace(1, 0, 26), 0.28) == 1
    assert metrics.specificity_at_sensitivity(label, np.linspace(1, 0, 26), 0.29) == 0


def test_constant_probability_ranks_at_chance() -> None:
    label = np.array([1, 1, 0, 0, 0], bool)
    probability = np.full(5, 0.3)

    assert metrics.auc(label, probability) == 0.5
    assert metrics.auprc(label, probability) == pytest.approx(0.4)
    assert metrics.sensitivity_at_specificity(label, probability, 0.9) == 0


@pytest.mark.parametrize("label", [[True] * 4, [False] * 4, []])
def test_figures_of_one_class_or_none_are_undefined(label: list[bool]) -> None:
    labels, probability = np.array(label, bool), np.linspace(0, 1, len(label))

    assert math.isnan(metrics.auc(labels, probability))
    assert math.isnan(metrics.auprc(labels, probability))
    assert math.isnan(metrics.sensitivity_at_specificity(labels, probability, 0.9))
    assert math.isnan(metrics.specificity_at_sensitivity(labels, probability, 0.9))
    assert math.isnan(metrics.brier(labels, probability)) == (len(label) == 0)


def test_confusion_figures_are_undefined_where_their_denominator_is_empty() -> None:
    nothing_called = Confusion.of(np.array([1, 0], bool), np.array([0, 0], bool), np.ones(2))
    only_other = Confusion.of(np.array([0, 0], bool), np.array([0, 1], bool), np.ones(2))

    assert math.isnan(nothing_called.precision())
    assert nothing_called.f1() == 0
    assert math.isnan(only_other.sensitivity())
    assert math.isnan(only_other.f1())
    assert math.isnan(only_other.balanced_accuracy())
    assert only_other.precision() == 0
    assert only_other.specificity() == 0.5
    assert only_other.accuracy() == 0.5
