import math

import pytest

from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.inference.decision import OperatingPointUsed, point_of, referring
from dermdistill.inference.model_info import ChosenThreshold, ModelInfo, ValidationScores

INFO = ModelInfo(
    "dsnet",
    ("melanoma", "nevus", "other"),
    InputSpec(24),
    thresholds=(ChosenThreshold("argmax", None), ChosenThreshold("youden", 0.25, 0.8, 0.9)),
    validation=ValidationScores(melanoma=(0.1, 0.3, 0.6, 0.7), other=(0.05, 0.1, 0.2, 0.3, 0.5)),
)


def test_a_named_point_has_its_validation_rates() -> None:
    assert point_of(INFO, "youden", "m.onnx") == OperatingPointUsed("youden", 0.25, 0.8, 0.9)


@pytest.mark.parametrize(
    ("threshold", "sensitivity", "specificity"),
    [("0.3", 3 / 4, 3 / 5), (0.30001, 2 / 4, 4 / 5), (0, 1, 0), (1, 0, 1)],
)
def test_rates_of_any_threshold(threshold: str | float, sensitivity: float, specificity: float) -> None:
    point = point_of(INFO, threshold, "m.onnx")
    assert (point.name, point.threshold) == ("given", float(threshold))
    assert (point.sensitivity, point.specificity) == (sensitivity, specificity)


def test_the_threshold_itself_is_melanoma() -> None:
    point = point_of(INFO, 0.3, "m.onnx")
    assert point.calls_melanoma(0.3)
    assert not point.calls_melanoma(math.nextafter(0.3, 0))


def test_rates_that_nobody_knows() -> None:
    point = point_of(ModelInfo("dsnet", ("melanoma", "other"), InputSpec(24)), 0.5, "m.onnx")
    assert math.isnan(point.sensitivity)
    assert math.isnan(point.specificity)


@pytest.mark.parametrize("wanted", ["argmax", "yuden", ""])
def test_an_unknown_point_says_which_there_are(wanted: str) -> None:
    with pytest.raises(UserError, match=r"m\.onnx has youden; or give a threshold from 0 to 1"):
        point_of(INFO, wanted, "m.onnx")


@pytest.mark.parametrize("wanted", ["1.5", -0.1, "nan"])
def test_numbers_that_are_no_probability(wanted: str | float) -> None:
    with pytest.raises(UserError, match="expected a threshold from 0 to 1, or one of youden"):
        point_of(INFO, wanted, "m.onnx")


def test_without_a_name_the_file_chooses() -> None:
    chosen = ModelInfo("dsnet", INFO.classes, INFO.input, thresholds=INFO.thresholds, default_point="youden")
    assert point_of(chosen, None, "m.onnx").name == "youden"
    with pytest.raises(UserError, match=r"'sensitivity_0\.90': m\.onnx has youden"):
        point_of(INFO, None, "m.onnx")
    assert ModelInfo.from_json(chosen.to_json(), "m.onnx") == chosen


def test_between_two_points_a_person_is_to_look() -> None:
    point = referring(point_of(INFO, "youden", "m.onnx"), point_of(INFO, 0.6, "m.onnx"))
    scores = (0.249, 0.25, 0.599, 0.6)
    assert [point.decision(p) for p in scores] == ["other", "refer", "refer", "melanoma"]
    assert [point.calls_melanoma(p) for p in scores] == [False, True, True, True]


@pytest.mark.parametrize("below", ["youden", 0.1])
def test_what_is_not_higher_leaves_nothing_to_refer(below: str | float) -> None:
    with pytest.raises(UserError, match=r"expected a higher operating point than youden \(P = 0\.25\)"):
        referring(point_of(INFO, "youden", "m.onnx"), point_of(INFO, below, "m.onnx"))
