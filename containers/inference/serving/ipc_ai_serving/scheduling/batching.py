"""Batches of the tensors of several requests: one frame of a small network does not fill a GPU."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ipc_ai_serving.scheduling import traffic
from ipc_ai_serving.scheduling.stages import stage

logger = logging.getLogger(__name__)

Tensor: TypeAlias = npt.NDArray[np.float32]
Rows: TypeAlias = dict[str, npt.NDArray[np.float32]]
"""Named outputs, each with a row a frame."""

Run: TypeAlias = Callable[[Callable[[], Tensor]], Rows]
"""Forward pass over the tensor that a function makes once the engine's turn has come."""

_Kind: TypeAlias = tuple[tuple[int, ...], str]
_TOLERANCE = 0.01
"""Largest difference of two rows of the same frame, absolute and relative: half precision has three digits."""


@dataclass(eq=False)
class _Batch:
    """Tensors of one kind, one a caller.

    Attributes:
        kind: shape of a row and type of its numbers.
        started: set when no further tensor is taken.
        done: set when ``outputs`` or ``error`` is there.
    """

    kind: _Kind
    tensors: list[Tensor] = field(default_factory=list)
    started: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    outputs: Rows = field(default_factory=dict)
    error: BaseException | None = None

    @property
    def rows(self) -> int:
        return sum(map(len, self.tensors))

    def answer(self, place: int) -> Rows:
        """Wait for the batch, and return the rows of one caller.

        Raises:
            BaseException: the forward pass failed with it.
        """
        with stage("wait"):
            self.started.wait()
        with stage("infer"):
            self.done.wait()
        return self.rows_of(place)

    def rows_of(self, place: int) -> Rows:
        if self.error is not None:
            raise self.error
        if len(self.tensors) == 1:
            return self.outputs
        first = sum(map(len, self.tensors[:place]))
        rows = slice(first, first + len(self.tensors[place]))
        return {name: output[rows] for name, output in self.outputs.items()}


class Batches:
    """Collector of tensors that arrive together.

    The thread that brings the first tensor of a batch runs it for all, so there is no thread of its own, which a fork
    would lose and an end of the process would have to stop. It waits no longer than the bound, and not at all when
    every request in work has brought its tensor: a lone request is never held up. While it then waits for the engine,
    which computes the batch before, further tensors join.
    """

    def __init__(self, run: Run, *, wait_seconds: float, most: int) -> None:
        """Collect for an engine.

        Args:
            run: forward pass, which takes turns.
            wait_seconds: longest wait for further tensors.
            most: most rows of a batch.
        """
        self._run = run
        self._wait_seconds = wait_seconds
        self._most = most
        self._changed = threading.Condition()
        self._open: dict[_Kind, _Batch] = {}
        self._work: bool | None = None

    def run(self, tensor: Tensor) -> Rows:
        """Run a (N, ...) tensor together with others of its kind, and return its own rows.

        Raises:
            Exception: the forward pass failed; each caller of the batch gets it.
        """
        if self._work is None:
            self._work = self._pair_works(tensor)
        if not self._work or len(tensor) >= self._most:
            return self._run(lambda: tensor)
        with traffic.without_core():  # other threads decode, while this one waits and the GPU computes
            with self._changed:
                batch, place = self._joined(tensor)
            return batch.answer(place) if place else self._led(batch)

    def _led(self, batch: _Batch) -> Rows:
        """Run a batch for all of its callers, and return the rows of the first."""
        with stage("wait"), self._changed:
            self._changed.wait_for(lambda: self._is_complete(batch), self._wait_seconds)
        try:
            batch.outputs = self._run(lambda: self._closed(batch))
        except BaseException as error:  # noqa: BLE001 every caller of the batch raises it
            batch.error = error
        finally:
            self._closed(batch)  # also where the engine's turn never came
            batch.done.set()
        return batch.rows_of(0)

    def _joined(self, tensor: Tensor) -> tuple[_Batch, int]:
        kind = (tensor.shape[1:], tensor.dtype.str)
        batch = self._open.get(kind)
        if batch is None or batch.rows + len(tensor) > self._most:
            batch = self._open[kind] = _Batch(kind)
        batch.tensors.append(tensor)
        self._changed.notify_all()
        return batch, len(batch.tensors) - 1

    def _is_complete(self, batch: _Batch) -> bool:
        """Tell whether no further tensor can join, or no request is left that could bring one."""
        is_left = self._open.get(batch.kind) is not batch
        return is_left or batch.rows >= self._most or len(batch.tensors) >= traffic.in_work_here()

    def _closed(self, batch: _Batch) -> Tensor:
        """Let no further tensor join, and return all of them as one."""
        with self._changed:
            if self._open.get(batch.kind) is batch:
                del self._open[batch.kind]
        batch.started.set()
        return batch.tensors[0] if len(batch.tensors) == 1 else np.concatenate(batch.tensors)

    def _pair_works(self, tensor: Tensor) -> bool:
        """Try the network with one frame twice: exporters declare a batch that nodes inside of the graph refuse.

        This happens when the model is loaded, before the first request.
        """
        one = tensor[:1]
        try:
            alone = self._run(lambda: one)
            pair = self._run(lambda: np.concatenate([one, one]))
            works = alone.keys() == pair.keys() and all(_is_twice(alone[name], pair[name]) for name in alone)
            reason = "the outputs for two frames are not those of each"
        except Exception as error:  # noqa: BLE001 the runtime's own exception classes are not exported
            works, reason = False, str(error)
        if not works:
            logger.warning("no batches are formed across requests: %s", reason)
        return works


def _is_twice(one: npt.NDArray[np.float32], two: npt.NDArray[np.float32]) -> bool:
    """Tell whether an output of two frames has the output of one in each of its rows."""
    return len(one) == 1 and two.shape == (2, *one.shape[1:]) and np.allclose(two, one, _TOLERANCE, _TOLERANCE, True)
