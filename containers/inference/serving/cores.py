"""Which threads of a worker may keep a core busy."""

from __future__ import annotations

import threading
from collections import deque

from serving.shared_counts import SharedCounts


class Cores:
    """Cores for the threads of this worker, in the order in which they ask.

    A worker has some of its own, and takes those of others who have nothing to do. Whoever comes back to its own meets
    a guest there for one frame at most: no worker waits for another, and none has to be told anything.
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
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self) -> None:
        """Waits for a core."""
        with self._lock:
            if not self._waiting and self._one_is_free():
                self._count(1)
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()  # whoever gives a core back counts it for this thread

    def release(self) -> None:
        """Gives a core back, to those who wait longest."""
        with self._lock:
            self._count(-1)
            # Somebody who waits met a worker with all of its own busy, so one of those will come here.
            while self._waiting and self._one_is_free():
                self._count(1)
                self._waiting.popleft().release()

    def _one_is_free(self) -> bool:
        if self._counts.cores[self._counts.row] < self._own:
            return True
        rows = zip(self._counts.cores, self._counts.requests, strict=True)
        return sum(max(busy, min(requests, self._own)) for busy, requests in rows) < self._shared

    def _count(self, change: int) -> None:
        self._counts.cores[self._counts.row] += change
