from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from dermdistill.errors import UserError
from dermdistill.evaluation.delong import delong_test
from dermdistill.evaluation.estimates import Comparison, Estimate, Evaluation, GroupEvaluation, OperatingPoint
from dermdistill.evaluation.evaluate import compare_aucs, evaluate, mean_over_seeds, single_seed
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.thresholds import operating_points

Table = Callable[..., Predictions]
HALF = OperatingPoint(name="argmax", threshold=0.5, chosen_on="fixed")


def estimates(result: Any, path: str = "") -> Iterator[tuple[str, Estimate]]:
    """All estimates anywhere in a result, by their path."""
    if isinstance(result, Estimate):
        yield path, result
    elif isinstance(result, dict):
        for key, value in result.items():
            yield from estimates(value, f"{path}/{key}")
    elif hasattr(result, "model_fields_set"):
        for key, value in result:
            yield from estimates(value, f"{path}/{key}")


def shuffled(predictions: Predictions, seed: int) -> Predictions:
    return predictions.take(np.random.default_rng(seed).permutation(len(predictions)).tolist())


def test_every_figure_has_its_value_within_its_interval(simulated: Table) -> None:
    result = evaluate(simulated(seed=1), operating_points(simulated(seed=2)), replicates=300)
    found = dict(estimates(result))

    assert len(found) == 4 + 6 + 8 * 10
    for path, estimate in found.items():
        assert estimate.reason is None, path
        assert estimate.low < estimate.high, path  # type: ignore[operator]
        assert estimate.low <= estimate.value <= estimate.high, path  # type: ignore[operator]


def test_values_agree_with_scikit_learn(simulated: Table) -> None:
    test = simulated(seed=3)
    called = test.probability >= 0.5
    result = evaluate(test, [HALF], replicates=20)
    scores = result.operating_points["argmax"]

    assert (result.n_images, result.n_lesions, result.n_melanoma) == (300, 300, 60)
    assert result.auc.value == pytest.approx(reference.roc_auc_score(test.label, test.probability))
    assert result.auprc.value == pytest.approx(
        reference.average_precision_score(test.label, test.probability)
    )
    assert result.brier.value == pytest.approx(reference.brier_score_loss(test.label, test.probability))
    assert np.array(scores.confusion).tolist() == reference.confusion_matrix(test.label, called).tolist()
    assert scores.accuracy.value == pytest.approx(reference.accuracy_score(test.label, called))
    assert scores.melanoma.f1.value == pytest.approx(reference.f1_score(test.label, called))
    assert scores.other.precision.value == pytest.approx(reference.precision_score(~test.label, ~called))
    assert scores.melanoma.recall == scores.sensitivity
    assert scores.other.recall == scores.specificity
    assert scores.point == HALF


def test_same_seed_same_numbers_whatever_the_order_of_rows(simulated: Table) -> None:
    test, points = simulated(seed=1), operating_points(simulated(seed=2))
    once = evaluate(test, points, replicates=50)

    assert evaluate(test, points, replicates=50) == once
    assert evaluate(test, points, replicates=50, seed=1).auc != once.auc
    assert evaluate(shuffled(test, 0), points, replicates=50).auc == once.auc


def test_copies_of_images_within_their_lesions_change_no_figure(simulated: Table) -> None:
    test, points = simulated(seed=1), operating_points(simulated(seed=2))
    twice = replace(
        test.take([*range(len(test)), *range(len(test))]),
        image_id=(*test.image_id, *(f"{name} again" for name in test.image_id)),
    )
    once = dict(estimates(evaluate(test, points, replicates=100)))

    for path, estimate in estimates(evaluate(twice, points, replicates=100)):
        expected = once[path]
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx(
            (expected.value, expected.low, expected.high)
        ), path


def test_ece_reaches_down_to_nought_only_for_calibrated_probabilities(table: Table) -> None:
    # 40 images of each probability, of which that share is melanoma.
    probability = np.repeat(np.arange(1, 11) / 20, 40)
    label = np.tile(np.arange(40), 10) < 40 * probability

    calibrated = evaluate(table(label, probability), [], replicates=200).ece
    overconfident = evaluate(table(label, probability**4), [], replicates=200).ece

    assert calibrated.low == 0
    assert overconfident.low is not None
    assert overconfident.low > 0.05


