"""Cheaper operators for the same numbers in graphs of MXNet 1.9.1's exporter to ONNX; each in place."""

from __future__ import annotations

from typing import Any

import numpy as np

_ROWS, _COLUMNS = (-2, 2), (-1, 3)
"""Axes of rows and columns in (N, channels, rows, columns), counted from the end and from the start."""

_KEEPS_RANK = {"BatchNormalization", "LeakyRelu", "PRelu", "Relu", "Sigmoid"}


def shorten(graph: Any) -> None:
    """Apply all shortcuts."""
    shapes_without_products(graph)
    enlarged_at_once(graph)
    without_unread(graph)


def shapes_without_products(graph: Any) -> None:
    """Read the shape of ``x`` instead of that of ``x * 0``, which GluonCV uses to crop a map to another's size."""
    from onnx import numpy_helper

    scalars = {each.name for each in graph.initializer if numpy_helper.to_array(each).shape in ((), (1,))}
    products = {node.output[0]: node for node in graph.node if node.op_type == "Mul" and node.input[1] in scalars}
    for node in graph.node:
        if node.op_type == "Shape" and node.input[0] in products:
            node.input[0] = products[node.input[0]].input[0]


def enlarged_at_once(graph: Any) -> None:
    """Enlarge a feature map in one step instead of repeating its columns and then its rows.

    The exporter copies the map twice through tensors of five dimensions. ONNX Runtime cannot keep these in the layout
    of its convolutions.
    """
    from onnx import helper, numpy_helper

    constants = {each.name: each for each in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}

    def repeats(name: str, axes: tuple[int, int]) -> int:
        """Number of repeats along one of the axes by the node of that name; 0 for any other node."""
        count, axis = constants.get(f"{name}_repeats"), constants.get(f"{name}_axis")
        if count is None or axis is None or f"{name}_tile" not in makers:
            return 0
        return int(numpy_helper.to_array(count)[0]) + 1 if int(numpy_helper.to_array(axis)[0]) in axes else 0

    def convolved(name: str) -> bool:
        """Return whether this is the output of a two-dimensional convolution, which has four dimensions."""
        while name in makers and makers[name].op_type in _KEEPS_RANK:
            name = makers[name].input[0]
        maker = makers.get(name)
        return maker is not None and maker.op_type == "Conv" and len(constants[maker.input[1]].dims) == 4

    for last in [node for node in graph.node if node.op_type == "Reshape" and repeats(node.name, _ROWS)]:
        first = makers[f"{last.name}_shape"].input[0]
        if not repeats(first, _COLUMNS) or not convolved(source := makers[f"{first}_shape"].input[0]):
            continue
        scales = np.array([1, 1, repeats(last.name, _ROWS), repeats(first, _COLUMNS)], np.float32)
        graph.initializer.append(numpy_helper.from_array(scales, f"{last.name}_scales"))
        enlarged = helper.make_node(
            "Resize",
            [source, "", f"{last.name}_scales"],
            [last.name],
            name=last.name,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        last.CopyFrom(enlarged)


def without_unread(graph: Any) -> None:
    """Drop the nodes without a reader; every node stands after those that it reads."""
    read = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if read.intersection(node.output):
            kept.append(node)
            read.update(node.input)
    del graph.node[:]
    graph.node.extend(reversed(kept))
