"""Write an adaptation into a copy of the model file; needs the package ``onnx``."""

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, helper, numpy_helper

from dermdistill.adaptation.last_step import LastStep
from dermdistill.adaptation.scoring import LOG_ODDS
from dermdistill.evaluation.metrics import Floats
from dermdistill.inference.calibration import Calibration
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import DESCRIPTION

_SLOPE, _INTERCEPT = "calibrate/slope", "calibrate/intercept"
_AS_EXPORTED = "adapt/as_exported"


def adapted_file(content: bytes, info: ModelInfo, step: LastStep, tensor: str | None) -> bytes:
    """The model with another last step, calibration and description; everything before stays as it is.

    Args:
        content: a file of ``export.graph.assemble``.
        info: the new description; its calibration is written into the graph too.
        step: the new last step.
        tensor: of the graph, that the step's weights are for; None where it has none.
    """
    model = onnx.load_model_from_string(content)
    calibration = info.calibration or Calibration()
    _set_constant(model, _SLOPE, calibration.slope)
    _set_constant(model, _INTERCEPT, calibration.intercept)
    if tensor is not None:
        _add_step(model, step, tensor)
    helper.set_model_props(model, {DESCRIPTION: info.to_json()})
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString()
    return written


def _set_constant(model: ModelProto, name: str, value: float) -> None:
    (constant,) = [tensor for tensor in model.graph.initializer if tensor.name == name]
    constant.CopyFrom(numpy_helper.from_array(np.array(value, dtype=np.float32), name))


def _add_step(model: ModelProto, step: LastStep, tensor: str) -> None:
    """Put the step where the graph makes its log-odds, under the same name."""
    nodes = model.graph.node
    (place,) = [i for i, node in enumerate(nodes) if LOG_ODDS in node.output]
    nodes[place].name = nodes[place].output[0] = _AS_EXPORTED
    weights = _constant(model, "adapt/weights", step.weights[:, None])
    intercept = _constant(model, "adapt/intercept", np.array([step.intercept]))
    own = _constant(model, "adapt/own", np.array(step.own))
    added = (
        _node("Gemm", "adapt/weighted", tensor, weights, intercept),
        _node("Mul", "adapt/share", _AS_EXPORTED, own),
        _node("Add", LOG_ODDS, "adapt/share", "adapt/weighted"),
    )
    for i, node in enumerate(added, start=1):
        nodes.insert(place + i, node)


def _constant(model: ModelProto, name: str, values: Floats) -> str:
    model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), name))
    return name


def _node(operator: str, output: str, *inputs: str) -> NodeProto:
    return helper.make_node(operator, list(inputs), [output], name=output)
