"""Choice of the layers that are quantised: those that take the time, without those that need their precision."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

HEAVY = frozenset({"Conv", "Gemm", "MatMul"})
BETWEEN = frozenset({"Clip", "Concat", "MaxPool", "Relu", "Resize", "Slice", "Split"})
"""Light operators that keep or cut their values; each costs two conversions where it stays in 32 bits between heavy
operators in 8."""

_SAME_VALUES = frozenset(
    {"Cast", "Flatten", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"}
)
_SMALL = 0.05
"""Share of all weights up to which the last layers stay in 32 bits: they cost little there."""


def chosen(graph: Any) -> list[str]:
    """Names of the nodes to quantise in an ``onnx.GraphProto`` whose nodes have names and are in order.

    Quantised are convolutions and matrix products with constant weights. The products of attention have none. Sums over
    a softmax, as in YOLO's distribution focal loss, would ruin boxes (Ultralytics keeps them in floats as well, pull
    request 25306). Boxes and scores are read off the last layers.
    """
    heavy = _heavy(graph)
    kept = _small(_last(graph, heavy), heavy)
    names = {name for name in heavy if name not in kept}
    return [*sorted(names), *_between(graph, names)]


def _heavy(graph: Any) -> dict[str, int]:
    """Number of weights of each node that may be quantised, by its name."""
    sizes = {each.name: math.prod(each.dims) for each in graph.initializer}
    ranks = {each.name: len(each.dims) for each in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}

    def sums_a_softmax(name: str) -> bool:
        while name in makers and makers[name].op_type in _SAME_VALUES:
            name = makers[name].input[0]
        return name in makers and makers[name].op_type == "Softmax"

    return {
        node.name: sizes[node.input[1]]
        for node in graph.node
        if node.op_type in HEAVY
        and node.input[1] in sizes
        and (node.op_type == "Conv" or ranks[node.input[1]] == 2)
        and not sums_a_softmax(node.input[0])
    }


def _last(graph: Any, heavy: Collection[str]) -> set[str]:
    """Heavy nodes between which and an output of the graph there is no other one."""
    read = {output.name for output in graph.output}
    last = set()
    for node in reversed(graph.node):
        if read.isdisjoint(node.output):
            continue
        if node.name in heavy:
            last.add(node.name)
        else:
            read.update(node.input)
    return last


def _small(names: Collection[str], heavy: dict[str, int]) -> set[str]:
    """Those of the nodes that have a small share of all weights."""
    most = _SMALL * sum(heavy.values())
    return {name for name in names if heavy[name] <= most}


def _between(graph: Any, heavy: Collection[str]) -> list[str]:
    """Names of the light nodes whose results heavy ones alone read."""
    read_by_others = {output.name for output in graph.output}
    found = []
    for node in reversed(graph.node):  # the readers of a tensor come before its producer
        if node.op_type in BETWEEN and read_by_others.isdisjoint(node.output):
            found.append(node.name)
        elif node.name not in heavy and node.op_type != "Shape":
            read_by_others.update(node.input)
    return found
