"""Static quantisation of convolutions and matrix products to 8 bits."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.engines.onnxruntime.feeds import Feeds
from workbench.compilers.onnx.int8 import layers
from workbench.errors import CompileError

Tensor = npt.NDArray[np.float32]


class _Inputs:
    """Reader of a graph's inputs for ONNX Runtime's calibration, one frame after another."""

    def __init__(self, feeds: Feeds, tensors: Sequence[Tensor]) -> None:
        self._inputs = map(feeds.of, tensors)

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        return next(self._inputs, None)


def quantise(
    graph: Path,
    target: Path,
    *,
    input_name: str,
    tensors: Sequence[Tensor],
    layout: str = "NCHW",
    also: Mapping[str, str] = MappingProxyType({}),
    for_vnni: bool = False,
) -> None:
    """Write a graph with int8 weights, per channel, and with the activations' ranges seen on ``tensors``.

    Only the operators that take the time and those between them are quantised (:mod:`~.int8.layers`). Boxes are decoded
    and suppressed in 32 bits.

    Args:
        graph: its file, of 32 bits.
        target: the file to write.
        input_name: name of the input that takes frames.
        tensors: frames as the network takes them.
        layout: order of their axes, as in ``ModelInput``.
        also: the graph's other inputs, as in ``ModelInput``.
        for_vnni: use all 8 bits of weights. Without VNNI sums of their products overflow 16 bits, so weights have 7.

    Raises:
        CompileError: the graph has nothing to quantise, or ONNX Runtime cannot quantise it.
    """
    import onnxruntime
    from onnxruntime import quantization

    with _quiet():
        try:
            model = _named(graph)
            _give_each_output_its_bias(model.graph)
            names = layers.chosen(model.graph)
            session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
            feeds = Feeds(session.get_inputs(), tensor=input_name, layout=layout, also=also, name=graph.name)
            if names:
                quantization.quantize_static(
                    model,
                    str(target),
                    _Inputs(feeds, tensors),
                    quant_format=quantization.QuantFormat.QDQ,
                    per_channel=True,
                    activation_type=quantization.QuantType.QUInt8,
                    weight_type=quantization.QuantType.QInt8,
                    op_types_to_quantize=sorted(layers.HEAVY | layers.BETWEEN),
                    nodes_to_quantize=names,
                    calibrate_method=quantization.CalibrationMethod.MinMax,
                    reduce_range=not for_vnni,
                )
        except Exception as error:  # onnx, onnxruntime and protobuf have no common root
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise CompileError(f"ONNX Runtime cannot quantise the graph: {reason}") from error
    if not names:
        raise CompileError(f"{graph.name} has no convolution or matrix product with constant weights to quantise")


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
