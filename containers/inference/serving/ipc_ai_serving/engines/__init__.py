"""Engines run a network over arrays.

Each engine is a module or folder named as in the catalogue, with one function
``load(model, files, threads) -> Engine``. It imports its framework inside that function, so that an image needs
only the frameworks of the engines it uses.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from ipc_ai_catalogue import Model, nearest
from ipc_ai_serving.errors import ModelLoadError
from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.scheduling.batching import Batches
from ipc_ai_serving.scheduling.stages import stage
from ipc_ai_serving.settings import settings

Outputs: TypeAlias = dict[str, npt.NDArray[np.float32]]
"""Named outputs in the order in which the network declares them."""

TensorOf: TypeAlias = Callable[[int], npt.NDArray[np.float32]]
"""Function from the number of a tensor to the tensor, (1, 3, height, width)."""


class Engine(ABC):
    """A loaded network.

    Attributes:
        at_once: calls that may run at the same time.
        takes_core: True where a call keeps a core busy, False where it keeps a GPU busy.
        has_rows: True where each output of N frames has N rows, one a frame.
    """

    at_once = 1
    takes_core = True
    has_rows = False

    @abstractmethod
    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Run one forward pass over a (N, 3, height, width) float32 tensor."""

    def prepare_process(self) -> None:  # noqa: B027 an engine without threads has nothing to prepare
        """Create what a fork does not carry over, threads for example, before the first request."""

    def run_alone(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Run one forward pass while no other request is in work: it may use all threads."""
        return self.run(tensor)

    def run_each_alone(self, count: int, tensor_of: TensorOf) -> Outputs:
        """Run as :meth:`SharedEngine.run_each` while no other request is in work: threads may make tensors, too."""
        return self.run(_batch(count, tensor_of))


_WAIT_MS_ON_GPU = 2.0

_loaded: weakref.WeakSet[Engine] = weakref.WeakSet()


class SharedEngine:
    """An engine that threads share by taking turns, or by bringing their tensors into one batch."""

    def __init__(self, engine: Engine, *, batch_wait_ms: float | None = None, max_batch_size: int = 1) -> None:
        """Share an engine.

        Args:
            engine: the engine.
            batch_wait_ms: as in ``Settings``.
            max_batch_size: as in ``Settings``.
        """
        _loaded.add(engine)
        self._engine = engine
        self._turns = threading.BoundedSemaphore(engine.at_once)
        wait_ms = batch_wait_ms if batch_wait_ms is not None else 0 if engine.takes_core else _WAIT_MS_ON_GPU
        is_batched = engine.has_rows and wait_ms > 0 and max_batch_size > 1
        self._batches = Batches(self._run, wait_seconds=wait_ms / 1000, most=max_batch_size) if is_batched else None

    def run(self, tensor: npt.NDArray[np.float32]) -> Outputs:
        """Run one forward pass over a (N, 3, height, width) float32 tensor."""
        return self._batches.run(tensor) if self._batches else self._run(lambda: tensor)

    def _run(self, made: Callable[[], npt.NDArray[np.float32]]) -> Outputs:
        with self._in_turn():
            tensor = made()
            wide = traffic.may_take_all_threads(self._engine.at_once)
            return self._engine.run_alone(tensor) if wide else self._engine.run(tensor)

    def run_each(self, count: int, tensor_of: TensorOf) -> Outputs:
        """Run forward passes over tensors that are made only when they are needed.

        Args:
            count: number of tensors, at least one.
            tensor_of: function from the number of a tensor, counted from 0, to (1, 3, height, width) float32.

        Returns:
            The outputs of all tensors, in their order.
        """
        if self._batches:
            return self._batches.run(_batch(count, tensor_of))
        with self._in_turn():
            if traffic.alone():
                return self._engine.run_each_alone(count, tensor_of)
            return self._engine.run(_batch(count, tensor_of))

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Hold a turn of the engine and, where it needs one, a core, which goes to others while the turn is awaited."""
        with traffic.holding_core() if self._engine.takes_core else traffic.without_core():
            if not self._turns.acquire(blocking=False):
                with traffic.without_core(), stage("wait"):
                    self._turns.acquire()
            try:
                with stage("infer"):
                    yield
            finally:
                self._turns.release()


def _batch(count: int, tensor_of: TensorOf) -> npt.NDArray[np.float32]:
    return np.concatenate([tensor_of(number) for number in range(count)])


class _EngineModule(Protocol):
    def load(self, model: Model, files: Mapping[str, Path], threads: int) -> Engine: ...


def prepare_process() -> None:
    """Prepare the engines that this process has from the one it was forked from."""
    for engine in list(_loaded):
        engine.prepare_process()


def names() -> list[str]:
    """Names of all engines."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def load(model: Model, files: Mapping[str, Path], threads: int) -> SharedEngine:
    """Load a model by its engine.

    Args:
        model: the model.
        files: path of each artefact by its role.
        threads: threads that one forward pass may use.

    Raises:
        ModelLoadError: no such engine, its framework is not installed, or the artefacts do not load.
    """
    if model.engine not in names():
        raise ModelLoadError(
            f"unknown engine '{model.engine}'{nearest(model.engine, names())}; known: {', '.join(names())}"
        )
    module = cast(_EngineModule, importlib.import_module(f"{__name__}.{model.engine}"))
    try:
        chosen = settings()
        return SharedEngine(
            module.load(model, files, threads),
            batch_wait_ms=chosen.batch_wait_ms,
            max_batch_size=chosen.max_batch_size,
        )
    except ModuleNotFoundError as error:
        raise ModelLoadError(
            f"engine '{model.engine}' needs the package '{error.name}': add it to the image's requirements"
        ) from error
    except KeyError as error:
        raise ModelLoadError(f"model '{model.name}' has no artefact with the role {error}") from error
