"""ONNX graphs, read and changed in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

OWN_DOMAIN = ("", "ai.onnx")
"""The names of the domain of ONNX's own operators."""


def read(source: Path | bytes, *, largest: int) -> Any | None:
    """A graph that may be changed.

    Args:
        source: of the graph: its file, or what would be in it.
        largest: bytes beyond which it is not read.

    Returns:
        An ``onnx.ModelProto`` whose weights are not among its inputs; None for what is larger, is not ONNX, has no
        input, has graphs within, sparse weights, weights in files beside it or steps of no pixel, or is out of order.
    """
    import onnx
    from google.protobuf.message import DecodeError

    if (len(source) if isinstance(source, bytes) else source.stat().st_size) > largest:
        return None
    try:
        if isinstance(source, bytes):
            model = onnx.load_from_string(source)
        else:
            model = onnx.load(str(source), load_external_data=False)
    except DecodeError:
        return None  # ONNX Runtime says what is wrong with it
    if not model.graph.input or not _is_plain(model.graph):
        return None
    _take_weights_out_of_inputs(model.graph)
    return model


def operators(model: Any) -> int:
    """The version of ONNX's own operators that a graph uses."""
    return max((each.version for each in model.opset_import if each.domain in OWN_DOMAIN), default=0)


def _is_plain(proto: Any) -> bool:
    """Tell whether a graph is complete and in order: no graphs within, no files beside, no node before its inputs."""
    import onnx

    uses_file = onnx.external_data_helper.uses_external_data
    if proto.sparse_initializer:
        return False
    known = {"", *(each.name for each in (*proto.input, *proto.initializer))}
    for node in proto.node:
        for attribute in node.attribute:
            if attribute.HasField("g") or attribute.graphs or (attribute.HasField("t") and uses_file(attribute.t)):
                return False
            # ONNX divides by steps, and a step of zero would end the process.
            if attribute.name == "strides" and min(attribute.ints, default=1) < 1:
                return False
        if not known.issuperset(node.input):
            return False
        known.update(node.output)
    return not any(uses_file(weights) for weights in proto.initializer)


def _take_weights_out_of_inputs(proto: Any) -> None:
    """Older exporters declare weights as inputs, too; the engine takes frames alone."""
    weights = {each.name for each in proto.initializer}
    inputs = [declared for declared in proto.input if declared.name not in weights]
    del proto.input[:]
    proto.input.extend(inputs)


class Graph:
    """An ``onnx.GraphProto`` with the makers and readers of its tensors."""

    def __init__(self, proto: Any) -> None:
        self.proto = proto
        names = {name for node in proto.node for name in (*node.input, *node.output, node.name)}
        self._prefix = "short"
        while any(name.startswith(self._prefix) for name in names):
            self._prefix += "_"
        self.makers = {name: node for node in proto.node for name in node.output}
        self._constants = {each.name: each for each in proto.initializer} | {
            node.output[0]: node.attribute[0].t
            for node in proto.node
            if node.op_type == "Constant" and node.attribute[0].name == "value"
        }

    def made_by(self, name: str, kind: str) -> Any | None:
        """The node that makes a tensor, if it is of that kind."""
        node = self.makers.get(name)
        return node if node is not None and node.op_type == kind else None

    def readers(self, name: str) -> list[Any]:
        """The nodes that read a tensor."""
        return [node for node in self.proto.node if name in node.input]

    def constant(self, name: str) -> Array | None:
        """A tensor that is the same for every frame."""
        from onnx import numpy_helper

        found = self._constants.get(name)
        return None if found is None else numpy_helper.to_array(found)

    def new_name(self, text: str) -> str:
        """A name that nothing in the graph has."""
        return f"{self._prefix}:{text}"

    def new_constant(self, text: str, value: Array) -> str:
        """Another tensor that is the same for every frame; returns its name."""
        from onnx import numpy_helper

        name = self.new_name(text)
        self.proto.initializer.append(numpy_helper.from_array(value, name))
        return name

    def drop_unread(self) -> None:
        """Remove nodes and constants without a reader, and shapes that no longer hold."""
        read = {output.name for output in self.proto.output}
        kept = []
        for node in reversed(self.proto.node):
            if read.intersection(node.output):
                kept.append(node)
                read.update(node.input)
        del self.proto.node[:]
        self.proto.node.extend(reversed(kept))
        weights = self.proto.initializer
        for place in reversed([place for place, each in enumerate(weights) if each.name not in read]):
            del weights[place]  # one by one: a list of the others, put back, would be a second copy of them
        del self.proto.value_info[:]


def attributes(node: Any) -> dict[str, Any]:
    """A node's attributes by name."""
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def set_attributes(node: Any, **values: Any) -> None:
    """Set attributes of a node; the others stay."""
    from onnx import helper

    kept = [attribute for attribute in node.attribute if attribute.name not in values]
    del node.attribute[:]
    node.attribute.extend([*kept, *(helper.make_attribute(name, value) for name, value in values.items())])
