"""Graph of a model that runs on ONNX Runtime already, as the quantisation takes it."""

from __future__ import annotations

from pathlib import Path

from workbench.compilers.onnx.int8 import half_precision
from workbench.errors import CompileError

_LEAST_OPSET = 13
"""Operator set of ONNX from which QuantizeLinear takes a scale for each channel."""

_OF_8_BITS = frozenset({"QuantizeLinear", "DequantizeLinear", "ConvInteger", "MatMulInteger", "QLinearConv"})


def prepare(graph: Path, target: Path) -> bool:
    """Write a graph in one file, in single precision and an operator set that has quantisation by channels.

    Returns:
        Whether it was in half precision.

    Raises:
        CompileError: it cannot be read, is in 8 bits already, or has no such operator set.
    """
    import onnx
    from onnx import version_converter

    try:
        model = onnx.load(str(graph))
    except Exception as error:  # onnx and protobuf have no common root
        raise CompileError(f"{graph.name} is no ONNX graph that can be read: {_first_line(error)}") from error
    if any(node.op_type in _OF_8_BITS for node in model.graph.node):
        raise CompileError(f"{graph.name} is in 8 bits already; quantise the graph of 32 bits from which it was made")
    opset = next((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), 0)
    if opset < _LEAST_OPSET:
        try:
            model = version_converter.convert_version(model, _LEAST_OPSET)
        except Exception as error:  # as above
            raise CompileError(
                f"{graph.name} has opset {opset}, and --int8 takes {_LEAST_OPSET} or later; export it anew with "
                f"opset_version={_LEAST_OPSET} ({_first_line(error)})"
            ) from error
    was_half = half_precision.is_half(model)
    if was_half:
        half_precision.in_single(model)
    onnx.save(model, str(target))
    return was_half


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
