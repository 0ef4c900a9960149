"""Balanced accuracy and macro AUC, against scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from dermdistill.evaluation.diagnoses import NamedDiagnoses, judge_diagnoses
from dermdistill.evaluation.predictions import Predictions
from dermdistill.inference.diagnoses import at_prevalence, balanced

CLASSES = ("dermatofibroma", "melanoma", "nevus", "vascular lesion")
FREQUENCIES = np.array([0.1, 0.2, 0.6, 0.1])


def drawn(images: int = 400, seed: int = 0, classes: tuple[str, ...] = CLASSES) -> Predictions:
    """Images of frequent and rare diagnoses, scored by a model that tends to the frequent ones."""
    random = np.random.default_rng(seed)
    truth = random.choice(len(classes), p=FREQUENCIES, size=images)
    logits = random.normal(size=(images, len(classes))) + 1.5 * np.eye(len(classes))[truth]
    odds = FREQUENCIES * np.exp(logits)
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    return Predictions(
        image_id=tuple(f"image{i}" for i in range(images)),
        lesion_id=tuple(f"lesion{i}" for i in range(images)),
        split=("test",) * images,
        diagnosis=tuple(classes[i] for i in truth),
        probability=probabilities[:, classes.index("melanoma")],
        classes=classes,
        class_probabilities=probabilities,
    )


def figures(test: Predictions, frequencies: np.ndarray | None = None):  # type: ignore[no-untyped-def]
    return judge_diagnoses([test], [frequencies], replicates=100, seed=0)


def test_both_figures_are_those_of_scikit_learn() -> None:
    test = drawn()
    assert test.class_probabilities is not None
    named = np.array(CLASSES)[test.class_probabilities.argmax(axis=1)]
    found = figures(test).as_trained
    assert found.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(test.diagnosis, named))
    expected = roc_auc_score(test.diagnosis, test.class_probabilities, multi_class="ovr", labels=CLASSES)
    assert found.macro_auc.value == pytest.approx(expected)


@pytest.mark.parametrize("digits", [15, 1], ids=["all different", "ties"])
def test_weights_count_images_several_times(digits: int) -> None:
    test, weights = drawn(60), np.random.default_rng(1).integers(0, 3, 60)
    assert test.class_probabilities is not None
    coarse = np.round(test.class_probabilities, digits) + 1e-9
    test = replace(test, class_probabilities=coarse / coarse.sum(axis=1, keepdims=True))
    rows = np.repeat(np.arange(60), weights)
    truth = np.array(test.diagnosis)[:, None] == np.array(CLASSES)
    assert test.class_probabilities is not None
    found = NamedDiagnoses(truth, test.class_probabilities)(weights.astype(np.float64))
    named = np.array(CLASSES)[test.class_probabilities.argmax(axis=1)]
    repeated = np.array(test.diagnosis)[rows]
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(repeated, named[rows]))
    expected = roc_auc_score(repeated, test.class_probabilities[rows], multi_class="ovr", labels=CLASSES)
    assert found["macro_auc"] == pytest.approx(expected)


def test_the_interval_holds_the_figure_and_narrows_with_the_images() -> None:
    few, many = figures(drawn(300)).as_trained.macro_auc, figures(drawn(3000)).as_trained.macro_auc
    for estimate in (few, many):
        assert estimate.low < estimate.value < estimate.high
    assert many.high - many.low < few.high - few.low


def test_dividing_the_frequencies_out_names_rare_diagnoses_more_often() -> None:
    found = figures(drawn(2000), FREQUENCIES)
    assert found.balanced.balanced_accuracy.value > found.as_trained.balanced_accuracy.value + 0.05


def test_without_known_frequencies_there_is_one_reading() -> None:
    assert figures(drawn()).balanced is None


def test_images_of_other_diagnoses_are_left_out_and_counted() -> None:
    test = drawn()
    other = replace(test, diagnosis=("angioma", "scar", *test.diagnosis[2:]))
    found = figures(other)
    assert (found.n_images, found.n_left_out) == (398, 2)
    assert (
        found.as_trained.balanced_accuracy.value
        == figures(test.take(range(2, 400))).as_trained.balanced_accuracy.value
    )


def test_diagnoses_without_an_image_do_not_count() -> None:
    test = drawn()
    two = test.take([i for i, name in enumerate(test.diagnosis) if name in ("melanoma", "nevus")])
    found = figures(two)
    assert found.diagnoses == ("melanoma", "nevus")
    assert two.class_probabilities is not None
    named = np.array(CLASSES)[two.class_probabilities.argmax(axis=1)]
    recalls = [np.mean(named[np.array(two.diagnosis) == name] == name) for name in found.diagnoses]
    assert found.as_trained.balanced_accuracy.value == pytest.approx(np.mean(recalls))


def test_one_diagnosis_or_a_model_of_melanoma_or_not_has_no_figures() -> None:
    test = drawn()
    of_one = test.take([i for i, name in enumerate(test.diagnosis) if name == "nevus"])
    assert figures(of_one) is None
    assert figures(replace(test, classes=(), class_probabilities=None)) is None


def test_few_lesions_of_one_diagnosis_give_no_interval() -> None:
    test = drawn()
    rare = [i for i, name in enumerate(test.diagnosis) if name == "dermatofibroma"][9:]
    found = figures(test.take([i for i in range(len(test)) if i not in rare])).as_trained.macro_auc
    assert found.value is not None
    assert found.low is None
    assert found.reason == "no interval: needs 10 lesions of each diagnosis, found 9 with dermatofibroma"


def test_seeds_are_averaged() -> None:
    first, second = drawn(), drawn()
    shuffled = replace(second, class_probabilities=second.class_probabilities[:, [1, 0, 2, 3]])  # type: ignore[index]
    found = judge_diagnoses([first, shuffled], [None, None], replicates=100, seed=0)
    assert found is not None
    accuracy = found.as_trained.balanced_accuracy
    values = [figures(test).as_trained.balanced_accuracy.value for test in (first, shuffled)]
    assert accuracy.per_seed == pytest.approx(values)
    assert accuracy.value == pytest.approx(np.mean(values))
    assert accuracy.sd == pytest.approx(np.std(values, ddof=1))


# The readings themselves


def test_balanced_probabilities_are_those_of_bayes_rule() -> None:
    """Of densities that are known: what equal frequencies would give."""
    densities = np.random.default_rng(0).random((5, 4))
    given = FREQUENCIES * densities
    given /= given.sum(axis=1, keepdims=True)
    expected = densities / densities.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(balanced(given, FREQUENCIES), expected)


def test_equal_frequencies_change_nothing() -> None:
    given = np.random.default_rng(0).dirichlet(np.ones(4), 5)
    np.testing.assert_allclose(balanced(given, np.full(4, 0.25)), given)


def test_frequencies_at_another_prevalence() -> None:
    np.testing.assert_allclose(at_prevalence(FREQUENCIES, 1, 0.6), [0.05, 0.6, 0.3, 0.05])
    for unknown in (float("nan"), 0.0, 1.0):
        np.testing.assert_array_equal(at_prevalence(FREQUENCIES, 1, unknown), FREQUENCIES)
