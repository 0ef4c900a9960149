"""Round the weights of a quantised network so that its layers answer as they did in floats.

The nearest integer is the best rounding of one weight alone. A layer adds up many, so here each weight in
turn also makes up for the errors of those before it, as far as their inputs go together on real images (GPTQ,
Frantar et al. 2023, arXiv:2210.17323). What is left in the mean goes into the bias (Nagel et al. 2019,
arXiv:1906.04721, section 4.2).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from dermdistill.export.network import INPUT

Floats = NDArray[np.float64]

_PLACES = 64
"""Places of an image at which the inputs of a convolution are looked at."""
_DAMPING = 0.01
"""Added to the diagonal of the inputs' moments, as a share of its mean (GPTQ, section 4, step 3)."""
_BLOCK = 128
"""Columns after which the others are moved, all at once; it only saves time (GPTQ, section 4, step 2)."""


def round_weights(
    quantised: ModelProto, network: ModelProto, batches: Iterable[NDArray[np.float32]], *, limit: int
) -> None:
    """Round the weights of convolutions of images and of dense layers anew and move their biases, in place.

    Other layers keep the nearest integers: convolutions of sequences, transposed ones, products of matrices.

    Args:
        quantised: made of ``network`` by ONNX Runtime, in its QDQ format; all scales and zero points stay.
        network: the same network in floats.
        batches: what goes into it, ``(N, 3, S, S)`` each, normalised; a few hundred training images.
        limit: the largest magnitude of a rounded weight.
    """
    layers = _layers(network, quantised)
    _look_at_inputs(layers, network, batches)
    for layer in layers:
        layer.store(round_to_inputs(layer.weight / layer.scale, layer.moments(), limit))


def round_to_inputs(weight: Floats, moments: Floats, limit: int) -> Floats:
    """Integers that keep the squares of ``(weight - integers) @ inputs`` small: GPTQ, algorithm 1.

    Computed as LDLQ (Chee et al. 2023, arXiv:2307.13304), which gives the same and inverts no matrix.

    Args:
        weight: ``(groups, rows, columns)``, in steps of the rounded weight.
        moments: second moments of the inputs, ``(groups, columns, columns)``.
        limit: the largest magnitude of an integer.
    """
    columns = weight.shape[2]
    damping = _DAMPING * np.trace(moments, axis1=1, axis2=2) / columns
    # Where all inputs are zero any rounding serves.
    damped = _with_larger_diagonal(moments, np.maximum(damping, 1e-12))
    # Upper triangular, with moments = factor @ factor.T; the usual one is lower.
    factor = np.linalg.cholesky(damped[:, ::-1, ::-1])[:, ::-1, ::-1]
    feedback = factor / np.diagonal(factor, axis1=1, axis2=2)[:, None, :]
    wanted, rounded = weight.copy(), np.empty_like(weight)
    for start in range(0, columns, _BLOCK):
        end = min(start + _BLOCK, columns)
        for j in range(start, end):
            rounded[:, :, j] = np.clip(np.rint(wanted[:, :, j]), -limit, limit)
            error = weight[:, :, j] - rounded[:, :, j]
            wanted[:, :, j + 1 : end] += error[:, :, None] * feedback[:, None, j, j + 1 : end]
        errors = weight[:, :, start:end] - rounded[:, :, start:end]
        wanted[:, :, end:] += errors @ feedback[:, start:end, end:]
    return rounded


def _with_larger_diagonal(matrices: Floats, by: Floats) -> Floats:
    """Square matrices ``(groups, n, n)``, each plus its own multiple of the identity."""
    larger, diagonal = matrices.copy(), np.arange(matrices.shape[1])
    larger[:, diagonal, diagonal] += by[:, None]
    return larger


