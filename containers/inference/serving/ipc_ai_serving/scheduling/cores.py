"""Grants of cores to the threads of one worker."""

from __future__ import annotations

import threading
from collections import deque

from ipc_ai_serving.scheduling.shared_counts import SharedCounts

_LOOK_AGAIN_SECONDS = 0.05


class Cores:
    """Cores for the threads of this worker, in the order in which they ask.

    A worker has its own cores and borrows those of idle workers. Its own may be lent out for one frame at most when it
    needs them again, so no worker waits for another. Waiting threads look for idle cores now and then: without that,
    short frames behind a long one waited for all of it.
    """

    def __init__(self, own: int, shared: int, counts: SharedCounts) -> None:
        """Cores of one worker.

        Args:
            own: how many it has whatever others do, at least one.
            shared: of all workers together; 0 where each keeps to its own.
            counts: what all workers keep busy.
        """
        self._own = own
        self._shared = shared
        self._counts = counts
        self._busy = 0
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self) -> None:
        """Wait for a core."""
        turn = threading.Lock()
        turn.acquire()
        with self._lock:
            self._waiting.append(turn)
            self._serve()
        look_again = _LOOK_AGAIN_SECONDS if self._shared > self._own else -1
        while not turn.acquire(timeout=look_again):  # _serve() releases it, and counts the core for this thread
            with self._lock:
                self._serve()

    def release(self) -> None:
        """Give a core back, to the thread that has waited longest."""
        with self._lock:
            self._count(-1)
            self._serve()

    def _serve(self) -> None:
        while self._waiting and self._one_is_free():
            self._count(1)
            self._waiting.popleft().release()

    def _one_is_free(self) -> bool:
        return self._busy < self._own or self._busy + self._counts.busy_elsewhere(self._own) < self._shared

    def _count(self, change: int) -> None:
        self._busy += change
        self._counts.cores[self._counts.row] = self._busy
