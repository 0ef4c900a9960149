import numpy as np
import onnx
import pytest
import torch

from dermdistill.data.images import InputSpec
from dermdistill.export.graph import assemble
from dermdistill.export.int8 import quantise
from dermdistill.export.network import PREFIX, to_onnx
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import OnnxModel
from dermdistill.models.dsnet import DSNet

SPEC = InputSpec(32)
INFO = ModelInfo("dsnet", ("other", "melanoma"), SPEC)
PIXELS = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def networks() -> tuple[onnx.ModelProto, onnx.ModelProto]:
    torch.manual_seed(0)
    plain = to_onnx(DSNet(32, 2), 32)
    return plain, quantise(plain, PIXELS[:20], SPEC)


def test_a_quarter_of_the_bytes(networks: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    plain, small = (len(network.SerializeToString()) for network in networks)
    assert small < 0.3 * plain


def test_nearly_the_same_probabilities(networks: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    before, after = (OnnxModel(assemble(net, INFO).SerializeToString(), "m") for net in networks)
    difference = np.abs(before.predict(PIXELS[20:]) - after.predict(PIXELS[20:]))
    assert 0 < difference.mean() < 0.02
    assert difference.max() < 0.1


def test_weights_are_per_channel_and_fit_7_bits(networks: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in networks[1].graph.initializer}
    weights = {name: array for name, array in tensors.items() if array.dtype == np.int8 and array.ndim > 1}
    assert len(weights) == 4
    assert all(np.abs(array.astype(int)).max() <= 64 for array in weights.values())
    scales = [a for name, a in tensors.items() if name.endswith("0.weight_scale")]
    assert scales[0].shape == (128,)


def test_nothing_of_the_machine_is_left_and_the_float_network_is_as_it_was(
    networks: tuple[onnx.ModelProto, onnx.ModelProto],
) -> None:
    plain, small = networks
    assert not small.metadata_props
    assert all(not node.metadata_props and not node.doc_string for node in small.graph.node)
    assert b"/tmp" not in small.SerializeToString()
    assert all(tensor.name.startswith(PREFIX) for tensor in small.graph.initializer)
    assert {node.op_type for node in plain.graph.node}.isdisjoint({"QuantizeLinear", "DequantizeLinear"})


def test_the_same_images_give_the_same_file(networks: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    again = quantise(networks[0], PIXELS[:20], SPEC)
    assert again.SerializeToString() == networks[1].SerializeToString()
