"""The whole way inside one ONNX graph: pixels of any size in, calibrated P(melanoma) out.

Resize, normalisation, network, softmax and calibration are in the graph, so that every platform that runs
ONNX gives the same answer; the description of the model is in the file's metadata.

Input ``pixels``: RGB uint8 ``(N, H, W, 3)``, any H and W. Outputs: ``probability`` ``(N,)``, P(melanoma);
``probabilities`` ``(N, C)``, of all classes; ``statistics`` ``(N, 7)`` (see ``inference.reference``).
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from dermdistill.export.network import INPUT, LOGITS
from dermdistill.inference.calibration import Calibration
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import DESCRIPTION
from dermdistill.inference.reference import LUMINANCE, SHARPNESS_FLOOR, STATISTICS

# ONNX Runtime 1.20, the oldest that is supported, reads up to this.
_IR_VERSION = 10
_LAPLACIAN = ((0, 1, 0), (1, -4, 1), (0, 1, 0))


class _Builder:
    """Collects nodes and constants under readable names."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, operator: str, output: str, *inputs: str, **attributes: int | str | list[int]) -> str:
        node = helper.make_node(operator, list(inputs), [output], name=output)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return output

    def mean(self, output: str, value: str, axes: tuple[int, ...], keepdims: int) -> str:
        over = self.constant(f"{output}/axes", np.array(axes, dtype=np.int64))
        return self.add("ReduceMean", output, value, over, keepdims=keepdims)


def assemble(network: ModelProto, info: ModelInfo) -> ModelProto:
    """Put preprocessing before and calibration behind a network of ``export.network.to_onnx``.

    Args:
        network: normalised pixels to logits; may be quantised.
        info: its description, written into the file; its calibration, or none, is built into the graph.
    """
    builder = _Builder()
    unit = _preprocess(builder, info)
    builder.nodes.extend(network.graph.node)
    builder.constants.extend(network.graph.initializer)
    _calibrated(builder, info)
    _statistics(builder, unit)
    graph = helper.make_graph(
        builder.nodes,
        "dermdistill",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", "H", "W", 3])],
        [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", len(info.classes)]),
            helper.make_tensor_value_info("statistics", TensorProto.FLOAT, ["N", len(STATISTICS)]),
        ],
        initializer=builder.constants,
    )
    model = helper.make_model(
        graph, producer_name="dermdistill", opset_imports=list(network.opset_import), ir_version=_IR_VERSION
    )
    helper.set_model_props(model, {DESCRIPTION: info.to_json()})
    onnx.checker.check_model(model)
    return model


def described_anew(model: bytes, info: ModelInfo) -> bytes:
    """The same file with another description; what is built into the graph does not change with it."""
    proto = onnx.load_model_from_string(model)
    helper.set_model_props(proto, {DESCRIPTION: info.to_json()})
    content: bytes = proto.SerializeToString()
    return content


def _preprocess(builder: _Builder, info: ModelInfo) -> str:
    """Resize and normalise; returns the name of the resized pixels ``(N, 3, S, S)`` on the scale 0..1."""
    spec = info.input
    size = builder.constant("preprocess/size", np.array([spec.size, spec.size], dtype=np.int64))
    # The same filter, on uint8, that Pillow resized the training images with (``data.images.resize``).
    resized = builder.add(
        *("Resize", "preprocess/resized", "pixels", "", "", size), antialias=1, mode="linear", axes=[1, 2]
    )
    floats = builder.add("Cast", "preprocess/float", resized, to=TensorProto.FLOAT)
    full = builder.constant("preprocess/255", np.array(255, dtype=np.float32))
    scaled = builder.add("Div", "preprocess/scaled", floats, full)
    unit = builder.add("Transpose", "preprocess/unit", scaled, perm=[0, 3, 1, 2])
    mean, std = (
        builder.constant(f"preprocess/{name}", np.array(values, dtype=np.float32).reshape(1, 3, 1, 1))
        for name, values in (("mean", spec.mean), ("std", spec.std))
    )
    builder.add("Div", INPUT, builder.add("Sub", "preprocess/centred", unit, mean), std)
    return unit


def _calibrated(builder: _Builder, info: ModelInfo) -> None:
    """Logits to calibrated probabilities; in log-odds, which lose nothing near 0 and 1."""
    calibration = info.calibration or Calibration()
    classes = len(info.classes)
    others = [i for i in range(classes) if i != info.melanoma]
    logits = LOGITS
    if info.output == "softmax-of-softmax":
        logits = builder.add("Softmax", "calibrate/squashed", LOGITS, axis=1)
    logs = builder.add("LogSoftmax", "calibrate/log", logits, axis=1)
    parts = {}
    for name, columns in (("melanoma", [info.melanoma]), ("others", others)):
        chosen = builder.constant(f"calibrate/{name}/columns", np.array(columns, dtype=np.int64))
        parts[name] = builder.add("Gather", f"calibrate/{name}", logs, chosen, axis=1)
    axis = builder.constant("calibrate/axis", np.array([1], dtype=np.int64))
    rest = builder.add("ReduceLogSumExp", "calibrate/rest", parts["others"], axis, keepdims=1)
    odds = builder.add("Sub", "calibrate/log_odds", parts["melanoma"], rest)
    slope, intercept = (
        builder.constant(f"calibrate/{name}", np.array(value, dtype=np.float32))
        for name, value in (("slope", calibration.slope), ("intercept", calibration.intercept))
    )
    moved = builder.add(
        "Add", "calibrate/moved", builder.add("Mul", "calibrate/scaled", odds, slope), intercept
    )
    melanoma = builder.add("Sigmoid", "calibrate/probability", moved)
    left = builder.add("Sigmoid", "calibrate/left", builder.add("Neg", "calibrate/negative", moved))
    shares = builder.add("Softmax", "calibrate/shares", parts["others"], axis=1)
    shared = builder.add("Mul", "calibrate/shared", shares, left)
    joined = builder.add("Concat", "calibrate/joined", shared, melanoma, axis=1)
    order = [classes - 1 if i == info.melanoma else others.index(i) for i in range(classes)]
    places = builder.constant("calibrate/order", np.array(order, dtype=np.int64))
    builder.add("Gather", "probabilities", joined, places, axis=1)
    builder.add("Squeeze", "probability", melanoma, axis)


def _statistics(builder: _Builder, unit: str) -> None:
    """The seven statistics of ``inference.reference``."""
    means = builder.mean("statistics/means", unit, (2, 3), keepdims=0)
    centre = builder.mean("statistics/centre", unit, (2, 3), keepdims=1)
    offset = builder.add("Sub", "statistics/offset", unit, centre)
    variance = builder.mean(
        "statistics/variance", builder.add("Mul", "statistics/square", offset, offset), (2, 3), keepdims=0
    )
    deviations = builder.add("Sqrt", "statistics/deviations", variance)
    kernel = np.array(LUMINANCE).reshape(1, 3, 1, 1) * np.array(_LAPLACIAN).reshape(1, 1, 3, 3)
    edges = builder.add(
        "Conv",
        "statistics/edges",
        unit,
        builder.constant("statistics/laplacian", kernel.astype(np.float32)),
    )
    energy = builder.mean(
        "statistics/energy", builder.add("Mul", "statistics/edges_squared", edges, edges), (2, 3), keepdims=0
    )
    floor = builder.constant("statistics/floor", np.array(SHARPNESS_FLOOR, dtype=np.float32))
    sharpness = builder.add(
        "Log", "statistics/sharpness", builder.add("Add", "statistics/lifted", energy, floor)
    )
    builder.add("Concat", "statistics", means, deviations, sharpness, axis=1)
