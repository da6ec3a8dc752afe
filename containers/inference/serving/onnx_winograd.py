"""Convolutions of 3 x 3 pixels in ONNX graphs with fewer multiplications: Winograd's minimal filtering.

The algorithms F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural
Networks", 2015, sections 4.1 and 4.3. A map is cut into tiles of m x m pixels, each of which depends on (m + 2) x (m +
2) pixels d of the map before. With that paper's matrices a tile is A'[(G g G') * (B' d B)]A for a kernel g: (m + 2)^2
products instead of 9 m^2, so 4 or 2.25 a pixel instead of 9. ONNX Runtime 1.31's own convolutions on a CPU know no such
way; here it is written in operators that it runs fast:

- B' d B is convolutions channel by channel, first of columns and then of rows of pixels, with a stride of m: they stay
  in the layout that convolutions have on a CPU;
- the products of all channels are (m + 2)^2 products of matrices, (tiles, channels) by (channels, filters);
- A' M A of all tiles at once is one product of a matrix of m^2 x (m + 2)^2, after which pixels are put in order;
- a convolution of one pixel a channel adds the bias: the activation, the batch norm or the sum that follows joins it,
  as it would have joined the convolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serving import memory, onnx_graph
from serving.onnx_graph import Array, Graph, attributes

_LARGEST_BYTES = 384 * 1024 * 1024
_LARGEST_KERNELS = 512 * 1024 * 1024
"""Bytes of all transformed kernels together, so that graphs stay far from the 2 GiB that protobuf allows."""

_OPERATORS = 13
"""The first set of operators in which ``Split`` has its lengths as an input."""

_RANK = 4
_SMALL = 1024
"""Numbers of a tensor that may tell a shape."""

_FEWEST_CHANNELS = 128
_USUAL = {"strides": [1, 1], "dilations": [1, 1], "group": 1, "auto_pad": b"NOTSET", "kernel_shape": [3, 3]}
_PLAIN = {**_USUAL, "pads": [1, 1, 1, 1]}


@dataclass(frozen=True)
class _Filtering:
    """F(m x m, 3 x 3).

    Attributes:
        side: m, of a tile.
        least_tiles: of a map, for which it pays.
        from_pixels: B', (m + 2, m + 2).
        from_kernel: G, (m + 2, 3).
        to_pixels: A', (m, m + 2).
    """

    side: int
    least_tiles: int
    from_pixels: Array
    from_kernel: Array
    to_pixels: Array


_FILTERINGS = (
    _Filtering(
        side=4,
        least_tiles=20,
        from_pixels=np.array(
            [
                [4, 0, -5, 0, 1, 0],
                [0, -4, -4, 1, 1, 0],
                [0, 4, -4, -1, 1, 0],
                [0, -2, -1, 2, 1, 0],
                [0, 2, -1, -2, 1, 0],
                [0, 4, 0, -5, 0, 1],
            ],
            np.float64,
        ),
        from_kernel=np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24,
        to_pixels=np.array(
            [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float64
        ),
    ),
    _Filtering(
        side=2,
        least_tiles=40,
        from_pixels=np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], np.float64),
        from_kernel=np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2,
        to_pixels=np.array([[1, 1, 1, 0], [0, 1, -1, -1]], np.float64),
    ),
)
"""Which one is taken for maps of how many tiles, and from how many channels on, is from measurements on a processor
with AVX2, one thread: 0.57x to 0.85x of the time of a convolution; of fewer channels, or tiles, more than 1x."""


def with_fewer_products(graph: Path | bytes, *, side: int) -> Path | bytes:
    """The graph, with those convolutions in Winograd's way that are faster so on one thread of a CPU.

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
    sizes = _sizes(model, side)
    lengths = [dim.dim_value for frames in model.graph.input for dim in _dims(frames)]
    writer = _Writer(editor, fixed=bool(lengths) and all(length > 0 for length in lengths))
    nodes: list[Any] = []
    kernels, most = 0, min(_LARGEST_KERNELS, _room(model))
    for node in model.graph.node:
        chosen = _chosen(editor, node, sizes)
        kernels += chosen.kernel_bytes if chosen else 0
        nodes += [node] if chosen is None or kernels > most else writer.written(chosen)
    if len(nodes) == len(model.graph.node):
        return graph
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    editor.drop_unread()
    return bytes(model.SerializeToString())


