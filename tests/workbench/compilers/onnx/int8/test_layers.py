"""Layers of small graphs: which become 8 bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from workbench.compilers.onnx.int8 import layers


def _graph(nodes: Sequence[Any], outputs: Sequence[str], **weights: tuple[int, ...]) -> Any:
    return helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in weights.items()],
    )


def _node(kind: str, inputs: Sequence[str], output: str) -> Any:
    return helper.make_node(kind, inputs, [output], name=output)


def test_small_last_layers_stay_in_32_bits() -> None:
    nodes = [
        _node("Conv", ["x", "first"], "a"),
        _node("MaxPool", ["a"], "pooled"),
        _node("Conv", ["pooled", "middle"], "b"),
        _node("Relu", ["b"], "positive"),
        _node("Conv", ["positive", "more"], "c"),
        _node("Conv", ["c", "boxes"], "d"),
        _node("Sigmoid", ["d"], "found"),
    ]
    large = (64, 64, 3, 3)
    graph = _graph(nodes, ["found"], first=(64, 3, 3, 3), middle=large, more=large, boxes=(4, 64, 1, 1))
    assert sorted(layers.chosen(graph)) == ["a", "b", "c", "pooled", "positive"]


def test_a_large_last_layer_becomes_8_bits() -> None:
    nodes = [_node("Conv", ["x", "first"], "a"), _node("Flatten", ["a"], "flat"), _node("Gemm", ["flat", "w"], "found")]
    graph = _graph(nodes, ["found"], first=(4, 3, 3, 3), w=(512, 1000))
    assert sorted(layers.chosen(graph)) == ["a", "found"]


def test_products_of_attention_and_sums_over_a_softmax_stay_in_32_bits() -> None:
    nodes = [
        _node("MatMul", ["x", "queries"], "q"),
        _node("MatMul", ["x", "keys"], "k"),
        _node("MatMul", ["q", "k"], "products"),
        _node("Softmax", ["products"], "shares"),
        _node("Transpose", ["shares"], "turned"),
        _node("MatMul", ["turned", "bins"], "distances"),
        _node("MatMul", ["distances", "out"], "found"),
    ]
    square = (32, 32)
    graph = _graph(nodes, ["found"], queries=square, keys=square, bins=square, out=square)
    assert layers.chosen(graph) == ["found", "k", "q"]


def test_a_graph_of_one_layer_is_quantised_all_the_same() -> None:
    graph = _graph([_node("Conv", ["x", "w"], "found")], ["found"], w=(4, 3, 1, 1))
    assert layers.chosen(graph) == ["found"]
