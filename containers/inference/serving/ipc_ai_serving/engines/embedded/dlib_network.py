"""dlib's face recognition network as an ONNX graph.

dlib computes it on one thread, keeps Python's lock meanwhile and takes several times as long as ONNX Runtime. The
network is the one of dlib's example ``dnn_face_recognition_ex.cpp``, a ResNet of 29 convolutions. Its file is written
by dlib's ``serialize`` (``dlib/serialize.h``, ``dlib/dnn/layers.h``): a tag before each layer, integers with the
number of their bytes before them, and tensors as lengths and float32 numbers, the layer next to the frame first.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_serving.engines.onnxruntime.graph import Array
from ipc_ai_serving.errors import ModelLoadError

INPUT = "frame"

_SIDE = 150
"""Side of an aligned face in pixels."""

_OUTPUT = "embedding"
_DIMENSIONS = 128
_OPERATORS = 13
_SMALLER, _SAME = 2, 1
"""Strides of blocks."""

_BLOCKS = (
    *((32, _SAME),) * 3,
    *((64, _SMALLER), *((64, _SAME),) * 3),
    *((128, _SMALLER), *((128, _SAME),) * 2),
    *((256, _SMALLER), *((256, _SAME),) * 2),
    (256, _SMALLER),
)
"""Filters and stride of each pair of convolutions of 3 x 3 pixels, after one of 7 x 7."""

_TENSOR_VERSION = 2
_NEGATIVE, _BYTES = 0x80, 0x0F
"""Bits of the byte before an integer: its sign, and the number of bytes that follow."""


def graph(path: Path) -> bytes:
    """Translate the network in ``path``, a ``dlib_face_recognition_resnet_model_v1.dat``.

    Returns:
        An ONNX graph from ``frame`` (1, 3, 150, 150) float32 RGB 0-255 to ``embedding`` (1, 128) float32. It takes one
        face at a time, because the feature maps of a batch would stay in the worker's memory.

    Raises:
        ModelLoadError: the file cannot be read, or holds another network.
    """
    file, writer = _File(path), _Writer()
    means = file.means()
    kernels, bias = file.convolution(filters=32, channels=3, side=7)
    # The network takes (p - mean) / 256 for a pixel p.
    bias = bias - (kernels * means[:, None, None]).sum(axis=(1, 2, 3)) / 256
    maps = writer.add("Relu", writer.convolution(INPUT, kernels / 256, bias, stride=_SMALLER, border=0))
    maps = writer.add("MaxPool", maps, kernel_shape=[3, 3], strides=[2, 2])
    size, channels = _shrunk(_shrunk(_SIDE, 7), 3), 32
    for filters, stride in _BLOCKS:
        first, second = file.convolution(filters, channels, 3), file.convolution(filters, filters, 3)
        inner = writer.add("Relu", writer.convolution(maps, *first, stride=stride, border=2 - stride))
        block = writer.convolution(inner, *second, stride=1, border=1)
        if stride == _SMALLER:
            maps = writer.add("AveragePool", maps, kernel_shape=[2, 2], strides=[2, 2])
            # dlib adds maps that differ in size and in channels by padding the smaller one with zeros.
            pooled, convolved = _shrunk(size, 2), _shrunk(size, 3)
            maps = writer.extended(maps, channels=filters - channels)
            block = writer.extended(block, pixels=pooled - convolved)
            size, channels = pooled, filters
        maps = writer.add("Relu", writer.add("Add", block, maps))
    features = writer.add("Flatten", writer.add("GlobalAveragePool", maps))
    return writer.finished(writer.add("MatMul", features, writer.constant(file.matrix(channels, _DIMENSIONS))))


def _shrunk(size: int, window: int) -> int:
    """Side of a feature map after a window that moves by two pixels."""
    return (size - window) // 2 + 1


class _File:
    """A network's file, read layer by layer in order."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._bytes = path.read_bytes()
        except OSError as error:
            raise ModelLoadError(f"{path} cannot be read: {error.strerror}") from error
        self._place = 0

    def means(self) -> Array:
        """Read the means of red, green and blue: (3,) float64."""
        self._seek("input_rgb_image_sized")
        return np.array([self._number() for _ in range(3)])

    def convolution(self, filters: int, channels: int, side: int) -> tuple[Array, Array]:
        """Read a convolution with the scales and sums behind it: (filters, channels, side, side) and (filters,)."""
        self._seek("con_4")
        kernels, bias = np.split(self._tensor(filters * (channels * side * side + 1)), [-filters])
        self._seek("affine_")
        scales, sums = np.split(self._tensor(2 * filters), 2)
        return kernels.reshape(filters, channels, side, side) * scales[:, None, None, None], bias * scales + sums

    def matrix(self, rows: int, columns: int) -> Array:
        """Read the fully connected layer: (rows, columns)."""
        self._seek("fc_2")
        if (self._integer(), self._integer()) != (columns, rows):
            raise self._another()
        return self._tensor(rows * columns).reshape(rows, columns)

    def _seek(self, layer: str) -> None:
        """Skip to the end of the next tag of that name."""
        tag = bytes([1, len(layer)]) + layer.encode()
        found = self._bytes.find(tag, self._place)
        if found < 0:
            raise self._another()
        self._place = found + len(tag)

    def _tensor(self, count: int) -> Array:
        """Read a tensor as (count,) float64."""
        version = self._integer()
        lengths = [self._integer() for _ in range(4)]
        start, self._place = self._place, self._place + 4 * count
        if version != _TENSOR_VERSION or math.prod(lengths) != count or self._place > len(self._bytes):
            raise self._another()
        return np.frombuffer(self._bytes, "<f4", count, start).astype(np.float64)

    def _number(self) -> float:
        mantissa, exponent = self._integer(), self._integer()
        try:
            return math.ldexp(mantissa, exponent)
        except OverflowError as error:
            raise self._another() from error

    def _integer(self) -> int:
        head = self._bytes[self._place : self._place + 1]
        if not head:
            raise self._another()
        length = head[0] & _BYTES
        digits = self._bytes[self._place + 1 : self._place + 1 + length]
        self._place += 1 + length
        value = int.from_bytes(digits, "little")
        return -value if head[0] & _NEGATIVE else value

    def _another(self) -> ModelLoadError:
        return ModelLoadError(f"{self._name} is not dlib's face recognition network, or not all of it")


