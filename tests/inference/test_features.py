"""The features behind a model's answer."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from dermdistill.errors import UserError
from dermdistill.export.network import LOGITS
from dermdistill.inference import features as module
from dermdistill.inference.features import FeatureModel
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.onnx import OnnxModel

Changed = Callable[[Callable[[onnx.ModelProto], object]], bytes]


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (45, 60, 3), dtype=np.uint8)


def test_the_last_layer_makes_the_probabilities_of_the_features(model_file: Path, pixels: np.ndarray) -> None:
    proto = onnx.load(model_file)
    (layer,) = [node for node in proto.graph.node if LOGITS in node.output]
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    model = FeatureModel.read(model_file)
    # The mean over mirrored images is no layer's input, unless they are all the same.
    symmetric = np.concatenate([pixels, pixels[:, ::-1]], axis=1)
    symmetric = np.concatenate([symmetric, symmetric[::-1]])
    look = model.look(symmetric)
    logits = look.features[0] @ values[layer.input[1]].T  # biases are 0 before training
    plain = OnnxModel.read(model_file)
    logs = np.log(np.exp(logits) / np.exp(logits).sum())
    others = np.delete(logs, model.info.melanoma)
    log_odds = logs[model.info.melanoma] - np.log(np.exp(others).sum())
    assert model.info.calibration is not None
    calibrated = model.info.calibration.slope * log_odds + model.info.calibration.intercept
    assert 1 / (1 + np.exp(-calibrated)) == pytest.approx(look.probability, abs=1e-4)
    assert look.probability == pytest.approx(
        plain.score(symmetric).probabilities[model.info.melanoma], abs=1e-2
    )


@pytest.mark.parametrize("file", sorted(SHIPPED.parent.glob("*.onnx")), ids=lambda path: path.name)
def test_the_packaged_files_have_features_that_mirroring_does_not_change(
    file: Path, pixels: np.ndarray
) -> None:
    model = FeatureModel.read(file)
    assert model.has_features
    look, mirrored, upside_down = (model.look(each) for each in (pixels, pixels[:, ::-1], pixels[::-1]))
    assert look.features.shape == (2, 80)
    for other in (mirrored, upside_down):
        np.testing.assert_allclose(other.features, look.features, rtol=1e-3, atol=1e-3)
    assert look.statistics.shape == (7,)


def test_a_model_without_a_last_layer_gives_logarithms_of_its_probabilities(
    changed_model: Changed, pixels: np.ndarray
) -> None:
    def average(model: onnx.ModelProto) -> None:
        (layer,) = [node for node in model.graph.node if LOGITS in node.output]
        layer.output[0] = "one"
        model.graph.node.insert(
            list(model.graph.node).index(layer) + 1, onnx.helper.make_node("Mean", ["one", "one"], [LOGITS])
        )

    model = FeatureModel(changed_model(average), "ensemble")
    assert not model.has_features
    look = model.look(pixels)
    assert look.features.shape == (2, 3)
    assert np.exp(look.features[0, model.info.melanoma]) == pytest.approx(look.probability, abs=0.05)


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"expected a \.onnx file made by"):
        FeatureModel(b"\xff\xff no model", "file")
    with pytest.raises(UserError, match="cannot read the model"):
        FeatureModel.read(tmp_path / "missing.onnx")


def test_the_name_of_the_last_layer_is_that_of_exports() -> None:
    assert module.LOGITS == LOGITS
