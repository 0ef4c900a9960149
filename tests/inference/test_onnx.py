from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from dermdistill.inference.onnx import OnnxModel
from dermdistill.inference.predictor import Predictor, predict_in_batches

PIXELS = np.random.default_rng(0).integers(0, 256, (7, 30, 20, 3), dtype=np.uint8)


def test_it_is_a_predictor(model_file: Path) -> None:
    predictor: Predictor = OnnxModel.read(model_file)
    rows = np.array([6, 0, 3])
    result = predict_in_batches(predictor, PIXELS, rows, batch_size=2)
    assert result.shape == (3, 3)
    np.testing.assert_allclose(result.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(result, predictor.predict(PIXELS)[rows], atol=1e-6)


def test_one_image_as_in_a_batch(model_file: Path) -> None:
    model = OnnxModel.read(model_file)
    scored = model.score(PIXELS[2])
    np.testing.assert_allclose(scored.probabilities, model.predict(PIXELS)[2], atol=1e-6)
    np.testing.assert_allclose(scored.statistics, model.statistics(PIXELS)[2], atol=1e-5)


def test_the_id_is_that_of_the_content(
    model_file: Path, tmp_path: Path, changed_model: Callable[..., bytes]
) -> None:
    copy = tmp_path / "renamed.onnx"
    copy.write_bytes(model_file.read_bytes())
    assert OnnxModel.read(copy).model_id == OnnxModel.read(model_file).model_id
    assert OnnxModel.read(copy).model_id.startswith("dsnet ")
    other = changed_model(lambda model: setattr(model, "doc_string", "x"))
    assert OnnxModel(other, "m").model_id != OnnxModel.read(copy).model_id


def test_a_file_cannot_make_it_read_another_file(tmp_path: Path, changed_model: Callable[..., bytes]) -> None:
    """Weights kept outside the file could name any path of the machine."""
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.zeros(100_000, np.float32).tobytes())

    def refer(model: onnx.ModelProto) -> None:
        tensor = next(t for t in model.graph.initializer if t.name.endswith("10.weight"))
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=str(secret))

    content = changed_model(refer)
    with pytest.raises(Exception, match="cannot read it as an ONNX model"):
        OnnxModel(content, "hostile.onnx")
