"""ONNX Runtime, on CPU or GPU: whichever its installed package has."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from catalogue import Model
from serving.engines import Engine, Outputs
from serving.errors import ModelLoadError

logger = logging.getLogger(__name__)


class OnnxRuntimeEngine(Engine):
    """An ONNX graph with one input."""

    def __init__(self, graph: Path, *, input_name: str, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A thread that waits in a loop for the next layer takes the core from another request.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        preferred = ("CUDAExecutionProvider", "CPUExecutionProvider")
        available = onnxruntime.get_available_providers()
        if preferred[0] in available:
            onnxruntime.preload_dlls()  # CUDA and cuDNN from their wheels, which no loader path names
        try:
            self._session = onnxruntime.InferenceSession(
                str(graph), options, providers=[provider for provider in preferred if provider in available]
            )
        except Exception as error:  # the runtime's own exception classes are not exported
            raise ModelLoadError(f"{graph.name} is not a graph that ONNX Runtime loads: {error}") from error
        if preferred[0] in self._session.get_providers():
            logger.info("ONNX Runtime runs on the GPU")
        elif preferred[0] in available:
            logger.warning("ONNX Runtime found no usable GPU and runs on the CPU")
        on_cpu = self._session.get_providers()[0] == "CPUExecutionProvider"
        self._cores = len(os.sched_getaffinity(0)) if on_cpu and threads == 1 else 1
        self.at_once = threads if on_cpu else 1
        self._input_name = input_name
        self._output_names = [output.name for output in self._session.get_outputs()]
        inputs = [declared.name for declared in self._session.get_inputs()]
        self._one_at_a_time = self._session.get_inputs()[0].shape[0] == 1
        if inputs != [input_name]:
            raise ModelLoadError(f"{graph.name} takes {inputs}, not the one input '{input_name}' of its description")

    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """One forward pass over (N, 3, height, width) float32.

        A session of one thread leaves the other cores to other requests; while there is none they are idle, so the
        parts of a batch, the faces of a picture, run on all of them.
        """
        # Many published graphs have a batch of one written into them.
        parts = len(tensor) if self._one_at_a_time else min(len(tensor), self._cores)
        batches = np.array_split(tensor, parts) if parts > 1 else [tensor]
        runs = list(self._parallel.map(self._forward, batches)) if parts > 1 else [self._forward(tensor)]
        outputs = runs[0] if len(runs) == 1 else [np.concatenate(pieces) for pieces in zip(*runs, strict=True)]
        return dict(zip(self._output_names, outputs, strict=True))

    def _forward(self, tensor: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        outputs: list[npt.NDArray[np.float32]] = self._session.run(self._output_names, {self._input_name: tensor})
        return outputs

    @functools.cached_property
    def _parallel(self) -> ThreadPoolExecutor:
        """Threads that wait for parts of batches. Made when the first comes: no thread survives a fork."""
        return ThreadPoolExecutor(self._cores, thread_name_prefix="batch")


def load(model: Model, files: Mapping[str, Path], threads: int) -> Engine:
    """Loads the artefact of role ``onnx``."""
    return OnnxRuntimeEngine(files["onnx"], input_name=model.input.tensor, threads=threads)
