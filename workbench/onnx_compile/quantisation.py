"""Static quantisation of convolutions and matrix products to 8 bits."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.errors import CompileError

Tensor = npt.NDArray[np.float32]
_OPERATORS = ["Conv", "Gemm", "MatMul"]


class _Tensors:
    """ONNX Runtime's calibration reads tensors from this, one after another."""

    def __init__(self, name: str, tensors: Sequence[Tensor]) -> None:
        self._feeds = iter([{name: tensor} for tensor in tensors])

    def get_next(self) -> dict[str, Tensor] | None:
        return next(self._feeds, None)


def quantise(graph: Path, target: Path, *, input_name: str, tensors: Sequence[Tensor]) -> None:
    """Writes a graph whose weights are int8, per channel, and whose activations have the ranges seen on ``tensors``.

    Only what takes the time is quantised: boxes are decoded and suppressed in 32 bits.

    Raises:
        CompileError: ONNX Runtime cannot quantise the graph.
    """
    from onnxruntime import quantization

    with _quiet():
        try:
            quantization.quantize_static(
                str(graph),
                str(target),
                _Tensors(input_name, tensors),
                quant_format=quantization.QuantFormat.QDQ,
                per_channel=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
                op_types_to_quantize=_OPERATORS,
                calibrate_method=quantization.CalibrationMethod.MinMax,
                # Without AVX512-VNNI sums of 8-bit products overflow 16 bits; 7 bits of a weight do not.
                reduce_range=True,
            )
        except Exception as error:  # onnx, onnxruntime and protobuf have no common root
            reason = str(error).strip().splitlines()[0]
            raise CompileError(f"ONNX Runtime cannot quantise the graph: {reason}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The library warns on the root logger that the graph should be optimised first, which it is."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
