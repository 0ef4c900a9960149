from functools import cache

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from dermdistill.data.images import InputSpec
from dermdistill.export import int8
from dermdistill.export.network import INPUT, LOGITS, to_onnx
from dermdistill.export.rounding import Floats, _Layer, _layers, _look_at_inputs, round_to_inputs

SPEC = InputSpec(16)
PIXELS = np.random.default_rng(0).integers(0, 256, (48, 16, 16, 3), dtype=np.uint8)


def covariance(columns: int, seed: int) -> Floats:
    """Of inputs that go together."""
    mixed = np.random.default_rng(seed).normal(size=(columns, 3))
    return mixed @ mixed.T + 0.01 * np.eye(columns)


def one_by_one(rows: Floats, hessian: Floats, limit: int) -> Floats:
    """The slow form of the same: fix a weight of each row, move those left to where they are best."""
    damped = hessian + 0.01 * np.trace(hessian) / len(hessian) * np.eye(len(hessian))
    left, rounded = rows.copy(), np.empty_like(rows)
    for j in range(rows.shape[1]):
        inverse = np.linalg.inv(damped[j:, j:])
        rounded[:, j] = np.clip(np.rint(left[:, j]), -limit, limit)
        left[:, j:] -= np.outer((left[:, j] - rounded[:, j]) / inverse[0, 0], inverse[0])
    return rounded


@pytest.mark.parametrize("columns", [9, 128, 300])
def test_rounding_is_that_of_fixing_one_weight_after_the_other(columns: int) -> None:
    rng = np.random.default_rng(5)
    weight = rng.normal(scale=3, size=(2, 4, columns))
    hessians = np.stack([covariance(columns, 1), covariance(columns, 2)])
    found = round_to_inputs(weight, hessians, limit=5)
    for group in range(2):
        np.testing.assert_array_equal(found[group], one_by_one(weight[group], hessians[group], 5))
    assert np.abs(found).max() == 5


def test_rounding_to_the_inputs_errs_less_in_the_output_than_the_nearest_integers() -> None:
    weight = np.random.default_rng(5).normal(scale=3, size=(1, 50, 27))
    hessian = covariance(27, 1)

    def variance(rounded: Floats) -> float:
        error = (weight - rounded)[0]
        return float(np.einsum("ri,ij,rj->r", error, hessian, error).mean())

    assert variance(round_to_inputs(weight, hessian[None], 64)) < 0.5 * variance(np.rint(weight))


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_inputs_that_do_not_go_together_or_never_change_leave_the_nearest(scale: float) -> None:
    weight = np.random.default_rng(5).normal(scale=3, size=(1, 4, 9))
    np.testing.assert_array_equal(round_to_inputs(weight, scale * np.eye(9)[None], 64), np.rint(weight))


def every_kind_of_layer(*, bias: bool = True) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.ZeroPad2d((0, 1, 1, 0)),
        nn.Conv2d(3, 8, 3, stride=2, bias=bias),
        nn.ReLU6(),
        nn.Conv2d(8, 8, (3, 5), padding=(2, 4), dilation=2, groups=8, bias=bias),
        nn.ReLU6(),
        nn.Conv2d(8, 6, 1, groups=2, bias=bias),
        nn.ReLU6(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 2, bias=bias),
    )


@cache
def exported(*, bias: bool) -> onnx.ModelProto:
    return to_onnx(every_kind_of_layer(bias=bias), 16)


@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_learns_the_moments_of_what_its_kernel_sees(bias: bool) -> None:
    network = every_kind_of_layer(bias=bias)
    plain = exported(bias=bias)
    images = SPEC.normalise(PIXELS)
    layers = _layers(plain, int8.quantise(plain, PIXELS, SPEC))
    _look_at_inputs(layers, plain, [images[:20], images[20:]])
    x = torch.from_numpy(images)
    modules = [module for module in network if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len(layers) == len(modules) == 4
    found = iter(layers)
    for module in network:
        if isinstance(module, nn.Conv2d):
            shape = {name: getattr(module, name) for name in ("dilation", "padding", "stride")}
            columns = nn.functional.unfold(x, module.kernel_size, **shape)
            _check_moments(next(found), columns.transpose(1, 2).flatten(0, 1), module.groups, bias)
        elif isinstance(module, nn.Linear):
            _check_moments(next(found), x, 1, bias)
        with torch.no_grad():
            x = module(x)


def test_a_larger_map_is_looked_at_in_some_places() -> None:
    """Of even colours, so that every place shows the same."""
    colours = np.random.default_rng(1).normal(size=(30, 3)).astype(np.float32)
    torch.manual_seed(0)
    plain = to_onnx(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), 16)
    layers = _layers(plain, int8.quantise(plain, PIXELS, SPEC))
    _look_at_inputs(layers, plain, [np.broadcast_to(colours[:, :, None, None], (30, 3, 16, 16))])
    (layer,) = layers
    assert layer._seen == 30 * 64
    _check_moments(layer, torch.from_numpy(colours.repeat(9, axis=1)), 1, about_mean=True)


