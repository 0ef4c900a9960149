"""The whole way inside one ONNX graph: pixels of any size in, calibrated P(melanoma) out.

Halving, resize, normalisation, network, softmax and calibration are in the graph, so that every platform that
runs ONNX gives the same answer; the description of the model is in the file's metadata.

Input ``pixels``: RGB uint8 ``(N, H, W, 3)``, any H and W. Outputs: ``probability`` ``(N,)``, P(melanoma);
``probabilities`` ``(N, C)``, of all classes; ``statistics`` ``(N, 7)`` (see ``inference.reference``); where
there is a detector, ``detector/answers`` ``(N, 2)`` (see ``inference.detector``).
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from dermdistill.export.builder import Builder
from dermdistill.export.detector import ANSWERS, FEATURES, LAST, Detector, add_answers, add_features
from dermdistill.export.network import INPUT, LOGITS, PREFIX
from dermdistill.inference.calibration import Calibration
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import DESCRIPTION
from dermdistill.inference.reference import LUMINANCE, SHARPNESS_FLOOR, STATISTICS

# ONNX Runtime 1.20, the oldest that is supported, reads up to this.
_IR_VERSION = 10
_BODY = "preprocess/halving/"


def assemble(network: ModelProto, info: ModelInfo, detector: Detector | None = None) -> ModelProto:
    """Put preprocessing before and calibration behind a network of ``export.network.to_onnx``.

    Args:
        network: normalised pixels to logits; may be quantised.
        info: its description, written into the file; its calibration, or none, is built into the graph.
        detector: of pictures that are no dermoscopic photographs.
    """
    builder = Builder()
    unit = _preprocess(builder, info)
    builder.nodes.extend(network.graph.node)
    builder.constants.extend(network.graph.initializer)
    _calibrated(builder, info)
    _statistics(builder, unit, info.input.size)
    outputs = [
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N"]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", len(info.classes)]),
        helper.make_tensor_value_info("statistics", TensorProto.FLOAT, ["N", len(STATISTICS)]),
    ]
    if detector is not None and add_features(builder, network, info.input.size):
        add_answers(builder, detector)
        outputs.append(helper.make_tensor_value_info(ANSWERS, TensorProto.FLOAT, ["N", 2]))
    return _model(builder, outputs, network, info)


def assemble_features(network: ModelProto, info: ModelInfo) -> ModelProto | None:
    """Pixels in, what a detector looks at out: ``(N, F)``, ``(N, L)``; None where there is nothing."""
    builder = Builder()
    _preprocess(builder, info)
    builder.nodes.extend(network.graph.node)
    builder.constants.extend(network.graph.initializer)
    if not add_features(builder, network, info.input.size):
        return None
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", None]) for name in (FEATURES, LAST)
    ]
    return _model(builder, outputs, network, info)


def _model(
    builder: Builder, outputs: Sequence[ValueInfoProto], network: ModelProto, info: ModelInfo
) -> ModelProto:
    graph = helper.make_graph(
        builder.nodes,
        "dermdistill",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", "H", "W", 3])],
        outputs,
        initializer=builder.constants,
        value_info=builder.known,
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


def network_of(model: ModelProto) -> ModelProto:
    """The network inside what ``assemble`` made, as it was before."""
    nodes = [node for node in model.graph.node if node.name.startswith(PREFIX) and INPUT not in node.output]
    constants = [tensor for tensor in model.graph.initializer if tensor.name.startswith(PREFIX)]
    graph = helper.make_graph(nodes, "network", [], [], initializer=constants)
    return helper.make_model(graph, opset_imports=list(model.opset_import))


def description_of(model: ModelProto, name: str) -> ModelInfo:
    """The description inside what ``assemble`` made; ``name`` leads the UserError where there is none."""
    found = {entry.key: entry.value for entry in model.metadata_props}.get(DESCRIPTION, "")
    return ModelInfo.from_json(found, name)


def _preprocess(builder: Builder, info: ModelInfo) -> str:
    """As ``InputSpec`` says; returns the name of the resized pixels ``(N, 3, S, S)`` on the scale 0..1."""
    spec = info.input
    large = "pixels" if spec.halve_from is None else _halved(builder, spec.halve_from)
    size = builder.constant("preprocess/size", np.array([spec.size, spec.size], dtype=np.int64))
    # The same filter, on uint8, that Pillow resized the training images with (``data.images.resize``).
    resized = builder.add(
        *("Resize", "preprocess/resized", large, "", "", size), antialias=1, mode="linear", axes=[1, 2]
    )
    floats = builder.add("Cast", "preprocess/float", resized, to=TensorProto.FLOAT)
    full = builder.constant("preprocess/255", np.array(255, dtype=np.float32))
    scaled = builder.add("Div", "preprocess/scaled", floats, full)
    unit = builder.add("Transpose", "preprocess/unit", scaled, perm=[0, 3, 1, 2])
    mean, std = (
        builder.constant(f"preprocess/{name}", np.array(values, dtype=np.float32).reshape(1, 3, 1, 1))
        for name, values in (("mean", spec.mean), ("std", spec.std))
    )
    normalised = "preprocess/normalised" if spec.smoothed else INPUT
    builder.add("Div", normalised, builder.add("Sub", "preprocess/centred", unit, mean), std)
    if spec.smoothed:
        _smoothed(builder, normalised)
    return unit


def _smoothed(builder: Builder, normalised: str) -> None:
    """The filter of ``InputSpec.smoothed`` between normalised pixels and the network."""
    border = builder.constant("preprocess/border", np.array([0, 0, 1, 1, 0, 0, 1, 1], dtype=np.int64))
    padded = builder.add("Pad", "preprocess/padded", normalised, border, mode="reflect")
    once = np.array([1, 2, 1], dtype=np.float32) / 4
    of_each = builder.constant("preprocess/smoothing", np.tile(np.outer(once, once), (3, 1, 1, 1)))
    builder.add("Conv", INPUT, padded, of_each, group=3, kernel_shape=[3, 3])


def _halved(builder: Builder, halve_from: int) -> str:
    """``decoding.halving.halved`` as a loop; returns the name of what is left of the pixels."""
    builder.constant("preprocess/halve_from", np.array(halve_from, dtype=np.int64))
    is_large = _is_large(builder, "pixels", "preprocess/")
    body = Builder()
    body.constant(f"{_BODY}channel", np.array([1], dtype=np.int64))
    body.constant(f"{_BODY}half", np.array(0.5, dtype=np.float32))
    # Means of four or two whole numbers up to 255 are exact in floats, whatever the order of adding.
    body.add("Cast", f"{_BODY}float", f"{_BODY}before", to=TensorProto.FLOAT)
    body.add("Unsqueeze", f"{_BODY}volume", f"{_BODY}float", f"{_BODY}channel")
    # A mean over a box that overhangs is one over what is inside, as if the last row were counted twice.
    body.add(
        *("AveragePool", f"{_BODY}means", f"{_BODY}volume"),
        kernel_shape=[2, 2, 1],
        strides=[2, 2, 1],
        pads=[0, 0, 0, 1, 1, 0],
        count_include_pad=0,
    )
    body.add("Squeeze", f"{_BODY}flat", f"{_BODY}means", f"{_BODY}channel")
    body.add("Add", f"{_BODY}lifted", f"{_BODY}flat", f"{_BODY}half")
    body.add("Cast", f"{_BODY}after", f"{_BODY}lifted", to=TensorProto.UINT8)
    again = _is_large(body, f"{_BODY}after", _BODY)
    graph = helper.make_graph(
        body.nodes,
        "halve",
        [
            helper.make_tensor_value_info(f"{_BODY}turn", TensorProto.INT64, []),
            helper.make_tensor_value_info(f"{_BODY}wanted", TensorProto.BOOL, []),
            helper.make_tensor_value_info(f"{_BODY}before", TensorProto.UINT8, ["N", None, None, 3]),
        ],
        [
            helper.make_tensor_value_info(again, TensorProto.BOOL, []),
            helper.make_tensor_value_info(f"{_BODY}after", TensorProto.UINT8, ["N", None, None, 3]),
        ],
        initializer=body.constants,
    )
    # ONNX Runtime forgets the shape behind a loop, and then joins fewer of the network's layers.
    builder.known.append(
        helper.make_tensor_value_info("preprocess/halved", TensorProto.UINT8, ["N", None, None, 3])
    )
    return builder.add("Loop", "preprocess/halved", "", is_large, "pixels", body=graph)


def _is_large(builder: Builder, pixels: str, prefix: str) -> str:
    """Whether the short side of pixels ``(N, H, W, 3)`` asks for halving; returns the name of the answer."""
    sides = builder.add("Shape", f"{prefix}sides", pixels, start=1, end=3)
    short = builder.add("ReduceMin", f"{prefix}short_side", sides, keepdims=0)
    return builder.add("GreaterOrEqual", f"{prefix}is_large", short, "preprocess/halve_from")


def _calibrated(builder: Builder, info: ModelInfo) -> None:
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


def _statistics(builder: Builder, unit: str, size: int) -> None:
    """The seven statistics of ``inference.reference``, of pixels ``(N, 3, S, S)`` on the scale 0..1."""
    in_a_row = builder.constant("statistics/in_a_row", np.array([0, 3, size * size], dtype=np.int64))
    colours = builder.add("Reshape", "statistics/colours", unit, in_a_row)
    centre = builder.mean("statistics/centre", colours, (2,), keepdims=1)
    means = builder.add("Squeeze", "statistics/means", centre, "statistics/centre/axes")
    offset = builder.add("Sub", "statistics/offset", colours, centre)
    squares = builder.add("Mul", "statistics/squares", offset, offset)
    variance = builder.mean("statistics/variance", squares, (2,), keepdims=0)
    deviations = builder.add("Sqrt", "statistics/deviations", variance)
    edges = _laplacian(builder, colours, size)
    edges_squared = builder.add("Mul", "statistics/edges_squared", edges, edges)
    energy = builder.mean("statistics/energy", edges_squared, (2, 3), keepdims=0)
    floor = builder.constant("statistics/floor", np.array(SHARPNESS_FLOOR, dtype=np.float32))
    sharpness = builder.add(
        "Log", "statistics/sharpness", builder.add("Add", "statistics/lifted", energy, floor)
    )
    builder.add("Concat", "statistics", means, deviations, sharpness, axis=1)


def _laplacian(builder: Builder, colours: str, size: int) -> str:
    """Four neighbours of a pixel less four times itself, of the luminance, ``(N, 1, S - 2, S - 2)``.

    As a sum of shifted images: ONNX Runtime computes a convolution of one channel as if it had sixteen.

    Args:
        builder: takes the nodes.
        colours: ``(N, 3, S * S)``.
        size: S.
    """
    weights = builder.constant("statistics/luminance", np.array([LUMINANCE], dtype=np.float32))
    row = builder.add("MatMul", "statistics/grey_in_a_row", weights, colours)
    square = builder.constant("statistics/square", np.array([0, 1, size, size], dtype=np.int64))
    grey = builder.add("Reshape", "statistics/grey", row, square)
    sides = builder.constant("statistics/sides", np.array([2, 3], dtype=np.int64))

    def inner(name: str, top: int, left: int) -> str:
        """The part ``(N, 1, S - 2, S - 2)`` that begins there."""
        starts, ends = (
            builder.constant(f"statistics/{name}/{edge}", np.array([top, left], dtype=np.int64) + side)
            for edge, side in (("starts", 0), ("ends", size - 2))
        )
        return builder.add("Slice", f"statistics/{name}", grey, starts, ends, sides)

    vertical = builder.add("Add", "statistics/vertical", inner("above", 0, 1), inner("below", 2, 1))
    horizontal = builder.add("Add", "statistics/horizontal", inner("left", 1, 0), inner("right", 1, 2))
    neighbours = builder.add("Add", "statistics/neighbours", vertical, horizontal)
    four = builder.constant("statistics/four", np.array(4, dtype=np.float32))
    fourfold = builder.add("Mul", "statistics/fourfold", inner("itself", 1, 1), four)
    return builder.add("Sub", "statistics/edges", neighbours, fourfold)
