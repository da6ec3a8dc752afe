"""Shortcuts in published ONNX graphs: fewer computations, the same results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_serving.engines.onnxruntime import graph as onnx_graph
from ipc_ai_serving.engines.onnxruntime.graph import Array, Graph, attributes, set_attributes
from ipc_ai_serving.errors import ModelLoadError

_BOX_AND_OBJECTNESS = 5
_RANK, _ROWS, _COLUMNS = 4, 2, 3
_SMALLEST_POOL = 5
_LARGEST_BYTES = 32 * 1024 * 1024
_CLIP_WITH_INPUTS = 12
"""The operator set from which on ``Clip`` has its limits as inputs, for every type."""

_STEEPEST = 16.0
"""Largest slope that is convolved: the rounding error of a sum grows with it."""


def shortened(path: Path, *, target_class: int | None = None, on_cpu: bool = True) -> Path | bytes:
    """Rewrite the patterns that the exporters of InsightFace's and YOLOX's networks leave in a graph.

    - ``Min`` of ``Max`` with one constant each is ReLU6. It becomes a ``Clip``, which ONNX Runtime fuses with the
      convolution before it.
    - ``PRelu`` becomes two depthwise convolutions of one pixel, ``s x + (1 - s) max(x, 0)``. It has no kernel in the
      blocked layout of convolutions on a CPU, so maps would be reordered before and after it.
    - YOLOX's "Focus" splits the frame into four of half the size before the first convolution. Both become one
      convolution of 6 x 6 pixels with a stride of 2, as in YOLOv5 6.0.
    - Pools of 5, 9 and 13 pixels become a chain: each takes the maximum over 5 pixels of the one before.
    - The last convolutions of YOLOX keep the wanted class alone, so a row has six numbers.

    Args:
        path: the graph's file.
        target_class: the wanted class of YOLOX; None for any other network.
        on_cpu: apply the rewrites that only a CPU gains from, too.

    Returns:
        The graph as bytes; its path where nothing was changed, or where reading a graph of its size would cost more
        than it gains.

    Raises:
        ModelLoadError: the graph has no such class.
    """
    model = onnx_graph.read(path, largest=_LARGEST_BYTES)
    if model is None:
        return path
    graph = Graph(model.graph)
    changed = [_join_focus(graph), _cascade_pools(graph)]
    if onnx_graph.operators(model) >= _CLIP_WITH_INPUTS:
        changed.append(_clip(graph))
    if target_class is not None:
        changed.append(_keep_class(graph, target_class))
    if on_cpu:
        changed.append(_convolve_slopes(graph))  # the last: it makes all nodes anew
    if not any(changed):
        return path
    graph.drop_unread()
    return bytes(model.SerializeToString())


def _clip(graph: Graph) -> bool:
    """Write the smaller of a number and the larger of another number and a map as one ``Clip`` of that map."""
    from onnx import helper

    changed = False
    for smallest in [node for node in graph.proto.node if node.op_type == "Min"]:
        upper = _map_and_number(graph, smallest)
        largest = upper and graph.made_by(upper[0], "Max")
        lower = largest and _map_and_number(graph, largest)
        if not upper or not largest or not lower or len(graph.readers(upper[0])) > 1:
            continue
        limits = [
            graph.new_constant(f"{smallest.output[0]}_{name}", number)
            for name, number in (("lowest", lower[1]), ("highest", upper[1]))
        ]
        smallest.CopyFrom(helper.make_node("Clip", [lower[0], *limits], list(smallest.output), name=smallest.name))
        changed = True
    return changed


def _map_and_number(graph: Graph, node: Any) -> tuple[str, Array] | None:
    """The inputs of a ``Max`` or ``Min`` of a map and one number for all of it."""
    numbers = [graph.constant(name) for name in node.input]
    if len(numbers) != 2 or (numbers[0] is None) == (numbers[1] is None):
        return None
    source, number = (node.input[1], numbers[0]) if numbers[1] is None else (node.input[0], numbers[1])
    if number is None or number.shape not in ((), (1,)) or not np.isfinite(number).all():
        return None
    return source, number.reshape(())


def _convolve_slopes(graph: Graph) -> bool:
    """Write each ``PRelu`` with a slope a channel in convolutions."""
    from onnx import helper

    nodes = []
    for node in graph.proto.node:
        slopes = _slopes_of_channels(graph, node)
        if slopes is None:
            nodes.append(node)
            continue
        source, result = node.input[0], node.output[0]
        sloped = graph.new_constant(f"{result}_slopes", slopes)
        rest = graph.new_constant(f"{result}_rest", 1 - slopes)
        positive, added, both = (graph.new_name(f"{result}_{part}") for part in ("positive", "added", "sloped"))
        one_pixel = {"group": len(slopes), "kernel_shape": [1, 1]}
        nodes += [
            helper.make_node("Relu", [source], [positive]),
            helper.make_node("Conv", [positive, rest], [added], **one_pixel),
            helper.make_node("Conv", [source, sloped], [both], **one_pixel),
            helper.make_node("Add", [both, added], [result], name=node.name),
        ]
    changed = len(nodes) > len(graph.proto.node)
    del graph.proto.node[:]
    graph.proto.node.extend(nodes)
    return changed


def _slopes_of_channels(graph: Graph, node: Any) -> Array | None:
    """(channels, 1, 1, 1) float32 of a ``PRelu`` of maps that a convolution made; None for anything else."""
    if node.op_type != "PRelu":
        return None
    slopes, maker = graph.constant(node.input[1]), graph.makers.get(node.input[0])
    while maker is not None and maker.op_type == "BatchNormalization":
        maker = graph.makers.get(maker.input[0])
    kernel = graph.constant(maker.input[1]) if maker is not None and maker.op_type == "Conv" else None
    if slopes is None or kernel is None or kernel.ndim != _RANK or slopes.shape != (len(kernel), 1, 1):
        return None
    if slopes.dtype != np.float32 or not np.abs(slopes).max() <= _STEEPEST:
        return None
    return slopes.reshape(-1, 1, 1, 1)


def _join_focus(graph: Graph) -> bool:
    """Fold Focus into its convolution."""
    frame = graph.proto.input[0].name
    for convolution in [node for node in graph.proto.node if node.op_type == "Conv"]:
        joined = graph.made_by(convolution.input[0], "Concat")
        weights = graph.constant(convolution.input[1])
        if joined is None or weights is None or len(joined.input) != 4 or attributes(joined).get("axis") != 1:
            continue
        starts = [_every_second_pixel(graph, name, frame) for name in joined.input]
        described = attributes(convolution)
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
        set_attributes(convolution, kernel_shape=[6, 6], pads=[2, 2, 2, 2], strides=[2, 2])
        return True
    return False


def _every_second_pixel(graph: Graph, name: str, frame: str) -> tuple[int, int] | None:
    """Return the row and column at which a tensor of every second pixel begins; None for any other tensor."""
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


def _cascade_pools(graph: Graph) -> bool:
    """Chain a pool of 9 or 13 pixels to the one before it."""
    pools: dict[tuple[str, int], Any] = {}
    changed = False
    for node in [node for node in graph.proto.node if node.op_type == "MaxPool"]:
        described = attributes(node)
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
            set_attributes(node, kernel_shape=[_SMALLEST_POOL] * 2, pads=[_SMALLEST_POOL // 2] * 4)
            changed = True
    return changed


def _keep_class(graph: Graph, target_class: int) -> bool:
    """Remove the other classes from the last convolutions, if the graph ends as YOLOX's does."""
    (output, *others) = graph.proto.output
    sides = output.type.tensor_type.shape.dim
    if target_class and len(sides) and sides[len(sides) - 1].dim_value == _BOX_AND_OBJECTNESS + 1:
        raise ModelLoadError(f"the graph has one class; 'target_class' must be 0, not {target_class}")
    turned = graph.made_by(output.name, "Transpose")
    levels = turned and graph.made_by(turned.input[0], "Concat")
    if others or turned is None or levels is None or attributes(turned).get("perm") != [0, 2, 1]:
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
    if len(sides):
        sides[len(sides) - 1].dim_value = _BOX_AND_OBJECTNESS + 1
    return True