def _check_moments(layer: _Layer, columns: torch.Tensor, groups: int, about_mean: bool) -> None:
    """About the mean where a bias can take it."""
    for group, each in enumerate(columns.double().reshape(len(columns), groups, -1).unbind(1)):
        centred = each - each.mean(0) if about_mean else each
        expected = (centred.T @ centred / len(each)).numpy()
        np.testing.assert_allclose(layer.moments()[group], expected, atol=1e-5)


def to_nearest(plain: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> onnx.ModelProto:
    """Quantised as ONNX Runtime leaves it, every weight at its nearest integer."""
    with monkeypatch.context() as patch:
        patch.setattr(int8, "round_weights", lambda *_, **__: None)
        return int8.quantise(plain, PIXELS[:24], SPEC)


@pytest.mark.parametrize("bias", [True, False])
def test_the_quantised_network_errs_less(bias: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = exported(bias=bias)
    better = int8.quantise(plain, PIXELS[:24], SPEC)
    nearest = to_nearest(plain, monkeypatch)
    exact, good, plainly = (_logits(model) for model in (plain, better, nearest))
    assert 0 < np.abs(good - exact).mean() < 0.8 * np.abs(plainly - exact).mean()


def test_a_dense_layer_with_its_weight_the_other_way_round_is_rounded_alike() -> None:
    class Dense(nn.Module):
        def __init__(self, linear: nn.Linear) -> None:
            super().__init__()
            self.weight = nn.Parameter(linear.weight.T.clone())
            self.bias = linear.bias

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.addmm(self.bias, x, self.weight)

    torch.manual_seed(0)
    linear = nn.Linear(12, 5)
    found = []
    for dense, is_transposed in ((linear, 1), (Dense(linear), 0)):
        plain = to_onnx(nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), dense), 16)
        (gemm,) = (node for node in plain.graph.node if node.op_type == "Gemm")
        assert {a.name: a.i for a in gemm.attribute}["transB"] == is_transposed
        found.append(_logits(int8.quantise(plain, PIXELS[:24], SPEC)))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5, atol=1e-6)


def test_inputs_that_never_change_are_no_obstacle() -> None:
    """Of a layer behind another whose activations are all dead."""
    torch.manual_seed(0)
    dead, bias_alone, last = nn.Conv2d(3, 64, 1), nn.Conv2d(64, 64, 1), nn.Conv2d(64, 4, 1)
    with torch.no_grad():
        dead.bias.fill_(-100)  # type: ignore[union-attr]
        bias_alone.bias.uniform_(10, 20)  # type: ignore[union-attr]
    layers = (dead, nn.ReLU(), bias_alone, nn.ReLU(), last, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    plain = to_onnx(nn.Sequential(*layers), 16)
    exact = _logits(plain)
    np.testing.assert_allclose(
        _logits(int8.quantise(plain, PIXELS, SPEC)), exact, atol=0.02 * np.abs(exact).max()
    )


def test_a_convolution_of_sequences_keeps_the_nearest_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    plain = to_onnx(
        nn.Sequential(nn.Flatten(2), nn.Conv1d(3, 8, 5), nn.AdaptiveAvgPool1d(1), nn.Flatten()), 16
    )
    found = int8.quantise(plain, PIXELS[:24], SPEC)
    assert found.SerializeToString() == to_nearest(plain, monkeypatch).SerializeToString()


def test_only_weights_and_biases_change(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = exported(bias=True)
    better = int8.quantise(plain, PIXELS[:24], SPEC)
    nearest = to_nearest(plain, monkeypatch)
    assert [node.SerializeToString() for node in better.graph.node] == [
        node.SerializeToString() for node in nearest.graph.node
    ]
    changed = {
        new.data_type
        for new, old in zip(better.graph.initializer, nearest.graph.initializer, strict=True)
        if new.SerializeToString() != old.SerializeToString()
    }
    assert changed == {onnx.TensorProto.INT8, onnx.TensorProto.INT32}


def _logits(model: onnx.ModelProto) -> Floats:
    """Of images that the rounding has not seen."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (logits,) = session.run([LOGITS], {INPUT: SPEC.normalise(PIXELS[24:])})
    return logits.astype(np.float64)  # type: ignore[no-any-return]
