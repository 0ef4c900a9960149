"""The trained network alone as ONNX: normalised pixels in, logits out, nothing of this machine left in it."""

import logging

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, numpy_helper
from torch import nn

OPSET = 18
INPUT, LOGITS = "network/input", "network/logits"
PREFIX = "network/"


def to_onnx(network: nn.Module, size: int) -> ModelProto:
    """Export a network: input ``(N, 3, size, size)`` float, output logits ``(N, C)``, any N.

    Batch norms are folded into the convolutions and dense layers beside them. Every name starts with
    ``network/``; source paths, source lines and other traces of the exporting machine are removed.

    Raises:
        ValueError: a batch norm is left that could not be folded.
    """
    # The exporter announces its progress, and every operator that it has no opinion on.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    with torch.no_grad():
        program = torch.onnx.export(
            network.cpu().eval(),
            # Two images: a batch of one would be taken for a constant.
            (torch.zeros(2, 3, size, size),),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            dynamic_shapes=({0: torch.export.Dim("N")},),
            input_names=[INPUT],
            output_names=[LOGITS],
            external_data=False,
        )
    assert program is not None
    model = program.model_proto
    fold_normalisation(model.graph)
    left = [node.name for node in model.graph.node if node.op_type == "BatchNormalization"]
    if left:
        raise ValueError(f"{len(left)} batch norms are not beside a layer that could take them: {left[0]}")
    remove_traces(model)
    _prefix_names(model.graph)
    return model


def fold_normalisation(graph: GraphProto) -> None:
    """Fold every batch norm whose output goes into one dense layer into that layer, in place.

    The exporter folds those that follow a convolution; the paper's head has one before its dense layer.
    With ``bn(x) = s x + t`` the layer ``W bn(x) + b`` is ``(W s) x + (W t + b)``.
    """
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for norm in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        readers = [node for node in graph.node if norm.output[0] in node.input]
        if len(readers) != 1 or not _is_dense(readers[0]):
            continue
        dense = readers[0]
        scale, shift = _scale_and_shift(norm, constants)
        weight, bias = (numpy_helper.to_array(constants[name]).astype(np.float64) for name in dense.input[1:])
        _replace(constants[dense.input[1]], weight * scale)
        _replace(constants[dense.input[2]], weight @ shift + bias)
        dense.input[0] = norm.input[0]
        graph.node.remove(norm)
        # In an untrained network shift and mean, both zero, are one constant.
        for name in set(norm.input[1:]):
            if not any(name in node.input for node in graph.node):
                graph.initializer.remove(constants[name])


def remove_traces(model: ModelProto) -> None:
    """Remove, in place, what the exporter and the quantiser write about the machine and their own work."""
    model.doc_string = ""
    model.graph.doc_string = ""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    for value in (*model.graph.input, *model.graph.output, *model.graph.initializer, *model.graph.node):
        value.doc_string = ""
        del value.metadata_props[:]


def shorten_names(model: ModelProto) -> None:
    """Number nodes and tensors, in place: the quantiser's names are a tenth of a small file."""
    graph = model.graph
    names = {INPUT: INPUT, LOGITS: LOGITS}
    for node in graph.node:
        for name in (*node.input, *node.output):
            names.setdefault(name, f"{PREFIX}{len(names)}")
    for i, node in enumerate(graph.node):
        node.name = f"{PREFIX}{i}"
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]


def _is_dense(node: NodeProto) -> bool:
    transposed = [attribute.i for attribute in node.attribute if attribute.name == "transB"]
    return node.op_type == "Gemm" and transposed == [1] and len(node.input) == 3


def _scale_and_shift(
    norm: NodeProto, constants: dict[str, onnx.TensorProto]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    epsilon = next((a.f for a in norm.attribute if a.name == "epsilon"), 1e-5)
    gamma, beta, mean, variance = (
        numpy_helper.to_array(constants[name]).astype(np.float64) for name in norm.input[1:]
    )
    scale = gamma / np.sqrt(variance + epsilon)
    return scale, beta - mean * scale


def _replace(tensor: onnx.TensorProto, values: NDArray[np.float64]) -> None:
    tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float32), tensor.name))


def _prefix_names(graph: GraphProto) -> None:
    """Start every name with ``network/``, so that it cannot meet one of the graph around it."""

    def prefixed(name: str) -> str:
        return name if not name or name.startswith(PREFIX) else PREFIX + name

    for tensor in (*graph.initializer, *graph.input, *graph.output):
        tensor.name = prefixed(tensor.name)
    for node in graph.node:
        node.name = prefixed(node.name)
        node.input[:] = [prefixed(name) for name in node.input]
        node.output[:] = [prefixed(name) for name in node.output]
