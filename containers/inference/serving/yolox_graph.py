"""YOLOX's published ONNX graphs with a tenth less to compute and the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_BOX_AND_OBJECTNESS = 5
_ROWS, _COLUMNS = 2, 3
_SMALLEST_POOL = 5

_Array = npt.NDArray[Any]


def shortened(path: Path, target_class: int) -> Path | bytes:
    """The graph, changed where it is built as Megvii's exporter builds it.

    - "Focus", which sorts the pixels into four frames of half the size before the first convolution, becomes part of
      that convolution: of 6 x 6 pixels with a stride of 2 in place of 3 x 3 with one of 1, as in YOLOv5 6.0.
    - Of the pools of 5, 9 and 13 pixels each looks at 5 pixels of the one before: the largest of the largest.
    - Of the classes only the target's is computed, so that rows have six numbers.

    Args:
        path: of the graph.
        target_class: which class is wanted.

    Returns:
        The graph as bytes, or its path where there was nothing to change.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError:
        return path  # ONNX Runtime says what is wrong with it
    if any(onnx.external_data_helper.uses_external_data(weights) for weights in model.graph.initializer):
        return path  # bytes have no folder in which such files could lie
    graph = _Graph(model.graph)
    changed = [_join_focus(graph), _cascade_pools(graph), _keep_class(graph, target_class)]
    if not any(changed):
        return path
    graph.drop_unread()
    return bytes(model.SerializeToString())


class _Graph:
    """An ``onnx.GraphProto`` and who makes and reads its tensors."""

    def __init__(self, proto: Any) -> None:
        self.proto = proto
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

    def constant(self, name: str) -> _Array | None:
        """A tensor that is the same for every frame."""
        from onnx import numpy_helper

        found = self._constants.get(name)
        return None if found is None else numpy_helper.to_array(found)

    def new_constant(self, name: str, value: _Array) -> str:
        """Another such tensor; returns its name."""
        from onnx import numpy_helper

        self.proto.initializer.append(numpy_helper.from_array(value, name))
        return name

    def drop_unread(self) -> None:
        """Takes out what nobody reads any more, and shapes that no longer hold."""
        read = {output.name for output in self.proto.output}
        kept = []
        for node in reversed(self.proto.node):
            if read.intersection(node.output):
                kept.append(node)
                read.update(node.input)
        weights = [each for each in self.proto.initializer if each.name in read]
        for field, entries in ((self.proto.node, kept[::-1]), (self.proto.initializer, weights)):
            del field[:]
            field.extend(entries)
        del self.proto.value_info[:]


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _set(node: Any, **attributes: Any) -> None:
    from onnx import helper

    kept = [attribute for attribute in node.attribute if attribute.name not in attributes]
    del node.attribute[:]
    node.attribute.extend([*kept, *(helper.make_attribute(name, value) for name, value in attributes.items())])


def _join_focus(graph: _Graph) -> bool:
    """Puts Focus into its convolution."""
    frame = graph.proto.input[0].name
    for convolution in [node for node in graph.proto.node if node.op_type == "Conv"]:
        joined = graph.made_by(convolution.input[0], "Concat")
        weights = graph.constant(convolution.input[1])
        if joined is None or weights is None or len(joined.input) != 4 or _attributes(joined).get("axis") != 1:
            continue
        starts = [_every_second_pixel(graph, name, frame) for name in joined.input]
        described = _attributes(convolution)
        plain = (
            described.get("pads") == [1, 1, 1, 1]
            and described.get("strides", [1, 1]) == [1, 1]
            and described.get("dilations", [1, 1]) == [1, 1]
            and described.get("group", 1) == 1
            and weights.shape[1] % 4 == 0
            and weights.shape[2:] == (3, 3)
        )
        if not plain or {start for start in starts if start} != {(0, 0), (0, 1), (1, 0), (1, 1)}:
            continue
        filters, channels = weights.shape[0], weights.shape[1] // 4
        wide = np.zeros((filters, channels, 6, 6), weights.dtype)
        for number, start in enumerate(starts):
            assert start is not None
            row, column = start
            wide[:, :, row::2, column::2] = weights[:, number * channels : (number + 1) * channels]
        convolution.input[0] = frame
        convolution.input[1] = graph.new_constant(f"{convolution.input[1]}_with_focus", wide)
        _set(convolution, kernel_shape=[6, 6], pads=[2, 2, 2, 2], strides=[2, 2])
        return True
    return False


