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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ipc_ai_serving.engines.onnxruntime.graph import Array, Graph


@dataclass(frozen=True)
class Filtering:
    """F(m x m, 3 x 3).

    Attributes:
        side: m, of a tile.
        from_pixels: B', (m + 2, m + 2).
        from_kernel: G, (m + 2, 3).
        to_pixels: A', (m, m + 2).
    """

    side: int
    from_pixels: Array
    from_kernel: Array
    to_pixels: Array


OF_FOUR = Filtering(
    side=4,
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
)
OF_TWO = Filtering(
    side=2,
    from_pixels=np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], np.float64),
    from_kernel=np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2,
    to_pixels=np.array([[1, 1, 1, 0], [0, 1, -1, -1]], np.float64),
)


@dataclass(frozen=True)
class Convolution:
    """A convolution to be written in Winograd's way.

    Attributes:
        node: of it.
        kernels: (filters, channels, 3, 3).
        size: rows and columns of its map, where the frame has the expected size.
        filtering: how.
    """

    node: Any
    kernels: Array
    size: tuple[int, int]
    filtering: Filtering

    @property
    def kernel_bytes(self) -> int:
        """Bytes of its transformed kernels."""
        return int(np.prod(self.kernels.shape[:2])) * len(self.filtering.from_pixels) ** 2 * 4


class Writer:
    """Write convolutions in Winograd's way into a graph."""

    def __init__(self, graph: Graph, *, fixed: bool) -> None:
        """Write into ``graph``, whose maps always have the same size when ``fixed``."""
        self._graph = graph
        self._fixed = fixed
        self._channelwise: dict[tuple[int, bytes, tuple[int, ...]], str] = {}
        self._shapes: dict[tuple[int, ...], str] = {}
        self._nodes: list[Any] = []
        self._name = ""

    def written(self, chosen: Convolution) -> list[Any]:
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

    def _products(self, chosen: Convolution) -> list[str]:
        """Add one product for each of a tile's (m + 2)^2 numbers, column by column, and return their names.

        Each has the shape (N, rows of tiles, columns of tiles, filters).
        """
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

    def _cut(self, pixels: str, chosen: Convolution) -> str:
        """(N, rows, columns, filters) without what the last tiles have too much."""
        if self._fixed and all(length % chosen.filtering.side == 0 for length in chosen.size):
            return pixels
        if self._fixed:
            ends = self._numbers(chosen.size)
        else:
            # ``Shape`` brings a whole map into another layout first, so it is asked of a map of one channel.
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
        """Add a node; return the name of what it makes."""
        (made,) = self._add_all(operator, *inputs, count=1, **attributes)
        return made

    def _add_all(self, operator: str, *inputs: str, count: int, **attributes: Any) -> list[str]:
        """Add a node that makes several tensors; return their names."""
        from onnx import helper

        name = self._graph.new_name(f"{self._name}_{operator}_{len(self._nodes)}")
        made = [f"{name}_{number}" for number in range(count)]
        self._nodes.append(helper.make_node(operator, inputs, made, name=name, **attributes))
        return made
