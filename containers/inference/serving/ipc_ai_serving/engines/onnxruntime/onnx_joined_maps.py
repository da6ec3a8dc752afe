"""Convolutions of one pixel over two maps that are joined for them, in ONNX graphs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from ipc_ai_serving.engines.onnxruntime import onnx_graph
from ipc_ai_serving.engines.onnxruntime.onnx_graph import Graph, attributes

logger = logging.getLogger(__name__)

_USUAL = {"strides": [1, 1], "dilations": [1, 1], "group": 1, "auto_pad": b"NOTSET", "pads": [0, 0, 0, 0]}
_ONE_PIXEL = {**_USUAL, "kernel_shape": [1, 1]}
_JOINED = 2
_MAP_REGION_SCALES = 3
"""Inputs of a ``Resize``."""
_NEAREST, _OF_A_REGION = b"nearest", b"tf_crop_and_resize"
_BLOCK = 16
"""Channels that ONNX Runtime's convolutions take at once with AVX-512, and twice those with AVX2; other numbers of
channels make it turn maps over."""


@dataclass(frozen=True)
class _Part:
    """One of the maps that are joined.

    Attributes:
        name: of the map.
        channels: how many it has.
        enlarged_by: the node that makes it out of a smaller map; None where there is none.
    """

    name: str
    channels: int
    enlarged_by: Any | None


def convolved_apart(graph: Graph, model: Any) -> bool:
    """Writes a convolution of one pixel over two joined maps as the sum of one over each, which joins nothing.

    Where one of the maps was enlarged for it by repeating its pixels, the smaller map is convolved and the result
    enlarged: a quarter of the products where its sides were doubled. It is how networks with a feature pyramid go from
    level to level. Sums are in another order, so numbers differ in their last digits.

    Args:
        graph: that is changed.
        model: whose graph it is, for its sets of operators.

    Returns:
        Whether anything was changed.
    """
    if not any(_joined(graph, node) for node in graph.proto.node):
        return False
    try:
        channels = onnx_graph.map_channels(model)
    except Exception:  # ONNX's own package refuses graphs that the runtime loads
        logger.warning("convolutions of joined maps stay as they are", exc_info=True)
        return False
    nodes: list[Any] = []
    for node in graph.proto.node:
        parts = _parts(graph, node, channels)
        nodes += [node] if parts is None else _sum_of_parts(graph, node, parts)
    changed = len(nodes) > len(graph.proto.node)
    del graph.proto.node[:]
    graph.proto.node.extend(nodes)
    return changed


def _parts(graph: Graph, node: Any, channels: dict[str, int]) -> list[_Part] | None:
    """The maps that a convolution's input is joined of, if it can be computed of each."""
    joined = _joined(graph, node)
    if joined is None:
        return None
    parts = [_Part(name, channels.get(name, 0), _enlarged_by(graph, name, channels)) for name in joined.input]
    return parts if all(part.channels and part.channels % _BLOCK == 0 for part in parts) else None


def _joined(graph: Graph, node: Any) -> Any | None:
    """The node that joins two maps for a convolution of one pixel, where nothing but such convolutions reads them."""
    joined = graph.made_by(node.input[0], "Concat") if _is_of_one_pixel(graph, node) else None
    if joined is None or len(joined.input) != _JOINED or attributes(joined).get("axis") != 1:
        return None
    (name,) = joined.output
    read_whole = any(output.name == name for output in graph.proto.output)
    if read_whole or not all(_is_of_one_pixel(graph, reader) for reader in graph.readers(name)):
        return None
    return joined


def _is_of_one_pixel(graph: Graph, node: Any) -> bool:
    """Whether a node is a plain convolution of one pixel with constant kernels, (filters, channels, 1, 1) float32."""
    if node.op_type != "Conv" or node.domain not in onnx_graph.OWN_DOMAIN:
        return False
    if {**_ONE_PIXEL, **attributes(node)} != _ONE_PIXEL:
        return False
    kernels = graph.constant(node.input[1])
    if kernels is None or kernels.dtype != np.float32 or kernels.shape[2:] != (1, 1):
        return False
    return len(kernels) % _BLOCK == 0


def _enlarged_by(graph: Graph, name: str, channels: dict[str, int]) -> Any | None:
    """The node that makes a map by repeating each pixel of a smaller one in rows and columns."""
    node = graph.made_by(name, "Resize")
    if node is None or len(node.input) != _MAP_REGION_SCALES:
        return None
    described = attributes(node)
    if described.get("mode", _NEAREST) != _NEAREST or "axes" in described:
        return None
    if described.get("coordinate_transformation_mode") == _OF_A_REGION:
        return None
    scales = graph.constant(node.input[2])
    if scales is None or scales.shape != (4,) or not (scales[:2] == 1).all() or not (scales[2:] >= 1).all():
        return None
    return node if channels.get(node.input[0]) == channels.get(name) else None


def _sum_of_parts(graph: Graph, node: Any, parts: list[_Part]) -> list[Any]:
    from onnx import helper

    kernels = graph.constant(node.input[1])
    assert kernels is not None
    (result,) = node.output
    # A bias is added once, and where there is a choice to the map that is not enlarged afterwards.
    with_bias = next((part for part in parts if part.enlarged_by is None), parts[0])
    nodes, terms, first = [], [], 0
    for number, part in enumerate(parts):
        own = np.ascontiguousarray(kernels[:, first : first + part.channels])
        first += part.channels
        weights = graph.new_constant(f"{result}_weights_{number}", own)
        source = part.name if part.enlarged_by is None else part.enlarged_by.input[0]
        term = graph.new_name(f"{result}_{number}")
        bias = node.input[2:] if part is with_bias else []
        nodes.append(helper.make_node("Conv", [source, weights, *bias], [term], kernel_shape=[1, 1]))
        if part.enlarged_by is not None:
            enlarged = type(node)()
            enlarged.CopyFrom(part.enlarged_by)
            term = enlarged.output[0] = graph.new_name(f"{result}_{number}_enlarged")
            enlarged.input[0], enlarged.name = nodes[-1].output[0], term
            nodes.append(enlarged)
        terms.append(term)
    nodes.append(helper.make_node("Add", terms, [result], name=node.name))
    return nodes
