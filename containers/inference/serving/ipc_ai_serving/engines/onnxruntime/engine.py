"""ONNX Runtime, on CPU or GPU as its installed package has it."""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import CLASSIFIER, EMBEDDER, Model
from ipc_ai_serving.engines import Engine, Outputs, TensorOf
from ipc_ai_serving.engines.onnxruntime import providers, sessions, shortcuts, tensorrt
from ipc_ai_serving.engines.onnxruntime.bound_session import BoundSession
from ipc_ai_serving.engines.onnxruntime.feeds import Feeds, in_single_precision
from ipc_ai_serving.engines.onnxruntime.providers import GPU
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.settings import settings

logger = logging.getLogger(__name__)

_TELLS_CLASSES = "yolox"
_ONE_ANSWER = (CLASSIFIER, EMBEDDER)
"""Roles of networks that answer one vector a frame, so that no axis of an output counts boxes."""


class OnnxRuntimeEngine(Engine):
    """An ONNX graph that takes frames, and perhaps what follows from their size.

    With several threads it has two sessions. A lone request runs on all threads, which answers it sooner. Concurrent
    requests run on one thread each, which answers more of them in the same time. The session of one thread belongs to
    the process that loads the engine, and forked processes share it. The other session and the threads for batches are
    made in each process, because no thread survives a fork; the weights are shared all the same.
    """

    def __init__(
        self,
        graph: Path | bytes,
        *,
        name: str,
        input_name: str,
        threads: int,
        layout: str = "NCHW",
        also: Mapping[str, str] = MappingProxyType({}),
        session: Any = None,
        max_batch_size: int | None = None,
        has_rows: bool = False,
    ) -> None:
        """Load a graph.

        Args:
            graph: its file, or the bytes of it.
            name: name of the file, for messages.
            input_name: name of the input that takes frames.
            threads: calls that may run at once, or threads of a lone call.
            layout: order of the axes of frames, as in ``ModelInput``.
            also: its other inputs, as in ``ModelInput``.
            session: a session of the graph that is open already, on a GPU.
            max_batch_size: most frames of a forward pass; None for any number.
            has_rows: whether each output has a row a frame, whatever its axes are called.
        """
        opened = session or sessions.opened(graph, threads=1, name=name)
        on_gpu = GPU in opened.get_providers()
        self._narrow = BoundSession(opened, device="cuda") if on_gpu else opened
        self.at_once = 1 if on_gpu else threads
        self._graph: Path | bytes = graph if self.at_once > 1 else b""  # with one thread it is not needed again
        self._name = name
        self._optimised = sessions.optimised(graph, name=name) if self.at_once > 1 else None
        self.takes_core = not on_gpu
        self._wide_of: dict[int, Any] = {}
        self._batches_of: dict[int, ThreadPoolExecutor] = {}
        self._lock = threading.Lock()
        self._output_names = [output.name for output in opened.get_outputs()]
        self._feeds = Feeds(opened.get_inputs(), tensor=input_name, layout=layout, also=also, name=name)
        self._most = 1 if self._feeds.one_at_a_time else max_batch_size
        self.has_rows = self._most != 1 and (has_rows or self._feeds.have_rows(opened.get_outputs()))

    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """One forward pass over (N, 3, height, width) float32, on one thread."""
        # Many published graphs have a batch of one written into them.
        parts = np.split(tensor, range(self._most, len(tensor), self._most)) if self._most else [tensor]
        return self._joined([self._outputs(self._narrow, part) for part in parts])

    def run_alone(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Run one tensor on all threads; a batch runs on one, as in :meth:`run`."""
        if self.at_once == 1 or len(tensor) > 1:
            return self.run(tensor)
        return self._joined([self._outputs(self._wide(), tensor)])

    def run_each_alone(self, count: int, tensor_of: TensorOf) -> Outputs:
        """Share the tensors among the threads; each makes one, runs it, and takes the next."""
        if self.at_once == 1:
            return super().run_each_alone(count, tensor_of)
        if count == 1:
            return self.run_alone(tensor_of(0))
        runs: list[list[npt.NDArray[np.float32]]] = [[]] * count
        left = iter(range(count))  # its next step is atomic, so threads may share it

        def work() -> None:
            for each in left:
                runs[each] = self._outputs(self._narrow, tensor_of(each))

        helpers = [self._batches().submit(work) for _ in range(min(self.at_once, count) - 1)]
        try:
            work()
        finally:
            wait(helpers)  # also after an error here: no helper may run on when the cores are given back
        for helper in helpers:
            helper.result()
        return self._joined(runs)

    def _outputs(self, session: Any, tensor: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
        outputs: list[npt.NDArray[np.float32]] = session.run(self._output_names, self._feeds.of(tensor))
        return [in_single_precision(self._feeds.without_copies(output)) for output in outputs]

    def _joined(self, runs: list[list[npt.NDArray[np.float32]]]) -> Outputs:
        outputs = runs[0] if len(runs) == 1 else [np.concatenate(pieces) for pieces in zip(*runs, strict=True)]
        return dict(zip(self._output_names, outputs, strict=True))

    def prepare_process(self) -> None:
        """Make this process's threads, so that no request waits for them."""
        if self.at_once > 1:
            self._wide()

    def _wide(self) -> Any:
        """Return this process's session of all threads."""
        with self._lock:
            # The session of the process before the fork is kept: deleting it would wait for threads that are not here.
            if os.getpid() not in self._wide_of:
                self._wide_of[os.getpid()] = self._opened_wide()
            return self._wide_of[os.getpid()]

    def _opened_wide(self) -> Any:
        if self._optimised is not None:
            try:
                return self._optimised.opened(threads=self.at_once)
            except ModelLoadError as error:  # temporary files were cleaned up
                logger.warning("%s: this worker has weights of its own: %s", self._name, error)
        return sessions.opened(self._graph, threads=self.at_once, name=self._name)

    def _batches(self) -> ThreadPoolExecutor:
        """Return the threads of this process that share a batch."""
        with self._lock:
            if os.getpid() not in self._batches_of:
                self._batches_of[os.getpid()] = ThreadPoolExecutor(self.at_once - 1, thread_name_prefix="batch")
            return self._batches_of[os.getpid()]


def load(model: Model, files: Mapping[str, Path], threads: int) -> Engine:
    """Load the artefact of role ``onnx``."""
    import onnxruntime

    path = files["onnx"]
    engine = functools.partial(
        OnnxRuntimeEngine,
        name=path.name,
        input_name=model.input.tensor,
        threads=threads,
        layout=model.input.layout,
        also=model.input.also,
        has_rows=model.role in _ONE_ANSWER,
    )
    if (on_tensorrt := _tensorrt_session(path, model)) is not None:
        most = settings().max_batch_size if providers.is_of_one_size(model.input) else 1
        return engine(path, session=on_tensorrt, max_batch_size=most)
    on_cpu = GPU not in onnxruntime.get_available_providers()
    graph = shortcuts.shortened(
        path, target_class=model.target_class if model.head == _TELLS_CLASSES else None, on_cpu=on_cpu
    )
    try:
        return engine(graph)
    except ModelLoadError as error:
        if graph is path:
            raise
        logger.warning("%s is used as published: with the shortcuts it does not load (%s)", path.name, error)
        return engine(path)


def _tensorrt_session(path: Path, model: Model) -> Any:
    """Open a session of TensorRT where it is asked for; None where not, or where it cannot be had."""
    if not settings().tensorrt and not (path.parent / tensorrt.FOLDER).is_dir():
        return None
    if lacking := tensorrt.missing():
        logger.warning("%s runs without TensorRT: %s", path.name, lacking)
        return None
    try:
        return tensorrt.session(path, model.input, max_batch_size=settings().max_batch_size)
    except (ModelLoadError, OSError) as error:
        logger.warning("%s runs without TensorRT: %s", path.name, error)
        return None