@pytest.mark.parametrize(
    ("label", "reason", "undefined"),
    [
        (0, "no melanoma among the images", {"auc", "auprc", "sensitivity", "balanced_accuracy", "f1"}),
        (1, "every image is melanoma", {"auc", "auprc", "specificity", "balanced_accuracy"}),
    ],
)
def test_one_class_leaves_undefined_what_needs_both(
    table: Table, label: int, reason: str, undefined: set[str]
) -> None:
    result = evaluate(table([label] * 30, np.linspace(0, 1, 30)), [HALF], replicates=50)
    without = {path.split("/")[-1] for path, estimate in estimates(result) if estimate.reason == reason}

    assert undefined <= without
    assert result.brier.value is not None
    assert result.brier.low is not None
    assert result.operating_points["argmax"].accuracy.value == 0.5


def test_calling_nothing_or_everything_leaves_a_precision_undefined(simulated: Table) -> None:
    never = OperatingPoint(name="never", threshold=1.01, chosen_on="val")
    always = OperatingPoint(name="always", threshold=0.0, chosen_on="val")
    points = evaluate(simulated(seed=1), [never, always], replicates=20).operating_points

    assert points["never"].melanoma.precision == Estimate(value=None, reason="no image is called melanoma")
    assert points["never"].melanoma.f1.value == 0
    assert points["always"].other.precision == Estimate(value=None, reason="every image is called melanoma")
    assert points["always"].sensitivity == Estimate(
        value=1, reason="no interval: the resamples do not differ"
    )


@pytest.mark.parametrize(
    ("label", "probability"),
    [
        ([1], [0.5]),
        ([0], [0.0]),
        ([1, 0], [1.0, 0.0]),
        ([1, 0] * 20, [0.5] * 40),
        ([1, 0] * 20, [1.0, 0.0] * 20),
        ([1, 0] * 20, [0.0, 1.0] * 20),
    ],
)
def test_degenerate_sets_are_stored_as_plain_json(
    table: Table, label: list[int], probability: list[float]
) -> None:
    test = table(label, probability)

    result = evaluate(test, operating_points(test), replicates=50)

    text = result.model_dump_json()
    assert "NaN" not in text
    assert Evaluation.model_validate_json(text) == result
    for path, estimate in estimates(result):
        assert (estimate.reason is None) == (estimate.low is not None), path


def test_nothing_to_judge(table: Table) -> None:
    empty = table([], [])

    with pytest.raises(UserError, match="no image to judge"):
        evaluate(empty, [HALF])
    with pytest.raises(UserError, match="no image to judge"):
        compare_aucs([empty], [empty], names=("a", "b"))
    with pytest.raises(UserError, match="no image to judge"):
        mean_over_seeds([empty], [[HALF]])


def test_argmax_over_diagnoses_is_judged_by_the_most_probable(table: Table) -> None:
    # Melanoma is the most probable at 0.4, below a half.
    predictions = replace(
        table([1, 0], [0.4, 0.2]),
        classes=("melanoma", "nevus", "keratosis"),
        class_probabilities=np.array([[0.4, 0.3, 0.3], [0.2, 0.5, 0.3]]),
    )

    result = evaluate(predictions, operating_points(predictions), replicates=5)

    assert result.operating_points["argmax"].confusion == ((1, 0), (0, 1))


def test_mean_over_seeds_averages_the_evaluations_of_each(simulated: Table) -> None:
    tests = [simulated(seed=seed, skill=skill) for seed, skill in ((1, 1.0), (2, 1.4), (3, 1.8))]
    points = [operating_points(simulated(seed=seed)) for seed in (4, 5, 6)]
    each = [dict(estimates(evaluate(*both, replicates=5))) for both in zip(tests, points, strict=True)]

    group = mean_over_seeds([tests[0], shuffled(tests[1], 0), tests[2]], points, replicates=100)
    found = dict(estimates(group))

    assert (group.seeds, group.n_images, group.n_lesions, group.n_melanoma) == (3, 300, 300, 60)
    assert found.keys() == each[0].keys()
    for path, estimate in found.items():
        values = [one[path].value for one in each]
        assert estimate.value == pytest.approx(np.mean(np.array(values, float))), path
        assert estimate.per_seed == pytest.approx(tuple(values)), path  # type: ignore[attr-defined]
        assert estimate.sd == pytest.approx(np.std(np.array(values, float), ddof=1)), path  # type: ignore[attr-defined]
        assert estimate.low <= estimate.value <= estimate.high, path  # type: ignore[operator]
    assert GroupEvaluation.model_validate_json(group.model_dump_json()) == group


