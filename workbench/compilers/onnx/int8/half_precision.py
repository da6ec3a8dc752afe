"""Graphs of half precision, rewritten in single precision: a CPU computes in that, and 8 bits are made from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.recognition import external_data


def is_half(model: Any) -> bool:
    """Tell whether an ``onnx.ModelProto`` has weights or inputs in half precision."""
    from onnx import TensorProto

    declared = (each.type.tensor_type.elem_type for each in model.graph.input)
    held = (tensor.data_type for tensor in external_data.tensors(model.graph))
    return any(kind == TensorProto.FLOAT16 for kind in (*declared, *held))


def in_single(model: Any) -> None:
    """Turn weights, inputs, outputs and conversions to half precision into those of single precision, in place."""
    from onnx import TensorProto, numpy_helper

    half, single = TensorProto.FLOAT16, TensorProto.FLOAT
    for tensor in external_data.tensors(model.graph):
        if tensor.data_type == half:
            value = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    for graph in _graphs(model.graph):
        for declared in (*graph.input, *graph.output):
            if declared.type.tensor_type.elem_type == half:
                declared.type.tensor_type.elem_type = single
        del graph.value_info[:]
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.name in ("to", "dtype") and attribute.i == half:
                    attribute.i = single


def _graphs(graph: Any) -> Iterator[Any]:
    """A graph and those within."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _graphs(inner)