@dataclass(frozen=True)
class _Chosen:
    """A convolution that is to be written in Winograd's way.

    Attributes:
        node: of it.
        kernels: (filters, channels, 3, 3).
        size: rows and columns of its map, where the frame has the expected size.
        filtering: how.
    """

    node: Any
    kernels: Array
    size: tuple[int, int]
    filtering: _Filtering

    @property
    def kernel_bytes(self) -> int:
        """Of its transformed kernels."""
        return int(np.prod(self.kernels.shape[:2])) * len(self.filtering.from_pixels) ** 2 * 4


def _kernels(graph: Graph, node: Any) -> Array | None:
    """Of a plain convolution of many channels, (filters, channels, 3, 3) float32; None for any other node."""
    if node.op_type != "Conv" or node.domain not in onnx_graph.OWN_DOMAIN or {**_USUAL, **attributes(node)} != _PLAIN:
        return None
    kernels = graph.constant(node.input[1])
    if kernels is None or kernels.dtype != np.float32 or kernels.shape[2:] != (3, 3):
        return None
    return kernels if min(kernels.shape[:2]) >= _FEWEST_CHANNELS and np.isfinite(kernels).all() else None


def _chosen(graph: Graph, node: Any, sizes: dict[str, tuple[int, int]]) -> _Chosen | None:
    """The convolution with the way that suits it; None where its own is as fast."""
    kernels = _kernels(graph, node)
    size = None if kernels is None else sizes.get(node.output[0])
    if kernels is None or size is None:
        return None
    for filtering in _FILTERINGS:
        if math.prod(math.ceil(length / filtering.side) for length in size) >= filtering.least_tiles:
            return _Chosen(node, kernels, size, filtering)
    return None


def _sizes(model: Any, side: int) -> dict[str, tuple[int, int]]:
    """Rows and columns of the maps, as far as they follow from the graph, for frames of ``side`` where it has none."""
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
        if math.prod(weights.dims) <= _SMALL:
            light.graph.initializer.append(weights)
        else:
            light.graph.input.append(helper.make_tensor_value_info(weights.name, weights.data_type, weights.dims))
    for frames in light.graph.input[: len(model.graph.input)]:
        for dim, length in zip(_dims(frames), (1, 3, side, side), strict=False):
            dim.dim_value = dim.dim_value if dim.dim_value > 0 else length
    inferred = onnx.shape_inference.infer_shapes(light, data_prop=True)
    found = {}
    for declared in (*inferred.graph.value_info, *inferred.graph.output):
        lengths = [dim.dim_value for dim in declared.type.tensor_type.shape.dim]
        if len(lengths) == _RANK and all(lengths):
            found[declared.name] = (lengths[2], lengths[3])
    return found