class _Layer:
    """A convolution or dense layer as matrices, one per group, that multiply columns of inputs."""

    def __init__(self, node: NodeProto, weight: NDArray[np.float32], twin: "_Twin") -> None:
        self._attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        self.inputs = node.input[0]
        self._is_transposed = node.op_type == "Gemm" and not self._attributes.get("transB", 0)
        self._kernel = weight.shape[2:]
        self._twin = twin
        groups = self._attributes.get("group", 1)
        matrix = weight.T if self._is_transposed else weight
        self.weight: Floats = matrix.reshape(groups, len(matrix) // groups, -1).astype(np.float64)
        self.scale: Floats = np.broadcast_to(twin.weight_scale, len(matrix)).reshape(groups, -1, 1)
        columns = self.weight.shape[2]
        self._seen, self._sum = 0, np.zeros((groups, columns))
        self._products = np.zeros((groups, columns, columns))

    def look_at(self, inputs: NDArray[np.float32], random: np.random.Generator) -> None:
        """Learn from what goes in: ``(N, channels, H, W)``, or ``(N, channels)``."""
        columns = self._windows(inputs, random) if self._kernel else inputs
        groups = self.weight.shape[0]
        each = columns.reshape(len(columns), groups, -1).transpose(1, 2, 0).astype(np.float64)
        self._seen += len(columns)
        self._sum += each.sum(axis=2)
        self._products += each @ each.transpose(0, 2, 1)

    def moments(self) -> Floats:
        """Second moments of the inputs, ``(groups, columns, columns)``.

        They are about the means where there is a bias, because it takes what the errors do to the mean.
        """
        raw = self._products / self._seen
        if not self._twin.has_bias:
            return raw
        mean = self._sum / self._seen
        # Of inputs that hardly vary nothing is left but rounding errors, which must not make it indefinite.
        errors = 1e-9 * np.trace(raw, axis1=1, axis2=2) / raw.shape[1]
        return _with_larger_diagonal(raw - mean[:, :, None] * mean[:, None, :], errors)

    def store(self, rounded: Floats) -> None:
        """Write the rounded weights; move the bias, if there is one, by what their errors do to the mean."""
        matrix = rounded.reshape(-1, rounded.shape[2])
        self._twin.write(matrix.T if self._is_transposed else matrix)
        if self._twin.has_bias:
            mean = (self._sum / self._seen)[:, :, None]
            self._twin.move_bias(((self.weight - rounded * self.scale) @ mean).ravel())

    def _windows(self, inputs: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
        """What the kernel sees at some places of every image, ``(N * places, channels, *kernel)``."""
        top, start, bottom, end = self._attributes.get("pads", (0, 0, 0, 0))
        down, along = self._attributes.get("strides", (1, 1))
        rows, columns = self._attributes.get("dilations", (1, 1))
        padded = np.pad(inputs, ((0, 0), (0, 0), (top, bottom), (start, end)))
        reach = ((self._kernel[0] - 1) * rows + 1, (self._kernel[1] - 1) * columns + 1)
        windows = sliding_window_view(padded, reach, axis=(2, 3))[:, :, ::down, ::along, ::rows, ::columns]
        height, width = windows.shape[2:4]
        places = random.choice(height * width, min(_PLACES, height * width), replace=False)
        seen = windows[:, :, places // width, places % width].swapaxes(1, 2)
        return np.ascontiguousarray(seen).reshape(-1, inputs.shape[1], *self._kernel)


class _Twin:
    """The integers of a layer in the quantised network."""

    def __init__(
        self, node: NodeProto, producers: dict[str, NodeProto], constants: dict[str, TensorProto]
    ) -> None:
        tensors = [[constants[part] for part in producers[name].input[:2]] for name in node.input[1:]]
        self._weight, weight_scale = tensors[0]
        self._bias = tensors[1] if len(tensors) > 1 else None
        self.weight_scale = numpy_helper.to_array(weight_scale).astype(np.float64)

    @property
    def has_bias(self) -> bool:
        return self._bias is not None

    def write(self, weight: Floats) -> None:
        """Replace the weights, in the order of their tensor."""
        old = numpy_helper.to_array(self._weight)
        _replace(self._weight, weight.reshape(old.shape).astype(old.dtype))

    def move_bias(self, change: Floats) -> None:
        """Add floats to the bias."""
        assert self._bias is not None
        steps, scale = (numpy_helper.to_array(tensor) for tensor in self._bias)
        _replace(self._bias[0], (steps + np.rint(change / scale)).astype(steps.dtype))


def _replace(tensor: TensorProto, values: NDArray[Any]) -> None:
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _layers(network: ModelProto, quantised: ModelProto) -> list[_Layer]:
    """The convolutions of images and dense layers with a fixed weight, in the order of computation."""
    weights = {tensor.name: tensor for tensor in network.graph.initializer}
    constants = {tensor.name: tensor for tensor in quantised.graph.initializer}
    producers = {name: node for node in quantised.graph.node for name in node.output}
    twins = {node.name: node for node in quantised.graph.node}
    return [
        _Layer(
            node, numpy_helper.to_array(weights[node.input[1]]), _Twin(twins[node.name], producers, constants)
        )
        for node in network.graph.node
        if node.op_type in ("Conv", "Gemm")
        and node.input[1] in weights
        and len(weights[node.input[1]].dims) in (2, 4)
    ]


def _look_at_inputs(
    layers: list[_Layer], network: ModelProto, batches: Iterable[NDArray[np.float32]]
) -> None:
    """Run the network in floats and show every layer what goes into it."""
    watched = ModelProto()
    watched.CopyFrom(network)
    inner = sorted({layer.inputs for layer in layers} - {INPUT})
    watched.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in inner)
    names = [output.name for output in watched.graph.output]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    content = watched.SerializeToString()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    for batch in batches:
        seen = {INPUT: batch, **dict(zip(names, session.run(names, {INPUT: batch}), strict=True))}
        for layer in layers:
            layer.look_at(seen[layer.inputs], random)