class _Writer:
    """A graph under construction; each method adds to it and returns the name of the value that it added."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node."""
        from onnx import helper

        made = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [made], name=made, **attributes))
        return made

    def constant(self, value: Array) -> str:
        """Add numbers: integers as they are, all others in 32 bits."""
        from onnx import numpy_helper

        name = f"weights_{len(self._weights)}"
        kept = value if np.issubdtype(value.dtype, np.integer) else value.astype(np.float32)
        self._weights.append(numpy_helper.from_array(kept, name))
        return name

    def convolution(self, maps: str, kernels: Array, bias: Array, *, stride: int, border: int) -> str:
        """Add a convolution of maps with ``border`` zeros around them."""
        weights = [self.constant(kernels), self.constant(bias)]
        return self.add("Conv", maps, *weights, strides=[stride] * 2, pads=[border] * 4)

    def extended(self, maps: str, *, channels: int = 0, pixels: int = 0) -> str:
        """Pad maps with channels, rows and columns of zeros at their ends."""
        if not channels and not pixels:
            return maps
        return self.add("Pad", maps, self.constant(np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)))

    def finished(self, result: str) -> bytes:
        """Serialize the graph whose output is ``result``."""
        from onnx import TensorProto, helper

        nodes = [*self._nodes, helper.make_node("Identity", [result], [_OUTPUT])]
        frame = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 3, _SIDE, _SIDE])
        output = helper.make_tensor_value_info(_OUTPUT, TensorProto.FLOAT, [1, _DIMENSIONS])
        graph = helper.make_graph(nodes, "dlib_face_recognition", [frame], [output], self._weights)
        opset = helper.make_opsetid("", _OPERATORS)
        return bytes(helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString())