def _room(model: Any) -> int:
    """Bytes of transformed kernels for which the machine has memory, and as much again for frames.

    While a graph is written and loaded, its weights are there twice, and transformed kernels three times.
    """
    weights = sum(len(each.raw_data) for each in model.graph.initializer)
    return (memory.limit() // 2 - 2 * weights) // 3


def _dims(declared: Any) -> Any:
    """The lengths of a declared tensor."""
    return declared.type.tensor_type.shape.dim


class _Writer:
    """Writes convolutions in Winograd's way into a graph."""

    def __init__(self, graph: Graph, *, fixed: bool) -> None:
        """For ``graph``, whose maps always have the same size when ``fixed``."""
        self._graph = graph
        self._fixed = fixed
        self._channelwise: dict[tuple[int, bytes, tuple[int, ...]], str] = {}
        self._shapes: dict[tuple[int, ...], str] = {}
        self._nodes: list[Any] = []
        self._name = ""

    def written(self, chosen: _Chosen) -> list[Any]:
        """The nodes in place of the convolution; its map is (N, filters, rows, columns)."""
        self._nodes, self._name = [], chosen.node.output[0]
        filters = len(chosen.kernels)
        side, wide = chosen.filtering.to_pixels.shape
        products = self._products(chosen)
        counts = self._add("Slice", self._add("Shape", products[0]), self._numbers([0]), self._numbers([3]))
        rows = self._add("Reshape", self._add("Concat", *products, axis=0), self._numbers([wide * wide, -1]))
        to_tiles = np.kron(chosen.filtering.to_pixels, chosen.filtering.to_pixels)
        tiles = self._add("MatMul", self._constant(to_tiles.astype(np.float32)), rows)
        shape = self._add("Concat", self._numbers([side, side]), counts, self._numbers([filters]), axis=0)
        # (column in tile, row in tile, N, row of tiles, column of tiles, filters)
        apart = self._add("Reshape", tiles, shape)
        in_order = self._add("Transpose", apart, perm=[2, 3, 1, 4, 0, 5])
        lengths = self._add("Mul", counts, self._numbers([1, side, side]))
        pixels = self._add("Reshape", in_order, self._add("Concat", lengths, self._numbers([filters]), axis=0))
        own = self._add("Transpose", self._cut(pixels, chosen), perm=[0, 3, 1, 2])
        ones = self._constant(np.ones((filters, 1, 1, 1), np.float32))
        self._add("Conv", own, ones, *chosen.node.input[2:], group=filters, kernel_shape=[1, 1])
        self._nodes[-1].output[0] = self._name
        return self._nodes

    def _products(self, chosen: _Chosen) -> list[str]:
        """(N, rows of tiles, columns of tiles, filters) for each of a tile's (m + 2)^2 numbers, column by column."""
        filtering, source, side = chosen.filtering, chosen.node.input[0], chosen.filtering.side
        filters, channels = chosen.kernels.shape[:2]
        both = np.kron(filtering.from_kernel, filtering.from_kernel)
        flat = both @ chosen.kernels.reshape(filters * channels, -1).T.astype(np.float64)
        kernels = flat.astype(np.float32).reshape(len(filtering.from_pixels), -1, filters, channels)
        # Rows and columns beyond the map are zeros, as many as the last tiles may lack.
        down = [
            self._channel_by_channel(source, channels, each[:, None], strides=[side, 1], pads=[1, 0, side, 0])
            for each in filtering.from_pixels
        ]
        joined = self._add("Concat", *down, axis=1)
        products = []
        for column, each in enumerate(filtering.from_pixels):
            across = self._channel_by_channel(
                joined, channels * len(down), each[None, :], strides=[1, side], pads=[0, 1, 0, side]
            )
            turned = self._add("Transpose", across, perm=[0, 2, 3, 1])
            parts = self._add_all("Split", turned, self._numbers([channels] * len(down)), count=len(down), axis=3)
            products += [
                self._add("MatMul", part, self._constant(kernels[row, column].T.copy()))
                for row, part in enumerate(parts)
            ]
        return products

    def _cut(self, pixels: str, chosen: _Chosen) -> str:
        """(N, rows, columns, filters) without what the last tiles have too much."""
        if self._fixed and all(length % chosen.filtering.side == 0 for length in chosen.size):
            return pixels
        if self._fixed:
            ends = self._numbers(chosen.size)
        else:
            # Whoever asks for the size of a map has all of it brought into another layout; of this one it is little.
            none = np.zeros((1, chosen.kernels.shape[1], 1, 1), np.float32)
            small = self._add("Conv", chosen.node.input[0], self._constant(none), kernel_shape=[1, 1])
            ends = self._add("Slice", self._add("Shape", small), self._numbers([2]), self._numbers([4]))
        return self._add("Slice", pixels, self._numbers([0, 0]), ends, self._numbers([1, 2]))

    def _channel_by_channel(self, source: str, channels: int, kernel: Array, **attributes: Any) -> str:
        """A convolution of every channel by the same kernel."""
        key = (channels, kernel.tobytes(), kernel.shape)
        if key not in self._channelwise:
            same = np.broadcast_to(kernel.astype(np.float32), (channels, 1, *kernel.shape))
            self._channelwise[key] = self._constant(np.ascontiguousarray(same))
        return self._add(
            "Conv", source, self._channelwise[key], group=channels, kernel_shape=list(kernel.shape), **attributes
        )

    def _constant(self, value: Array) -> str:
        return self._graph.new_constant(f"{self._name}_{len(self._graph.proto.initializer)}", value)

    def _numbers(self, values: Sequence[int]) -> str:
        key = tuple(values)
        if key not in self._shapes:
            self._shapes[key] = self._constant(np.array(key, np.int64))
        return self._shapes[key]

    def _add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node; returns the name of what it makes."""
        (made,) = self._add_all(operator, *inputs, count=1, **attributes)
        return made

    def _add_all(self, operator: str, *inputs: str, count: int, **attributes: Any) -> list[str]:
        """Adds a node that makes several tensors; returns their names."""
        from onnx import helper

        name = self._graph.new_name(f"{self._name}_{operator}_{len(self._nodes)}")
        made = [f"{name}_{number}" for number in range(count)]
        self._nodes.append(helper.make_node(operator, inputs, made, name=name, **attributes))
        return made
