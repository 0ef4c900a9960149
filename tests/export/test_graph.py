from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from scipy.ndimage import convolve

from dermdistill.data.images import InputSpec, halve, resize
from dermdistill.data.packed_hashes import pack_hashes
from dermdistill.data.perceptual_hash import BITS
from dermdistill.export.graph import assemble, described_anew, description_of, network_of
from dermdistill.export.network import INPUT, to_onnx
from dermdistill.inference.calibration import Calibration
from dermdistill.inference.model_info import ChosenThreshold, ModelInfo, OutputActivation
from dermdistill.inference.onnx import OnnxModel
from dermdistill.inference.reference import LUMINANCE, SHARPNESS_FLOOR
from dermdistill.models.dsnet import DSNet
from dermdistill.models.torch_predictor import TorchPredictor

SIZE = 24
RNG = np.random.default_rng(0)
# Noise on four different colours.
PIXELS = (RNG.integers(0, 256, (4, SIZE, SIZE, 3)) * RNG.random((4, 1, 1, 3))).astype(np.uint8)
INFO = ModelInfo("dsnet", ("a", "melanoma", "c"), InputSpec(SIZE, (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)))
CPU = torch.device("cpu")


def network(classes: int) -> DSNet:
    torch.manual_seed(0)
    return DSNet(SIZE, classes).eval()


@cache
def plain_network(classes: int) -> onnx.ModelProto:
    """Exported once for all tests."""
    return to_onnx(network(classes), SIZE)


def exported(info: ModelInfo) -> OnnxModel:
    return OnnxModel(assemble(plain_network(len(info.classes)), info).SerializeToString(), "m.onnx")


@pytest.mark.parametrize("output", ["softmax", "softmax-of-softmax"])
@pytest.mark.parametrize("calibration", [None, Calibration(1.7, -0.6)])
@pytest.mark.parametrize("classes", [("other", "melanoma"), ("melanoma", "b"), ("a", "melanoma", "c", "d")])
def test_the_file_says_what_pytorch_says(
    output: OutputActivation, calibration: Calibration | None, classes: tuple[str, ...]
) -> None:
    net = network(len(classes))
    info = replace(INFO, classes=classes, output=output, calibration=calibration)
    expected = TorchPredictor(net, info, CPU).predict(PIXELS)
    assert np.ptp(expected[:, 0]) > 0.01  # different images, different answers
    np.testing.assert_allclose(exported(info).predict(PIXELS), expected, atol=2e-6)


def test_probability_is_that_of_melanoma() -> None:
    info = replace(INFO, calibration=Calibration(0.5, 1.0))
    content = assemble(plain_network(3), info).SerializeToString()
    session = onnxruntime_session(content)
    probability, probabilities = session.run(["probability", "probabilities"], {"pixels": PIXELS})
    assert probability.shape == (4,)
    assert np.array_equal(probability, probabilities[:, 1])


def onnxruntime_session(content: bytes):  # type: ignore[no-untyped-def]
    import onnxruntime

    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("shape", [(45, 60), (24, 24), (10, 13), (300, 31), (150, 301)])
def test_it_resizes_as_training_does(shape: tuple[int, int]) -> None:
    """Pillow rounds in another order of its two passes: 3 grey levels at most, a quarter on average."""
    smooth = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(smooth).resize(shape[::-1], Image.Resampling.BICUBIC))
    session = onnxruntime_session(with_output(assemble(plain_network(3), INFO), "preprocess/resized"))
    (resized,) = session.run(["preprocess/resized"], {"pixels": image[None]})
    difference = np.abs(resized[0].astype(int) - resize(image, SIZE))
    assert difference.max() <= 3
    assert difference.mean() < 0.25


def with_output(model: onnx.ModelProto, name: str) -> bytes:
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, [None] * 4))
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize("shape", [(71, 300), (72, 90), (73, 95), (144, 145), (291, 450), (600, 72)])
def test_it_halves_as_the_decoder_does(shape: tuple[int, int]) -> None:
    """To the bit, in a batch too, from three times the size on."""
    images = np.random.default_rng(2).integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    session = onnxruntime_session(with_output(assemble(plain_network(3), INFO), "preprocess/halved"))
    (halved,) = session.run(["preprocess/halved"], {"pixels": images})
    assert np.array_equal(halved, np.stack([halve(image, 3 * SIZE) for image in images]))


