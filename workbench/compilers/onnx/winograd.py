"""Convolutions of 3 x 3 pixels with fewer multiplications, where that is faster on a CPU."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_serving.engines.onnxruntime import graph as onnx_graph
from ipc_ai_serving.engines.onnxruntime.graph import Array, Graph, attributes
from workbench.compilers.onnx import map_sizes
from workbench.compilers.onnx.winograd_nodes import OF_FOUR, OF_TWO, Convolution, Writer

logger = logging.getLogger(__name__)

_LARGEST_BYTES = 384 * 1024 * 1024
_LARGEST_KERNELS = 512 * 1024 * 1024
"""Bytes of all transformed kernels together, so that graphs stay far from the 2 GiB that protobuf allows."""

_OPERATORS = 13
"""The first set of operators in which ``Split`` has its lengths as an input."""

_FEWEST_CHANNELS = 128
_LEAST_TILES = ((OF_FOUR, 20), (OF_TWO, 40))
"""Which filtering is taken for maps of how many tiles, and from how many channels on, is from measurements on a
processor with AVX2, one thread: 0.57x to 0.85x of the time of a convolution; of fewer channels, or tiles, more than
1x."""

_USUAL = {"strides": [1, 1], "dilations": [1, 1], "group": 1, "auto_pad": b"NOTSET", "kernel_shape": [3, 3]}
_PLAIN = {**_USUAL, "pads": [1, 1, 1, 1]}


def rewrite(graph: Path, *, side: int) -> None:
    """Rewrite a graph's file with :func:`with_fewer_products`; a graph that cannot be rewritten stays as it is."""
    try:
        written = with_fewer_products(graph, side=side)
    except Exception:  # ONNX's own package refuses graphs that the runtime loads
        logger.warning("%s keeps its convolutions as they are", graph.name, exc_info=True)
        return
    if isinstance(written, bytes):
        graph.write_bytes(written)


def with_fewer_products(graph: Path | bytes, *, side: int) -> Path | bytes:
    """Write those convolutions in Winograd's way that are faster so on one thread of a CPU.

    Sums are in another order, and of numbers up to some times as large, so a convolution's numbers differ by some
    millionths of the largest.

    Args:
        graph: its file, or what would be in it.
        side: of the frames that it looks at, in pixels, where the graph leaves that open.

    Returns:
        The graph as bytes, or what was given where there was nothing to change, or where it is too large.

    Raises:
        InferenceError: of ONNX, the sizes of the maps contradict each other, or an operator is of no known set.
    """
    model = onnx_graph.read(graph, largest=_LARGEST_BYTES)
    if model is None or onnx_graph.operators(model) < _OPERATORS:
        return graph
    editor = Graph(model.graph)
    # ONNX lets the last window of such a pool begin beyond the map, and its runtime does not: sizes would be wrong.
    if any(attributes(node).get("ceil_mode") for node in model.graph.node):
        return graph
    if not any(_kernels(editor, node) is not None for node in model.graph.node):
        return graph
    sizes = map_sizes.map_sizes(model, side)
    writer = Writer(editor, fixed=map_sizes.takes_one_size(model))
    nodes: list[Any] = []
    kernels = 0
    for node in model.graph.node:
        chosen = _chosen(editor, node, sizes)
        kernels += chosen.kernel_bytes if chosen else 0
        nodes += [node] if chosen is None or kernels > _LARGEST_KERNELS else writer.written(chosen)
    if len(nodes) == len(model.graph.node):
        return graph
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    editor.drop_unread()
    return bytes(model.SerializeToString())


def _kernels(graph: Graph, node: Any) -> Array | None:
    """Kernels of a plain convolution of many channels, (filters, channels, 3, 3) float32; None for any other node."""
    if node.op_type != "Conv" or node.domain not in onnx_graph.OWN_DOMAIN or {**_USUAL, **attributes(node)} != _PLAIN:
        return None
    kernels = graph.constant(node.input[1])
    if kernels is None or kernels.dtype != np.float32 or kernels.shape[2:] != (3, 3):
        return None
    return kernels if min(kernels.shape[:2]) >= _FEWEST_CHANNELS and np.isfinite(kernels).all() else None


def _chosen(graph: Graph, node: Any, sizes: dict[str, tuple[int, int]]) -> Convolution | None:
    """The convolution with the way that suits it; None where its own is as fast."""
    kernels = _kernels(graph, node)
    size = None if kernels is None else sizes.get(node.output[0])
    if kernels is None or size is None:
        return None
    for filtering, least_tiles in _LEAST_TILES:
        if math.prod(math.ceil(length / filtering.side) for length in size) >= least_tiles:
            return Convolution(node, kernels, size, filtering)
    return None
