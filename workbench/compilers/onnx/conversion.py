"""Conversion of MXNet's symbol and parameters to an ONNX graph for frames of any size."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ipc_ai_catalogue import EMBEDDER, Model
from workbench.errors import CompileError
from workbench.export.symbol_repairs import exportable, ignored_gammas, repaired_roi_align

OPSET = 13
"""The newest operator set that MXNet 1.9.1's exporter knows."""

Shape = tuple[int, int, int, int]


def convert(model: Model, files: Mapping[str, Path], shape: Shape, target: Path) -> list[str]:
    """Write the ONNX graph, not repaired yet.

    Args:
        model: description of the files.
        files: paths of the roles ``symbol`` and ``params``.
        shape: (1, 3, height, width) of the frame with which the exporter traces. Height and width stay free in the
            graph; an embedder has a fixed size, and its number of faces stays free.
        target: the file to write.

    Returns:
        Names of the symbol's outputs, in its order.

    Raises:
        CompileError: MXNet's exporter does not take the graph.
    """
    import mxnet

    with _as_mxnet_expects():
        from mxnet import onnx as exporter

        text = repaired_roi_align(files["symbol"].read_text(encoding="utf-8"))
        parameters = mxnet.nd.load(str(files["params"]))
        for name in ignored_gammas(text):
            for key in (name, f"arg:{name}"):
                if key in parameters:
                    parameters[key][:] = 1
        free = ("N", *shape[1:]) if model.role == EMBEDDER else (1, 3, "height", "width")
        try:
            symbol = mxnet.sym.load_json(exportable(text))
            exporter.export_model(
                symbol,
                {name.partition(":")[2] or name: value for name, value in parameters.items()},
                [shape],
                [np.float32],
                str(target),
                dynamic=True,
                dynamic_input_shapes=[free],
            )
        except (AttributeError, ValueError, IndexError, KeyError, NotImplementedError, mxnet.MXNetError) as error:
            reason = str(error).strip().splitlines()[0]
            raise CompileError(f"MXNet's exporter does not take {model.name}: {reason}") from error
        return list(symbol.list_outputs())


@contextlib.contextmanager
def _as_mxnet_expects() -> Iterator[None]:
    """Have onnx report the exporter's operator set as its newest within this block; the exporter knows no later one."""
    import onnx.defs

    newest: Any = onnx.defs.onnx_opset_version
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    onnx.defs.onnx_opset_version = lambda: OPSET
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # retired upstream: its warnings help no reader
            yield
    finally:
        onnx.defs.onnx_opset_version = newest
        root.setLevel(level)
