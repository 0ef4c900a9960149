"""The part of a model file that says whether a picture is a dermoscopic photograph at all.

It looks at the network's last feature maps, on which the network's own answer rests too: at the mean of each
and at that of its inner part, where a lesion is. Multinomial logistic regression tells training images from
pictures of other kinds (a "classifier with reject classes"), each kind a class; early and late maps together
do better than the last alone. Beside it stands the Mahalanobis distance of the last map's means from the
training images' (Lee et al., NeurIPS 2018), for pictures like no kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from dermdistill.export.builder import Builder
from dermdistill.export.network import INPUT
from dermdistill.inference.features import before_last_layer

ANSWERS, FEATURES, LAST = "detector/answers", "detector/features", "detector/last"

_MAPS = 8
_ROUNDING = ("QuantizeLinear", "DequantizeLinear")
Floats = NDArray[np.float64]
AnyFloats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """What turns features ``(N, F)`` into answers; weights and whitening are ``in_half_precision``.

    Attributes:
        weights: ``(F, K)``, of a linear output for each kind of other pictures: the log of the odds of that
            kind to a dermoscopic photograph.
        biases: ``(K,)``, their constants.
        centre: ``(L,)``, mean of the last L features of the training images.
        whitening: ``(L, D)``; distances of whitened features are Mahalanobis', along D directions.
    """

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    centre: NDArray[np.float32]
    whitening: NDArray[np.float32]

    def answers(self, features: Floats) -> Floats:
        """Log-odds of any other kind, and distance ``(N, 2)``, the L features last; as the graph does it."""
        log_odds = np.logaddexp.reduce(features @ self.weights + self.biases, axis=1)
        offset = (features[:, -len(self.centre) :] - self.centre) @ self.whitening
        return np.column_stack([log_odds, np.sqrt((offset**2).sum(axis=1))])


def looked_at(network: ModelProto) -> list[str]:
    """Names of the feature maps that the detector looks at, in order; empty where the graph has none.

    They are the last eight outputs of blocks that no activation follows: sums, and convolutions that narrow
    (the linear bottlenecks of mobile networks; in 8-bit files other convolutions lose their activations to
    the rounding). In a network without any it is the input of its last layer, which is no map any more.
    """
    made_by = {output: node for node in network.graph.node for output in node.output}
    shapes = {tensor.name: tuple(tensor.dims) for tensor in network.graph.initializer}

    def origin(name: str) -> NodeProto | None:
        node = made_by.get(name)
        while node is not None and node.op_type in _ROUNDING:
            node = made_by.get(node.input[0])
        return node

    def is_linear(node: NodeProto) -> bool:
        if node.op_type != "Conv":
            return node.op_type == "Add"
        rounded = made_by.get(node.input[1])
        weights = shapes.get(node.input[1] if rounded is None else rounded.input[0])
        return weights is not None and weights[0] < weights[1]  # outputs, inputs

    pooled = [
        node for node in network.graph.node if node.op_type in ("Conv", "GlobalAveragePool", "ReduceMean")
    ]
    maps = dict.fromkeys(
        node.input[0]
        for node in pooled
        if (source := origin(node.input[0])) is not None and is_linear(source)
    )
    if len(maps) > 1:
        return list(maps)[-_MAPS:]
    dense = before_last_layer(network.SerializeToString())
    return [] if dense is None else [dense]


def add_features(builder: Builder, network: ModelProto, size: int) -> bool:
    """Add what the detector looks at, ``detector/features`` ``(N, F)``, and the means of the last map alone.

    The features are the means of the inner halves of all maps, then those of the whole maps. False where
    there is nothing to look at.

    Args:
        builder: has the network already.
        network: see ``looked_at``.
        size: side of its input, pixels.
    """
    names = looked_at(network)
    if not names:
        return False
    if len(names) == 1:
        builder.add("Flatten", FEATURES, names[0], axis=1)
        builder.add("Identity", LAST, FEATURES)
        return True
    # Global pooling, not a mean over axes: the runtime keeps its own layout of the maps for it.
    means = [builder.add("GlobalAveragePool", f"detector/mean{i}", name) for i, name in enumerate(names)]
    inner = _inner_means(builder, names, _sides(network, size))
    joined = builder.add("Concat", "detector/means", inner, *means, axis=1)
    builder.add("Flatten", FEATURES, joined, axis=1)
    builder.add("Flatten", LAST, means[-1], axis=1)
    return True


def _inner_means(builder: Builder, names: Sequence[str], sides: Mapping[str, int]) -> str:
    """Means of all maps without a quarter of their side, rounded down, at each border ``(N, C, 1, 1)``.

    Pooling with a step of that quarter has 3 x 3 results, of which the one in the middle is wanted. To cut a
    part out of every map would cost more: for that the runtime leaves its own layout of the maps.
    """
    pooled = []
    for i, name in enumerate(names):
        quarter = sides[name] // 4
        # A map of less than four pixels has no quarter to leave out; with a border of nothing, 3 x 3 results.
        border = 0 if quarter else 1
        pooled.append(
            builder.add(
                *("AveragePool", f"detector/pooled{i}", name),
                kernel_shape=2 * [sides[name] - 2 * quarter],
                strides=2 * [max(quarter, 1)],
                pads=4 * [border],
                count_include_pad=0,
            )
        )
    joined = builder.add("Concat", "detector/pooled", *pooled, axis=1)
    bounds = [
        builder.constant(f"detector/{name}", np.array(values, dtype=np.int64))
        for name, values in (("from", [1, 1]), ("to", [2, 2]), ("along", [2, 3]))
    ]
    return builder.add("Slice", "detector/inner", joined, *bounds)


def _sides(network: ModelProto, size: int) -> dict[str, int]:
    """The side of every square map of a network, by its name."""
    whole = ModelProto()
    whole.CopyFrom(network)
    if not whole.graph.input:  # of a network taken out of a model file
        whole.graph.input.append(
            helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", 3, size, size])
        )
    shapes = onnx.shape_inference.infer_shapes(whole).graph.value_info
    return {
        each.name: dims[2].dim_value for each in shapes if len(dims := each.type.tensor_type.shape.dim) == 4
    }


def add_answers(builder: Builder, detector: Detector) -> None:
    """Add the output ``detector/answers`` ``(N, 2)`` to a graph that has the features."""
    weights, factor = _half(builder, "weights", detector.weights)
    biases = builder.constant("detector/biases", detector.biases)
    axes = builder.constant("detector/axes", np.array([1], dtype=np.int64))
    of_kinds = builder.add("Gemm", "detector/of_kinds", FEATURES, weights, biases, alpha=factor)
    log_odds = builder.add("ReduceLogSumExp", "detector/log_odds", of_kinds, axes, keepdims=1)
    centre = builder.constant("detector/centre", detector.centre)
    whitening, factor = _half(builder, "whitening", detector.whitening)
    offset = builder.add("Sub", "detector/offset", LAST, centre)
    white = builder.add("MatMul", "detector/white", offset, whitening)
    length = builder.add("ReduceL2", "detector/length", white, axes, keepdims=1)
    unit = builder.constant("detector/unit", np.array(factor, dtype=np.float32))
    distance = builder.add("Mul", "detector/distance", length, unit)
    builder.add("Concat", ANSWERS, log_odds, distance, axis=1)


def in_half_precision(values: AnyFloats) -> NDArray[np.float32]:
    """The nearest values that a file can hold: it has half the bytes for weights and whitening."""
    factor = _factor(values)
    return (values / factor).astype(np.float16).astype(np.float32) * np.float32(factor)


def _half(builder: Builder, name: str, values: NDArray[np.float32]) -> tuple[str, float]:
    """Add values of ``in_half_precision``; returns the name of what has to be multiplied by the factor."""
    factor = _factor(values)
    halves = builder.constant(f"detector/{name}", (values / factor).astype(np.float16))
    return builder.add("Cast", f"detector/float_{name}", halves, to=TensorProto.FLOAT), factor


def _factor(values: AnyFloats) -> float:
    """A power of two, by which dividing loses nothing, so that all values are in the range of a half."""
    return float(2.0 ** np.ceil(np.log2(max(np.abs(values).max(initial=0), np.finfo(np.float32).tiny))))


def detector_of(model: ModelProto) -> Detector | None:
    """The detector inside what ``export.graph.assemble`` made; None where it has none."""
    constants = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tensor.name.startswith("detector/")
    }
    if "detector/weights" not in constants:
        return None
    (gemm,) = [node for node in model.graph.node if node.name == "detector/of_kinds"]
    factor = helper.get_node_attr_value(gemm, "alpha")
    return Detector(
        weights=constants["detector/weights"].astype(np.float32) * np.float32(factor),
        biases=constants["detector/biases"],
        centre=constants["detector/centre"],
        whitening=constants["detector/whitening"].astype(np.float32) * constants["detector/unit"],
    )