def _every_second_pixel(graph: _Graph, name: str, frame: str) -> tuple[int, int] | None:
    """Row and column at which a tensor that has every second pixel of the frame begins; None for any other."""
    starts: dict[int, int] = {}
    while name != frame:
        node = graph.made_by(name, "Slice")
        if node is None or len(node.input) != 5:
            return None
        values = [graph.constant(given) for given in node.input[1:]]
        if any(value is None or value.size != 1 for value in values):
            return None
        start, end, axis, step = (int(value.item()) for value in values if value is not None)
        if step != 2 or start not in (0, 1) or end < np.iinfo(np.int32).max or axis in starts:
            return None
        starts[axis] = start
        name = node.input[0]
    return (starts[_ROWS], starts[_COLUMNS]) if starts.keys() == {_ROWS, _COLUMNS} else None


def _cascade_pools(graph: _Graph) -> bool:
    """Lets a pool of 9 or 13 pixels look at the one before instead of at all of the map."""
    pools: dict[tuple[str, int], Any] = {}
    changed = False
    for node in [node for node in graph.proto.node if node.op_type == "MaxPool"]:
        described = _attributes(node)
        source, side = node.input[0], described["kernel_shape"][0]
        keeps_size = {"kernel_shape": [side] * 2, "pads": [side // 2] * 4}
        usual = {"strides": [1, 1], "dilations": [1, 1], "ceil_mode": 0, "auto_pad": b"NOTSET"}
        if len(node.output) > 1 or any(described.get(name) != value for name, value in keeps_size.items()):
            continue
        if any(described.get(name, value) != value for name, value in usual.items()):
            continue
        pools[source, side] = node
        before = pools.get((source, side - _SMALLEST_POOL + 1))
        if before is not None and side > _SMALLEST_POOL:
            node.input[0] = before.output[0]
            _set(node, kernel_shape=[_SMALLEST_POOL] * 2, pads=[_SMALLEST_POOL // 2] * 4)
            changed = True
    return changed


def _keep_class(graph: _Graph, target_class: int) -> bool:
    """Takes the other classes out of the last convolutions, if all of the graph's end is as expected."""
    (output, *others) = graph.proto.output
    turned = graph.made_by(output.name, "Transpose")
    levels = turned and graph.made_by(turned.input[0], "Concat")
    if others or turned is None or levels is None or _attributes(turned).get("perm") != [0, 2, 1]:
        return False
    ends = [_level(graph, name, target_class) for name in levels.input]
    if not all(ends):
        return False
    for reshaping, convolution, weights, bias, shape in [end for end in ends if end]:
        chosen = slice(target_class, target_class + 1)
        name = convolution.input[1]
        convolution.input[1] = graph.new_constant(f"{name}_of_target", weights[chosen].copy())
        convolution.input[2] = graph.new_constant(f"{convolution.input[2]}_of_target", bias[chosen].copy())
        narrow = np.where(shape == len(weights) + _BOX_AND_OBJECTNESS, _BOX_AND_OBJECTNESS + 1, shape)
        reshaping.input[1] = graph.new_constant(f"{name}_rows", narrow)
    sides = output.type.tensor_type.shape.dim
    sides[len(sides) - 1].dim_value = _BOX_AND_OBJECTNESS + 1
    return True


def _level(graph: _Graph, name: str, target_class: int) -> tuple[Any, Any, _Array, _Array, _Array] | None:
    """What has to change at one of the feature maps: how it becomes rows, and the convolution that tells classes."""
    reshaping = graph.made_by(name, "Reshape")
    joined = reshaping and graph.made_by(reshaping.input[0], "Concat")
    if reshaping is None or joined is None or len(joined.input) != 3 or _attributes(joined).get("axis") != 1:
        return None
    probabilities = graph.made_by(joined.input[2], "Sigmoid")
    convolution = probabilities and graph.made_by(probabilities.input[0], "Conv")
    if probabilities is None or convolution is None or len(convolution.input) != 3:
        return None
    weights, bias, shape = (graph.constant(given) for given in (*convolution.input[1:], reshaping.input[1]))
    if weights is None or bias is None or shape is None or not 0 <= target_class < len(weights) > 1:
        return None
    read_once = all(len(graph.readers(tensor)) == 1 for tensor in (name, *joined.output, *probabilities.output))
    if not read_once or shape.tolist() != [1, len(weights) + _BOX_AND_OBJECTNESS, -1]:
        return None
    return reshaping, convolution, weights, bias, shape
