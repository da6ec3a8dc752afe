"""Sizes of the maps in an ONNX graph, as far as they follow from it."""

from __future__ import annotations

import math
from typing import Any

_RANK = 4
_SMALL_TENSOR = 1024
"""Numbers of a tensor that may tell a shape."""


def takes_one_size(model: Any) -> bool:
    """Tell whether a graph takes frames of one size alone, in batches of one length."""
    lengths = [dim.dim_value for frames in model.graph.input for dim in _dims(frames)]
    return bool(lengths) and all(length > 0 for length in lengths)


def map_sizes(model: Any, side: int) -> dict[str, tuple[int, int]]:
    """Infer rows and columns of a graph's maps (N, channels, rows, columns), by name, as far as they follow from it.

    Args:
        model: an ``onnx.ModelProto`` whose weights are not among its inputs.
        side: of the frames that it looks at, in pixels, where the graph leaves that open.

    Raises:
        InferenceError: of ONNX, the sizes of the maps contradict each other, or an operator is of no known set.
    """
    shapes = _map_shapes(model, (1, 3, side, side))
    return {name: (rows, columns) for name, (_, _, rows, columns) in shapes.items() if rows and columns}


def _map_shapes(model: Any, frames: tuple[int, ...]) -> dict[str, tuple[int, int, int, int]]:
    """Shapes of a graph's maps, with zeros for lengths that are not known.

    ``frames`` has those of its input where the graph leaves them open.
    """
    import onnx
    from onnx import helper

    light = onnx.ModelProto()
    light.ir_version = model.ir_version
    light.opset_import.extend(model.opset_import)
    light.graph.node.extend(model.graph.node)
    light.graph.input.extend(model.graph.input)
    light.graph.output.extend(onnx.ValueInfoProto(name=each.name) for each in model.graph.output)
    for weights in model.graph.initializer:
        # Of large ones the shape is enough, and a copy of them would be large.
        if math.prod(weights.dims) <= _SMALL_TENSOR:
            light.graph.initializer.append(weights)
        else:
            light.graph.input.append(helper.make_tensor_value_info(weights.name, weights.data_type, weights.dims))
    for declared in light.graph.input[: len(model.graph.input)]:
        for dim, length in zip(_dims(declared), frames, strict=False):
            dim.dim_value = dim.dim_value if dim.dim_value > 0 else length
    inferred = onnx.shape_inference.infer_shapes(light, data_prop=True)
    found = {}
    for declared in (*inferred.graph.value_info, *inferred.graph.output):
        lengths = [dim.dim_value for dim in _dims(declared)]
        if len(lengths) == _RANK:
            found[declared.name] = (lengths[0], lengths[1], lengths[2], lengths[3])
    return found


def _dims(declared: Any) -> Any:
    """The lengths of a declared tensor."""
    return declared.type.tensor_type.shape.dim
