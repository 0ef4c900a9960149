from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dermdistill.evaluation.metrics import sensitivity_at_specificity, specificity_at_sensitivity
from dermdistill.evaluation.predictions import Predictions
from dermdistill.evaluation.results import OperatingPoint
from dermdistill.evaluation.thresholds import called_melanoma, operating_points

Table = Callable[..., Predictions]


def by_name(predictions: Predictions) -> dict[str, OperatingPoint]:
    return {point.name: point for point in operating_points(predictions)}


def test_points_worked_by_hand(table: Table) -> None:
    # Falling: melanoma 0.9, other 0.8, melanoma 0.6, melanoma 0.5, then others 0.4, 0.3, 0.2, 0.1.
    points = by_name(table([1, 0, 1, 1, 0, 0, 0, 0], [0.9, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]))

    assert points["argmax"] == OperatingPoint(name="argmax", threshold=0.5, chosen_on="fixed")
    assert points["youden"].threshold == pytest.approx(0.45)
    assert points["youden"].sensitivity == 1
    assert points["youden"].specificity == pytest.approx(0.8)
    assert points["specificity_0.80"].threshold == pytest.approx(0.45)
    assert points["specificity_0.90"].threshold == pytest.approx(0.85)
    assert points["specificity_0.90"].sensitivity == pytest.approx(1 / 3)
    assert points["sensitivity_0.90"].threshold == pytest.approx(0.45)
    assert {point.chosen_on for name, point in points.items() if name != "argmax"} == {"val"}


def test_points_do_on_validation_what_they_say(simulated: Callable[..., Predictions]) -> None:
    validation = simulated(seed=0)
    label, probability = validation.label, np.round(validation.probability, 2)
    points = by_name(replace(validation, probability=probability))

    assert len(points) == 8
    for point in points.values():
        if point.threshold is None or point.sensitivity is None:
            continue
        called = probability >= point.threshold
        assert called[label].mean() == pytest.approx(point.sensitivity)
        assert 1 - called[~label].mean() == pytest.approx(point.specificity)
    for rate in ("0.80", "0.90", "0.95"):
        at_specificity, at_sensitivity = points[f"specificity_{rate}"], points[f"sensitivity_{rate}"]
        assert at_specificity.specificity >= float(rate)  # type: ignore[operator]
        assert at_specificity.sensitivity == sensitivity_at_specificity(label, probability, float(rate))
        assert at_sensitivity.sensitivity >= float(rate)  # type: ignore[operator]
        assert at_sensitivity.specificity == pytest.approx(
            specificity_at_sensitivity(label, probability, float(rate))
        )


def test_youden_is_the_largest_of_all_thresholds(simulated: Callable[..., Predictions]) -> None:
    validation = simulated(seed=1)
    label, probability = validation.label, validation.probability
    all_of_them = [
        (probability >= t)[label].mean() - (probability >= t)[~label].mean() for t in np.unique(probability)
    ]

    youden = by_name(validation)["youden"]

    assert youden.sensitivity is not None
    assert youden.specificity is not None
    assert youden.sensitivity + youden.specificity - 1 == pytest.approx(max(all_of_them))


def test_of_equal_choices_youden_takes_the_more_sensitive(table: Table) -> None:
    # One melanoma above everything, one below half of the others: both cuts reach J = 0.5.
    youden = by_name(table([1, 0, 1, 0], [0.9, 0.7, 0.5, 0.1]))["youden"]

    assert (youden.sensitivity, youden.specificity) == (1, 0.5)


def test_nothing_is_called_when_no_threshold_is_specific_enough(table: Table) -> None:
    points = by_name(table([1, 0, 0], [0.2, 1.0, 0.1]))

    threshold = points["specificity_0.90"].threshold
    assert threshold is not None
    assert 1 < threshold < 1.001
    assert points["specificity_0.90"].sensitivity == 0


def test_points_take_what_costs_nothing(table: Table) -> None:
    # The five melanomas lie above the ten others.
    points = by_name(table([1] * 5 + [0] * 10, np.linspace(0.9, 0.2, 15)))

    for name in ("specificity_0.80", "sensitivity_0.80"):
        assert (points[name].sensitivity, points[name].specificity) == (1, 1)


@pytest.mark.parametrize("lower", [0.3, float(np.nextafter(0.3, 1))])
def test_threshold_between_neighbouring_floats_still_parts_them(table: Table, lower: float) -> None:
    validation = table([1, 0], [float(np.nextafter(lower, 1)), lower])

    assert called_melanoma(validation, by_name(validation)["youden"]).tolist() == [True, False]


def test_a_rounding_error_moves_no_validation_image_across(simulated: Callable[..., Predictions]) -> None:
    validation = simulated(seed=2)
    nudged = replace(validation, probability=validation.probability - 1e-6)

    for point in operating_points(validation):
        assert (called_melanoma(validation, point) == called_melanoma(nudged, point)).all()


@pytest.mark.parametrize("label", [[1, 1, 1], [0, 0, 0], []])
def test_nothing_is_chosen_on_one_class(table: Table, label: list[int]) -> None:
    assert [point.name for point in operating_points(table(label, [0.2, 0.4, 0.6][: len(label)]))] == [
        "argmax"
    ]


def test_argmax_over_several_diagnoses_is_no_threshold(table: Table) -> None:
    predictions = replace(
        table([1, 0, 0], [0.4, 0.4, 0.1]),
        classes=("melanoma", "nevus", "vascular lesion"),
        class_probabilities=np.array([[0.4, 0.3, 0.3], [0.4, 0.5, 0.1], [0.1, 0.1, 0.8]]),
    )

    (argmax, *_) = operating_points(predictions)

    assert argmax.threshold is None
    assert called_melanoma(predictions, argmax).tolist() == [True, False, False]
    with pytest.raises(ValueError, match="probabilities of all diagnoses"):
        called_melanoma(table([1], [0.4]), argmax)
