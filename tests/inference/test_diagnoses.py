"""The description of frequencies in a model file, and what a reader of it must not accept."""

import json
from dataclasses import replace

import numpy as np
import pytest

import dermdistill
from dermdistill.errors import UserError
from dermdistill.inference.diagnoses import diagnoses_of, frequencies_of
from dermdistill.inference.model_info import ModelInfo, ValidationScores

INFO = dermdistill.load().info


@pytest.mark.parametrize(
    "frequencies", [[1.0], [0.5] * 7, [0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5], ["many"] * 7, 3]
)
def test_frequencies_that_are_no_shares_are_refused(frequencies: object) -> None:
    text = json.dumps({**json.loads(INFO.to_json()), "frequencies": frequencies})
    with pytest.raises(UserError, match=r"^model\.onnx: its model description is damaged \("):
        ModelInfo.from_json(text, "model.onnx")


def test_what_is_written_is_what_is_read() -> None:
    assert ModelInfo.from_json(INFO.to_json(), "model.onnx") == INFO
    without = replace(INFO, frequencies=None)
    assert ModelInfo.from_json(without.to_json(), "model.onnx") == without


def test_a_model_calibrated_anew_stands_for_another_share_of_melanomas() -> None:
    """As after an adaptation: half of the photographs that it was calibrated on were melanomas."""
    adapted = replace(INFO, validation=ValidationScores(melanoma=(0.5,) * 5, other=(0.4,) * 5))
    found, before = frequencies_of(adapted), np.array(INFO.frequencies)
    assert found is not None
    assert found[INFO.melanoma] == pytest.approx(0.5)
    others = np.arange(len(found)) != INFO.melanoma
    np.testing.assert_allclose(found[others] / found[others].sum(), before[others] / before[others].sum())


def test_the_reading_as_trained_is_what_predict_says() -> None:
    prediction = dermdistill.load().predict(np.full((64, 64, 3), 150, dtype=np.uint8))[0]
    assert diagnoses_of(prediction, INFO, "as-trained") == prediction.diagnoses
    assert sum(diagnoses_of(prediction, INFO, "balanced").values()) == pytest.approx(1)
