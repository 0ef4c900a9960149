"""The part of a model file that says whether a picture is a dermoscopic photograph at all.

It looks at the means of the network's last feature maps, on which the network's own answer rests too. One
linear output is fitted on training images and on pictures of other kinds (a "classifier with a reject
class"); early and late maps together do better than the last alone. Beside it stands the Mahalanobis distance
of the last map's means from the training images' (Lee et al., NeurIPS 2018), for pictures like neither kind.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from dermdistill.export.builder import Builder
from dermdistill.inference.features import before_last_layer

ANSWERS, FEATURES, LAST = "detector/answers", "detector/features", "detector/last"

_MAPS = 8
_ROUNDING = ("QuantizeLinear", "DequantizeLinear")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """What turns features ``(N, F)`` into answers.

    Attributes:
        weights: ``(F,)``, of the linear output.
        bias: its constant.
        centre: ``(L,)``, mean of the last L features of the training images.
        whitening: ``(L, K)``; distances of whitened features are Mahalanobis', along K directions.
    """

    weights: NDArray[np.float32]
    bias: float
    centre: NDArray[np.float32]
    whitening: NDArray[np.float32]

    def answers(self, features: Floats) -> Floats:
        """Log-odds and distance ``(N, 2)``, the L features last; the graph computes the same."""
        log_odds = features @ self.weights + self.bias
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


def add_features(builder: Builder, network: ModelProto) -> bool:
    """Add the means of the feature maps, ``detector/features`` ``(N, F)``, and those of the last map alone.

    False where there is nothing to look at.
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
    joined = builder.add("Concat", "detector/means", *means, axis=1)
    builder.add("Flatten", FEATURES, joined, axis=1)
    builder.add("Flatten", LAST, means[-1], axis=1)
    return True


def add_answers(builder: Builder, detector: Detector) -> None:
    """Add the output ``detector/answers`` ``(N, 2)`` to a graph that has the features."""
    weights = builder.constant("detector/weights", detector.weights[:, None])
    bias = builder.constant("detector/bias", np.array([detector.bias], dtype=np.float32))
    log_odds = builder.add("Gemm", "detector/log_odds", FEATURES, weights, bias)
    centre = builder.constant("detector/centre", detector.centre)
    # A distance needs no more than half precision: a thirtieth of a small file's bytes. A factor keeps the
    # numbers in its range.
    factor = np.float32(max(np.abs(detector.whitening).max().item(), float(np.finfo(np.float32).tiny)))
    halves = builder.constant("detector/whitening", (detector.whitening / factor).astype(np.float16))
    whitening = builder.add("Cast", "detector/float_whitening", halves, to=TensorProto.FLOAT)
    offset = builder.add("Sub", "detector/offset", LAST, centre)
    white = builder.add("MatMul", "detector/white", offset, whitening)
    axes = builder.constant("detector/axes", np.array([1], dtype=np.int64))
    length = builder.add("ReduceL2", "detector/length", white, axes, keepdims=1)
    distance = builder.add(
        "Mul", "detector/distance", length, builder.constant("detector/factor", np.array(factor))
    )
    builder.add("Concat", ANSWERS, log_odds, distance, axis=1)


def detector_of(model: ModelProto) -> Detector | None:
    """The detector inside what ``export.graph.assemble`` made; None where it has none."""
    constants = {
        tensor.name: tensor for tensor in model.graph.initializer if tensor.name.startswith("detector/")
    }
    if "detector/weights" not in constants:
        return None
    weights, bias, centre, whitening = (
        numpy_helper.to_array(constants[f"detector/{name}"])
        for name in ("weights", "bias", "centre", "whitening")
    )
    # Files of the first detectors have no factor.
    stored = constants.get("detector/factor")
    factor = np.float32(1) if stored is None else numpy_helper.to_array(stored)
    return Detector(weights[:, 0], float(bias[0]), centre, whitening.astype(np.float32) * factor)
