from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from torch import nn

import dermdistill.export.network as exporting
from dermdistill.export.network import INPUT, LOGITS, PREFIX, fold_normalisation, shorten_names, to_onnx
from dermdistill.models.registry import build


def trained_a_little(architecture: str, classes: int, size: int) -> nn.Module:
    """A network whose batch norms do something."""
    torch.manual_seed(0)
    network = build(architecture, classes, size)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            nn.init.normal_(module.weight, 1, 0.2)
            nn.init.normal_(module.bias, 0, 0.2)
    return network.eval()


@cache
def with_its_export(architecture: str, size: int) -> tuple[nn.Module, onnx.ModelProto]:
    network = trained_a_little(architecture, 3, size)
    return network, to_onnx(network, size)


@pytest.mark.parametrize(
    ("architecture", "size"), [("dsnet", 24), ("test_resnet", 32), ("test_efficientnet", 32)]
)
def test_the_same_logits_for_any_number_of_images(architecture: str, size: int) -> None:
    network, model = with_its_export(architecture, size)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for images in (1, 2, 5):
        inputs = torch.randn(images, 3, size, size)
        (logits,) = session.run(None, {INPUT: inputs.numpy()})
        with torch.no_grad():
            expected = network(inputs).numpy()
        np.testing.assert_allclose(logits, expected, atol=2e-5 * max(1, np.abs(expected).max()))


@pytest.fixture
def exported() -> onnx.ModelProto:
    return with_its_export("test_resnet", 32)[1]


def test_batch_norms_are_folded(exported: onnx.ModelProto) -> None:
    assert "BatchNormalization" not in {node.op_type for node in exported.graph.node}


def test_nothing_of_the_machine_is_left(exported: onnx.ModelProto) -> None:
    content = exported.SerializeToString()
    here = Path(exporting.__file__)
    for trace in (str(here.parent), str(Path.cwd()), str(Path(torch.__file__).parent), "stack_trace", ".py"):
        assert trace.encode() not in content
    assert not exported.metadata_props
    assert not exported.graph.value_info
    assert all(not node.metadata_props and not node.doc_string for node in exported.graph.node)


def test_every_name_has_the_prefix(exported: onnx.ModelProto) -> None:
    graph = exported.graph
    names = [value.name for value in (*graph.input, *graph.output, *graph.initializer, *graph.node)]
    names += [name for node in graph.node for name in (*node.input, *node.output) if name]
    assert all(name.startswith(PREFIX) for name in names)


def test_exporting_leaves_no_gradient_and_no_training_mode() -> None:
    network = trained_a_little("dsnet", 2, 24)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    to_onnx(network.train(), 24)
    assert not network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_a_batch_norm_with_two_readers_is_left_and_refused() -> None:
    class Forked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(3)
            self.dense = nn.Linear(3, 2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            pooled = self.norm(images.mean(dim=(2, 3)))
            result: torch.Tensor = self.dense(pooled) + pooled[:, :2]
            return result

    with pytest.raises(ValueError, match="1 batch norms are not beside a layer that could take them"):
        to_onnx(Forked(), 8)


def test_an_untrained_network_can_be_exported() -> None:
    """Its shifts and means are all zero, and the exporter stores equal constants once."""
    model = to_onnx(build("test_resnet", 2, 32), 32)
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}


def test_folding_by_hand() -> None:
    """x = 3; norm: (3 - 1) / sqrt(4) * 2 + 5 = 7; dense: 10 * 7 + 1 = 71 = 10 * x + 41."""
    make = onnx.helper.make_node
    constants = {"gamma": [2.0], "beta": [5.0], "mean": [1.0], "var": [4.0], "w": [[10.0]], "b": [1.0]}
    graph = onnx.helper.make_graph(
        [
            make("BatchNormalization", ["x", "gamma", "beta", "mean", "var"], ["y"], epsilon=0.0),
            make("Gemm", ["y", "w", "b"], ["z"], transB=1),
        ],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 1])],
        [onnx.helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, ["N", 1])],
        initializer=[onnx.numpy_helper.from_array(np.array(v, np.float32), k) for k, v in constants.items()],
    )
    fold_normalisation(graph)
    assert [node.op_type for node in graph.node] == ["Gemm"]
    left = {tensor.name: onnx.numpy_helper.to_array(tensor).item() for tensor in graph.initializer}
    assert left == {"w": 10.0, "b": 41.0}


def test_shorter_names_change_no_answer() -> None:
    _, long = with_its_export("dsnet", 24)
    short = onnx.ModelProto()
    short.CopyFrom(long)
    shorten_names(short)
    images = np.random.default_rng(0).normal(size=(2, 3, 24, 24)).astype(np.float32)
    (before,), (after,) = (
        ort.InferenceSession(model.SerializeToString()).run([LOGITS], {INPUT: images})
        for model in (long, short)
    )
    np.testing.assert_array_equal(after, before)
    assert len(short.SerializeToString()) < len(long.SerializeToString())
    names = {name for node in short.graph.node for name in (node.name, *node.input, *node.output)}
    assert all(name.startswith(PREFIX) for name in names)
