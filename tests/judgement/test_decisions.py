from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import confusion_matrix, precision_score, recall_score
from statsmodels.stats.proportion import proportion_confint

from dermdistill.evaluation.estimates import OperatingPoint
from dermdistill.evaluation.metrics import Bools, Floats
from dermdistill.evaluation.predictions import Predictions
from dermdistill.judgement.decisions import Use, decision_of, ranks_backwards
from dermdistill.judgement.judgement import Decision

USE = Use("given", (0.02,))


def table(label: Bools, probability: Floats | Sequence[float]) -> Predictions:
    names = tuple(f"i{row}" for row in range(len(label)))
    return Predictions(
        image_id=names,
        lesion_id=names,
        split=("all",) * len(label),
        diagnosis=tuple("melanoma" if melanoma else "nevus" for melanoma in label),
        probability=np.array(probability, dtype=float),
    )


def simulated(seed: int = 0, images: int = 200) -> Predictions:
    generator = np.random.default_rng(seed)
    label = np.arange(images) < images // 5
    return table(label, np.clip(generator.normal(0.2 + 0.3 * label, 0.2), 0, 1))


def at(test: Predictions, threshold: float = 0.3) -> Decision:
    rule = OperatingPoint(name="given", threshold=threshold, chosen_on="fixed")
    found = decision_of([test], [[rule]], USE)
    assert found is not None
    return found


def test_the_figures_are_scikit_learns() -> None:
    test = simulated()
    called, found = test.probability >= 0.3, at(test)
    assert found.sensitivity.value == pytest.approx(recall_score(test.label, called))
    assert found.specificity.value == pytest.approx(recall_score(~test.label, ~called))
    assert found.ppv.value == pytest.approx(precision_score(test.label, called))
    assert found.npv.value == pytest.approx(precision_score(~test.label, ~called))
    assert np.array(found.confusion) == pytest.approx(confusion_matrix(test.label, called))
    assert found.prevalence.value == pytest.approx(0.2)
    assert found.flagged.value == pytest.approx(called.mean())
    assert found.needed_to_biopsy.value == pytest.approx(called.sum() / (called & test.label).sum())


def test_the_intervals_are_wilsons() -> None:
    test = simulated()
    called, found = test.probability >= 0.3, at(test)
    hits = (called & test.label).sum()
    for estimate, images in ((found.sensitivity, test.label.sum()), (found.ppv, called.sum())):
        assert (estimate.low, estimate.high) == pytest.approx(
            proportion_confint(hits, images, method="wilson")
        )
    low, high = found.needed_to_biopsy.low, found.needed_to_biopsy.high
    assert (low, high) == pytest.approx((1 / found.ppv.high, 1 / found.ppv.low))  # type: ignore[operator]


def test_seeds_are_averaged_each_at_its_own_threshold() -> None:
    tests = [simulated(0), simulated(1)]
    rules = [OperatingPoint(name="given", threshold=t, chosen_on="val") for t in (0.2, 0.4)]
    found = decision_of(tests, [[rule] for rule in rules], USE)
    assert found is not None
    assert found.thresholds == (0.2, 0.4)
    each = [
        recall_score(test.label, test.probability >= t) for test, t in zip(tests, (0.2, 0.4), strict=True)
    ]
    assert found.sensitivity.value == pytest.approx(np.mean(each))


def test_without_melanomas_specificity_is_still_said() -> None:
    found = at(table(np.zeros(20, dtype=bool), np.linspace(0, 1, 20)))
    assert found.sensitivity.reason == "no melanoma among the images"
    assert found.specificity.value == pytest.approx(np.mean(np.linspace(0, 1, 20) < 0.3))
    assert found.specificity.low is not None
    assert found.elsewhere[0].ppv.reason == "the sensitivity is undefined on these images"
    assert found.needed_to_biopsy.value is None


def test_without_others_sensitivity_is_still_said() -> None:
    found = at(table(np.ones(20, dtype=bool), np.linspace(0, 1, 20)))
    assert found.specificity.reason == "every image is melanoma"
    assert found.sensitivity.value == pytest.approx(np.mean(np.linspace(0, 1, 20) >= 0.3))
    assert found.elsewhere[0].npv.reason == "the specificity is undefined on these images"


def test_where_nothing_is_flagged() -> None:
    found = at(simulated(), threshold=1.0)
    assert found.ppv.reason == found.needed_to_biopsy.reason == "no image is called melanoma"


def test_all_photographs_of_one_lesion_count_once() -> None:
    test = table(np.zeros(30, dtype=bool), np.full(30, 0.1))
    alone, together = at(test).specificity, at(replace(test, lesion_id=("a",) * 30)).specificity
    assert alone.low is not None
    assert together.low is not None
    assert together.low < 0.25 < 0.85 < alone.low


def test_a_point_that_was_not_chosen() -> None:
    assert decision_of([simulated()], [[]], USE) is None


# Exchanged labels


def test_exchanged_labels_are_recognised() -> None:
    test = simulated()
    assert not ranks_backwards([test])
    assert ranks_backwards([replace(test, probability=1 - test.probability)])


@pytest.mark.parametrize(("melanomas", "others"), [(2, 3), (4, 4), (5, 5), (3, 40)])
def test_a_few_images_must_be_beyond_chance(melanomas: int, others: int) -> None:
    label = np.arange(melanomas + others) < melanomas
    test = table(label, np.linspace(0, 1, len(label)))  # all melanomas are below all others
    p = mannwhitneyu(
        test.probability[label],
        test.probability[~label],
        alternative="less",
        method="asymptotic",
        use_continuity=False,
    ).pvalue
    assert ranks_backwards([test]) == (p < 0.025)


def test_one_class_ranks_nothing() -> None:
    assert not ranks_backwards([table(np.zeros(20, dtype=bool), np.linspace(0, 1, 20))])