def test_a_group_says_what_its_thresholds_were_and_how_they_call_on_average(simulated: Table) -> None:
    tests = [simulated(seed=seed) for seed in (1, 2)]
    points = [operating_points(simulated(seed=seed)) for seed in (4, 5)]
    chosen = [next(point for point in of_seed if point.name == "youden") for of_seed in points]
    each = [evaluate(*both, replicates=5).operating_points for both in zip(tests, points, strict=True)]

    found = mean_over_seeds(tests, points, replicates=5).operating_points

    youden = found["youden"]
    assert youden.thresholds == tuple(point.threshold for point in chosen)
    assert youden.chosen_sensitivity == pytest.approx(np.mean([point.sensitivity or 0 for point in chosen]))
    assert youden.chosen_specificity == pytest.approx(np.mean([point.specificity or 0 for point in chosen]))
    np.testing.assert_allclose(youden.confusion, np.mean([one["youden"].confusion for one in each], axis=0))
    assert (found["argmax"].thresholds, found["argmax"].chosen_sensitivity) == ((0.5, 0.5), None)


def test_mean_over_seeds_keeps_the_images_of_all_seeds_together(simulated: Table) -> None:
    tests = [simulated(seed=seed) for seed in (1, 2)]
    points = [[HALF], [HALF]]

    ordered = mean_over_seeds(tests, points, replicates=50)

    assert mean_over_seeds([tests[0], shuffled(tests[1], 0)], points, replicates=50).auc == ordered.auc


def test_mean_of_one_seed_is_its_evaluation(simulated: Table) -> None:
    test, points = simulated(seed=1), operating_points(simulated(seed=2))
    alone = dict(estimates(evaluate(test, points, replicates=50)))

    group = mean_over_seeds([test], [points], replicates=50)

    assert group.auc.sd is None
    for path, mean in estimates(group):
        assert (mean.value, mean.low, mean.high) == (alone[path].value, alone[path].low, alone[path].high), (
            path
        )


