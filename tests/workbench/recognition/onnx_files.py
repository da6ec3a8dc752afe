"""Tiny ONNX graphs that answer constant outputs, for any frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper, save

Shape = Sequence[int | str | None]


def write(
    path: Path,
    outputs: Mapping[str, npt.NDArray[Any]],
    *,
    frame: Shape = (1, 3, 64, 96),
    name: str = "images",
    kind: int = TensorProto.FLOAT,
    declared: Mapping[str, Shape | None] | None = None,
    metadata: Mapping[str, str] | None = None,
    operators: Sequence[str] = (),
    also: Mapping[str, Shape] | None = None,
    weights: Mapping[str, Sequence[int]] | None = None,
) -> Path:
    """Write a graph.

    Args:
        path: its file.
        outputs: the constant outputs.
        frame: declared shape of the input.
        name: of the input.
        kind: element type of the input.
        declared: shapes of outputs that the graph declares instead of their own; None for none.
        metadata: of the exporter.
        operators: operators of one input and output that the frame goes through.
        also: shapes of other inputs, of int64, that the graph takes.
        weights: shapes of weights that nothing reads.
    """
    nodes, source = [], name
    for number, operator in enumerate(operators):
        nodes.append(helper.make_node(operator, [source], [f"{operator}_{number}"]))
        source = f"{operator}_{number}"
    # Something of the frame is in every output, so that the runtime does not drop the input.
    nodes.append(helper.make_node("Shape", [source], ["sides"]))
    nodes.append(helper.make_node("Cast", ["sides"], ["sides_as_numbers"], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("Sub", ["sides_as_numbers", "sides_as_numbers"], ["nothings"]))
    nodes.append(helper.make_node("ReduceMax", ["nothings"], ["nothing"], keepdims=0))
    initializers, described = [], []
    for output, values in outputs.items():
        initializers.append(numpy_helper.from_array(values, f"{output}_values"))
        element = helper.np_dtype_to_tensor_dtype(values.dtype)
        nodes.append(helper.make_node("Cast", ["nothing"], [f"{output}_nothing"], to=element))
        nodes.append(helper.make_node("Add", [f"{output}_values", f"{output}_nothing"], [output]))
        sides = (declared or {}).get(output, values.shape)
        described.append(helper.make_tensor_value_info(output, element, sides))
    for unread, size in (weights or {}).items():
        initializers.append(numpy_helper.from_array(np.zeros(size, np.float32), unread))
    taken = [helper.make_tensor_value_info(name, kind, frame)]
    taken += [helper.make_tensor_value_info(other, TensorProto.INT64, sides) for other, sides in (also or {}).items()]
    graph = helper.make_graph(nodes, "test", taken, described, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in (metadata or {}).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    save(model, str(path))
    return path
