"""Apache MXNet: a symbol and its parameters, as GluonCV exports them. It is retired upstream; ONNX replaces it.

OpenMP's number of threads must be in the environment before MXNet is imported (``gunicorn.conf.py`` puts it there);
without it MXNet runs on one thread.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model
from ipc_ai_serving.engines import Engine, Outputs
from ipc_ai_serving.errors import ModelLoadError

_ONE_AT_A_TIME = threading.Lock()
"""MXNet is not thread-safe, even where each thread has a network of its own."""


class MxnetEngine(Engine):
    """A symbol with one input, on the GPU when MXNet's CUDA build finds one."""

    def __init__(self, symbol: Path, params: Path, *, input_name: str) -> None:
        import mxnet

        self._array = mxnet.nd.array
        self._context = mxnet.gpu() if mxnet.context.num_gpus() else mxnet.cpu()
        self.takes_core = self._context.device_type == "cpu"
        try:
            self._output_names: list[str] = mxnet.sym.load(str(symbol)).list_outputs()
            with warnings.catch_warnings():
                # A symbol has no input type, so MXNet assumes float32, which is right here.
                warnings.filterwarnings("ignore", "Cannot decide type", UserWarning)
                self._network = mxnet.gluon.nn.SymbolBlock.imports(
                    str(symbol), [input_name], str(params), ctx=self._context
                )
        except (mxnet.MXNetError, ValueError, AssertionError) as error:
            raise ModelLoadError(f"{symbol.name} and {params.name} do not load in MXNet: {error}") from error

    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Run one forward pass over (N, 3, height, width) float32."""
        with _ONE_AT_A_TIME:
            outputs = self._network(self._array(tensor, ctx=self._context))
            outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
            return {name: output.asnumpy() for name, output in zip(self._output_names, outputs, strict=True)}


def load(model: Model, files: Mapping[str, Path], threads: int) -> Engine:
    """Load the artefacts of roles ``symbol`` and ``params``."""
    return MxnetEngine(files["symbol"], files["params"], input_name=model.input.tensor)
