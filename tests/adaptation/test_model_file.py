"""The new file says what the adaptation computed, and nothing else has changed in it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dermdistill.adaptation.last_step import LastStep
from dermdistill.adaptation.model_file import adapted_file
from dermdistill.adaptation.scoring import OpenedModel, score
from dermdistill.data.images import ImageFile
from dermdistill.errors import UserError
from dermdistill.inference.calibration import Calibration, expit
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.onnx import OnnxModel
from dermdistill.records import Record

FILES = sorted(SHIPPED.parent.glob("*.onnx"))


def records(photographs: Path) -> list[Record]:
    paths = sorted(photographs.iterdir())
    return [Record(path.name, ImageFile(path), path.name, "nevus") for path in paths]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("name", [None, "logits", "features"])
def test_the_graph_computes_what_numpy_does(file: Path, name: str | None, photographs: Path) -> None:
    opened = OpenedModel(file.read_bytes(), str(file))
    scored = score(records(photographs), opened, workers=1)
    columns = 0 if name is None else scored.sample.inputs[name].shape[1]
    weights = np.random.default_rng(0).normal(size=columns) / 10
    step = LastStep(name, 0.8, weights, -0.3) if name else LastStep()
    calibration = Calibration(1.7, 0.4)
    info = replace(opened.plain.info, calibration=calibration)
    model = OnnxModel(adapted_file(opened.content, info, step, opened.tensors.get(step.name)), "new")
    expected = calibration.of_melanoma(expit(step.log_odds(scored.sample)))
    for record, probability in zip(records(photographs), expected, strict=True):
        found = model.score(record.image.decode())
        assert found.probabilities[model.info.melanoma] == pytest.approx(probability, abs=2e-6)
        assert found.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert model.info == info


def test_the_log_odds_of_a_model_are_those_before_its_calibration(photographs: Path) -> None:
    opened = OpenedModel(SHIPPED.read_bytes(), "packaged")
    scored = score(records(photographs), opened, workers=2)
    calibration = opened.plain.info.calibration
    assert calibration is not None
    np.testing.assert_allclose(
        calibration.of_melanoma(expit(scored.sample.log_odds)), scored.probability, atol=1e-6
    )


def test_statistics_and_other_diagnoses_keep_their_proportions(photographs: Path) -> None:
    opened = OpenedModel(SHIPPED.read_bytes(), "packaged")
    step = LastStep("logits", 0.5, np.full(7, 0.1), 1.0)
    changed = OnnxModel(
        adapted_file(opened.content, opened.plain.info, step, opened.tensors["logits"]), "new"
    )
    pixels = records(photographs)[0].image.decode()
    before, after = opened.plain.score(pixels), changed.score(pixels)
    np.testing.assert_array_equal(before.statistics, after.statistics)
    others = np.arange(7) != opened.plain.info.melanoma
    np.testing.assert_allclose(
        before.probabilities[others] / before.probabilities[others].sum(),
        after.probabilities[others] / after.probabilities[others].sum(),
        rtol=1e-4,
    )


def test_a_model_of_another_kind_is_refused_in_one_line(model_file: Path) -> None:
    content = model_file.read_bytes().replace(b"calibrate/log_odds", b"calibrate/LOG_ODDS")
    with pytest.raises(UserError, match=r"^old\.onnx: its last step is not where .*export the model again$"):
        OpenedModel(content, "old.onnx")
