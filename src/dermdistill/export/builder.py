"""Nodes of an ONNX graph, collected under readable names."""

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Attribute = int | float | str | list[int] | GraphProto


class Builder:
    """Collects nodes and constants; every method returns the name of what it adds."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.known: list[ValueInfoProto] = []

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, operator: str, output: str, *inputs: str, **attributes: Attribute) -> str:
        node = helper.make_node(operator, list(inputs), [output], name=output)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return output

    def mean(self, output: str, value: str, axes: tuple[int, ...], keepdims: int) -> str:
        over = self.constant(f"{output}/axes", np.array(axes, dtype=np.int64))
        return self.add("ReduceMean", output, value, over, keepdims=keepdims)