def _level(graph: Graph, name: str, target_class: int) -> tuple[Any, Any, Array, Array, Array] | None:
    """Find the nodes to change at one feature map: its reshaping to rows, and the convolution of its classes."""
    reshaping = graph.made_by(name, "Reshape")
    joined = reshaping and graph.made_by(reshaping.input[0], "Concat")
    if reshaping is None or joined is None or len(joined.input) != 3 or attributes(joined).get("axis") != 1:
        return None
    probabilities = graph.made_by(joined.input[2], "Sigmoid")
    convolution = probabilities and graph.made_by(probabilities.input[0], "Conv")
    if probabilities is None or convolution is None or len(convolution.input) != 3:
        return None
    if attributes(convolution).get("group", 1) != 1:
        return None
    weights, bias, shape = (graph.constant(given) for given in (*convolution.input[1:], reshaping.input[1]))
    if weights is None or bias is None or shape is None or not 0 <= target_class < len(weights) > 1:
        return None
    read = (name, *joined.output, *probabilities.output, *convolution.output)
    read_once = all(len(graph.readers(tensor)) == 1 for tensor in read)
    if not read_once or shape.tolist() != [1, len(weights) + _BOX_AND_OBJECTNESS, -1]:
        return None
    return reshaping, convolution, weights, bias, shape
