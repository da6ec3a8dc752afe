"""Static quantisation of convolutions and matrix products to 8 bits."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import CompileError

Tensor = npt.NDArray[np.float32]
_HEAVY = ["Conv", "Gemm", "MatMul"]
_BETWEEN = {"Concat", "Relu", "Resize", "Slice"}
"""Light operators; each costs two conversions where it stays in 32 bits between heavy operators in 8."""


class _Tensors:
    """Reader of tensors for ONNX Runtime's calibration, one after another."""

    def __init__(self, name: str, tensors: Sequence[Tensor]) -> None:
        self._feeds = iter([{name: tensor} for tensor in tensors])

    def get_next(self) -> dict[str, Tensor] | None:
        return next(self._feeds, None)


def quantise(graph: Path, target: Path, *, input_name: str, tensors: Sequence[Tensor]) -> None:
    """Write a graph with int8 weights, per channel, and with the activations' ranges seen on ``tensors``.

    Only the operators that take the time and those between them are quantised. Boxes are decoded and suppressed in
    32 bits.

    Raises:
        CompileError: ONNX Runtime cannot quantise the graph.
    """
    from onnxruntime import quantization

    with _quiet():
        try:
            model = _named(graph)
            _give_each_output_its_bias(model.graph)
            quantization.quantize_static(
                model,
                str(target),
                _Tensors(input_name, tensors),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                op_types_to_quantize=[*_HEAVY, *sorted(_BETWEEN)],
                nodes_to_exclude=_not_between(model.graph),
                calibrate_method=quantization.CalibrationMethod.MinMax,
                # Without AVX512-VNNI sums of 8-bit products overflow 16 bits; weights of 7 bits prevent that.
                reduce_range=True,
            )
        except Exception as error:  # onnx, onnxruntime and protobuf have no common root
            reason = str(error).strip().splitlines()[0]
            raise CompileError(f"ONNX Runtime cannot quantise the graph: {reason}") from error


def _named(path: Path) -> Any:
    """Load the graph with a unique name for each node, because nodes are excluded by name."""
    import onnx

    model = onnx.load(str(path))
    for number, node in enumerate(model.graph.node):
        node.name = f"{number} {node.name}"
    return model


def _give_each_output_its_bias(graph: Any) -> None:
    """Repeat the one bias of a matrix product for all outputs: ONNX Runtime looks for one each, by its index."""
    from onnx import numpy_helper

    constants = {each.name: each for each in graph.initializer}
    for node in graph.node:
        if node.op_type != "Gemm" or len(node.input) < 3 or not {*node.input[1:3]} <= constants.keys():
            continue
        weights, bias = constants[node.input[1]], numpy_helper.to_array(constants[node.input[2]])
        is_transposed = any(each.name == "transB" and each.i for each in node.attribute)
        outputs = weights.dims[0 if is_transposed else 1]
        if bias.shape != (outputs,) and bias.size in (1, outputs):
            node.input[2] = f"{node.name} bias"
            repeated = np.broadcast_to(bias.reshape(-1), (outputs,)).copy()
            graph.initializer.append(numpy_helper.from_array(repeated, node.input[2]))


def _not_between(graph: Any) -> list[str]:
    """Names of the light nodes whose results are read by something other than heavy ones."""
    read_by_others = {output.name for output in graph.output}
    left_out = []
    for node in reversed(graph.node):  # the readers of a tensor come before its producer
        between = node.op_type in _BETWEEN and node.output[0] not in read_by_others
        if node.op_type in _BETWEEN and not between:
            left_out.append(node.name)
        if not between and node.op_type not in (*_HEAVY, "Shape"):
            read_by_others.update(node.input)
    return left_out


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the root logger, on which the library asks for a graph that is optimised first, as this one is."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