@pytest.mark.parametrize("threshold", [0.5, 1.01])
@pytest.mark.parametrize("images", [300, 3])
def test_a_model_alone_in_its_group_is_not_judged_again(
    images: int, threshold: float, simulated: Table
) -> None:
    test = simulated(seed=1)
    test = replace(test, source=("here", "there") * (len(test) // 2)).take(range(images))
    points = [*operating_points(simulated(seed=2)), HALF.model_copy(update={"threshold": threshold})]
    points = list({point.name: point for point in points}.values())

    of_group = single_seed(evaluate(test, points, replicates=50))

    assert of_group == mean_over_seeds([test], [points], replicates=50)
    assert of_group.by_source.keys() == {"here", "there"}


def test_mean_is_undefined_where_one_seed_is(simulated: Table) -> None:
    never = HALF.model_copy(update={"threshold": 1.01})
    test = simulated(seed=1)

    group = mean_over_seeds([test, test], [[HALF], [never]], replicates=10)

    precision = group.operating_points["argmax"].melanoma.precision
    assert precision.value is None
    assert precision.reason == "no image is called melanoma with 1 of 2 seeds"
    assert precision.per_seed[1] is None
    assert precision.per_seed[0] is not None
    assert precision.sd is None


def test_mean_over_seeds_needs_the_same_points_of_all(simulated: Table) -> None:
    test = simulated(seed=1)

    with pytest.raises(ValueError, match="same operating points"):
        mean_over_seeds([test, test], [[HALF], [HALF.model_copy(update={"name": "youden"})]])


def test_compare_pairs_seed_with_seed(simulated: Table) -> None:
    a = [simulated(seed=seed, skill=1.8) for seed in (1, 2, 3)]
    b = [simulated(seed=seed, skill=0.8) for seed in (4, 5, 6)]
    areas = [[reference.roc_auc_score(t.label, t.probability) for t in group] for group in (a, b)]

    result = compare_aucs([a[0], shuffled(a[1], 0), a[2]], b, names=("student", "control"), replicates=200)

    assert (result.a, result.b, result.seeds) == ("student", "control", (3, 3))
    assert result.delta_auc.value == pytest.approx(np.mean(areas[0]) - np.mean(areas[1]))
    assert 0 < result.delta_auc.low < result.delta_auc.value < result.delta_auc.high  # type: ignore[operator]
    assert result.pair_deltas == pytest.approx(tuple(np.subtract(areas[0], areas[1])))
    assert result.p_values == pytest.approx(
        tuple(
            delong_test(x.label, x.probability, y.probability, x.lesion_id).p_value
            for x, y in zip(a, b, strict=True)
        )
    )
    assert Comparison.model_validate_json(result.model_dump_json()) == result


def test_compare_pairs_groups_of_unequal_size_crosswise(simulated: Table) -> None:
    teacher, students = simulated(seed=1), [simulated(seed=seed) for seed in (2, 3, 4)]
    one_by_one = [compare_aucs([student], [teacher], names=("s", "t"), replicates=5) for student in students]

    result = compare_aucs(students, [teacher], names=("s", "t"), replicates=5)
    two_by_three = compare_aucs(students[:2], [teacher, *students[1:]], names=("s", "t"), replicates=5)

    assert result.seeds == (3, 1)
    assert result.p_values == tuple(single.p_values[0] for single in one_by_one)
    assert len(two_by_three.p_values) == len(two_by_three.pair_deltas) == 6
    assert two_by_three.pair_deltas[4] == 0  # the second student with itself


def test_swapping_the_sides_mirrors_the_comparison(simulated: Table) -> None:
    a, b = [simulated(seed=1)], [simulated(seed=2)]
    forth = compare_aucs(a, b, names=("a", "b"), replicates=100).delta_auc
    back = compare_aucs(b, a, names=("b", "a"), replicates=100).delta_auc

    assert (back.value, back.low, back.high) == pytest.approx((-forth.value, -forth.high, -forth.low))  # type: ignore[operator]


def test_pairing_makes_the_difference_of_like_models_sure(simulated: Table) -> None:
    a = simulated(seed=1)
    noise = np.random.default_rng(0).normal(0, 0.01, size=len(a))
    b = replace(a, probability=np.clip(a.probability + noise, 0, 1))

    delta = compare_aucs([a], [b], names=("a", "b"), replicates=200).delta_auc
    single = evaluate(a, [], replicates=200).auc

    assert delta.high - delta.low < 0.2 * (single.high - single.low)  # type: ignore[operator]


def test_a_model_does_not_differ_from_itself(simulated: Table) -> None:
    a = simulated(seed=1)

    result = compare_aucs([a], [a], names=("a", "a"), replicates=20)

    assert result.delta_auc == Estimate(value=0, reason="no interval: the resamples do not differ")
    assert (result.pair_deltas, result.p_values) == ((0,), (1,))


def test_comparing_on_one_class_is_undefined(table: Table) -> None:
    a = table([0] * 20, np.linspace(0, 1, 20))

    result = compare_aucs([a], [a], names=("a", "b"), replicates=20)

    assert result.delta_auc == Estimate(value=None, reason="no melanoma among the images")
    assert (result.pair_deltas, result.p_values) == ((None,), (None,))


def test_models_judged_on_other_images_are_not_compared(simulated: Table) -> None:
    a = simulated(seed=1)

    with pytest.raises(UserError, match="dsnet, seed 1 and teacher, seed 1 cannot be compared: image image9"):
        compare_aucs([a], [a.take([*range(9), *range(10, 300)])], names=("dsnet", "teacher"), replicates=5)
    with pytest.raises(UserError, match="seed 1 and seed 2 cannot be compared"):
        mean_over_seeds([a, a.take(range(299))], [[HALF], [HALF]], replicates=5)


def test_the_figures_of_each_source_are_those_of_its_images_alone(simulated: Table) -> None:
    tests = [replace(simulated(seed), source=("one",) * 100 + ("two",) * 200) for seed in range(2)]
    parts = [{"one": test.take(range(100)), "two": test.take(range(100, 300))} for test in tests]
    found = evaluate(tests[0], [HALF], replicates=50)
    assert found.by_source == {name: evaluate(part, [HALF], replicates=50) for name, part in parts[0].items()}
    assert found.model_copy(update={"by_source": {}}) == evaluate(
        replace(tests[0], source=()), [HALF], replicates=50
    )
    means = mean_over_seeds(tests, [[HALF]] * 2, replicates=50)
    assert means.by_source == {
        name: mean_over_seeds([part[name] for part in parts], [[HALF]] * 2, replicates=50)
        for name in parts[0]
    }
    assert Evaluation.model_validate_json(found.model_dump_json()) == found


def test_a_source_of_one_class_says_why_it_has_no_auc(table: Table) -> None:
    test = replace(table([1, 0, 0, 0], [0.9, 0.1, 0.2, 0.3]), source=("one", "one", "two", "two"))
    found = evaluate(test, [], replicates=20).by_source
    assert (found["one"].auc.value, found["two"].auc.value) == (1, None)
    assert found["two"].auc.reason == "no melanoma among the images"