def test_it_smooths_as_the_trained_network_is_given_it() -> None:
    smooth = replace(INFO, input=replace(INFO.input, smoothed=True))
    model = assemble(plain_network(3), smooth)
    model.graph.output.append(onnx.helper.make_tensor_value_info(INPUT, onnx.TensorProto.FLOAT, [None] * 4))
    # Of the network's own size, so that nothing is resized.
    images = np.random.default_rng(5).integers(0, 256, (2, SIZE, SIZE, 3), dtype=np.uint8)
    session = onnxruntime_session(model.SerializeToString())
    found, statistics = session.run([INPUT, "statistics"], {"pixels": images})
    np.testing.assert_allclose(found, smooth.input.normalise(images), atol=1e-5)
    # What the photograph looks like is told of the photograph itself.
    plain = onnxruntime_session(assemble(plain_network(3), INFO).SerializeToString())
    np.testing.assert_array_equal(statistics, plain.run(["statistics"], {"pixels": images})[0])
    again = assemble(network_of(model), description_of(model, "m.onnx"))
    assert again.SerializeToString() == assemble(plain_network(3), smooth).SerializeToString()


def test_an_older_file_resizes_large_images_at_once() -> None:
    """And is not given halved ones: its description decides."""
    older = replace(INFO, input=replace(INFO.input, halving=None))
    content = assemble(plain_network(3), older)
    assert "Loop" not in {node.op_type for node in content.graph.node}
    image = np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    plain = onnxruntime_session(content.SerializeToString())
    (expected,) = plain.run(["probabilities"], {"pixels": image[None]})
    scored = OnnxModel(content.SerializeToString(), "older.onnx")
    assert np.array_equal(scored.score(image).probabilities, expected[0])
    newer = exported(INFO).score(image).probabilities
    assert not np.array_equal(newer, expected[0])


def test_plain_onnx_runtime_says_what_it_says_of_large_images() -> None:
    """The graph halves by itself; here it is given halved pixels."""
    image = np.random.default_rng(4).integers(0, 256, (301, 401, 3), dtype=np.uint8)
    content = assemble(plain_network(3), INFO).SerializeToString()
    plain = onnxruntime_session(content)
    probabilities, statistics = plain.run(["probabilities", "statistics"], {"pixels": image[None]})
    scored = OnnxModel(content, "m.onnx").score(image)
    np.testing.assert_allclose(scored.probabilities, probabilities[0], rtol=0, atol=1e-7)
    np.testing.assert_allclose(scored.statistics, statistics[0], rtol=0, atol=1e-6)


def test_a_network_can_be_taken_out_and_put_back() -> None:
    model = assemble(plain_network(3), INFO)
    again = assemble(network_of(model), description_of(model, "m.onnx"))
    assert again.SerializeToString() == model.SerializeToString()


def test_statistics_against_numpy_and_scipy() -> None:
    found = exported(INFO).statistics(PIXELS)
    unit = PIXELS / 255
    np.testing.assert_allclose(found[:, :3], unit.mean(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(found[:, 3:6], unit.std(axis=(1, 2)), atol=1e-6)
    laplacian = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    energy = [(convolve(image @ LUMINANCE, laplacian)[1:-1, 1:-1] ** 2).mean() for image in unit]
    np.testing.assert_allclose(found[:, 6], np.log(np.array(energy) + SHARPNESS_FLOOR), rtol=1e-5)


def test_the_description_travels_inside(tmp_path: Path) -> None:
    info = replace(
        INFO,
        thresholds=(ChosenThreshold("youden", 0.25, 0.8, 0.7),),
        provenance={"data": "ham10000"},
        calibration=Calibration(2.0, 0.5),
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(assemble(plain_network(3), info).SerializeToString())
    assert OnnxModel.read(path).info == info


def test_another_description_changes_nothing_else() -> None:
    content = assemble(plain_network(3), INFO).SerializeToString()
    info = replace(INFO, learned_from=pack_hashes(np.ones((3, BITS), dtype=bool)))
    changed = described_anew(content, info)
    assert OnnxModel(changed, "m.onnx").info == info
    assert described_anew(changed, INFO) == content


def test_inputs_outputs_and_versions_that_others_build_on() -> None:
    model = assemble(plain_network(3), INFO)
    assert [value.name for value in model.graph.input] == ["pixels"]
    assert [value.name for value in model.graph.output] == ["probability", "probabilities", "statistics"]
    assert {opset.domain: opset.version for opset in model.opset_import} == {"": 18}
    assert model.ir_version == 10
