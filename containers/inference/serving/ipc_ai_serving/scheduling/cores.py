"""Which threads of a worker may keep a core busy."""

from __future__ import annotations

import threading
from collections import deque

from ipc_ai_serving.scheduling.shared_counts import SharedCounts

_LOOK_AGAIN_SECONDS = 0.05


class Cores:
    """Cores for the threads of this worker, in the order in which they ask.

    A worker has some of its own, and takes those of others who have nothing to do. Whoever comes back to its own meets
    a guest there for one frame at most: no worker waits for another. While threads wait, one looks whether others have
    become idle: when they tell, and now and then, for a worker that was killed tells nobody.
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
        self._somebody_waits = threading.Event()
        self._lookout: threading.Thread | None = None

    def acquire(self) -> None:
        """Waits for a core."""
        turn = threading.Lock()
        turn.acquire()
        with self._lock:
            self._waiting.append(turn)
            self._publish()  # before looking at the others: whoever becomes idle meanwhile tells
            self._serve()
            if self._waiting and self._shared > self._own:
                self._look_out()
        turn.acquire()  # whoever serves counts the core for this thread

    def release(self) -> None:
        """Gives a core back, to those who wait longest."""
        with self._lock:
            self._count(-1)
            self._serve()
            left_to_others = not self._waiting and self._busy >= self._own
        if left_to_others and self._shared:  # its own are free for others when its requests are done
            self._counts.tell_one_who_waits()

    def _serve(self) -> None:
        while self._waiting and self._one_is_free():
            self._count(1)
            self._waiting.popleft().release()
        self._publish()

    def _publish(self) -> None:
        self._counts.waiting[self._counts.row] = len(self._waiting)

    def _one_is_free(self) -> bool:
        return self._busy < self._own or self._busy + self._counts.busy_elsewhere(self._own) < self._shared

    def _count(self, change: int) -> None:
        self._busy += change
        self._counts.cores[self._counts.row] = self._busy

    def _look_out(self) -> None:
        if self._lookout is None:
            self._lookout = threading.Thread(target=self._watch, name="idle-cores", daemon=True)
            self._lookout.start()
        if not self._somebody_waits.is_set():
            self._somebody_waits.set()

    def _watch(self) -> None:
        """Serves those who wait when other workers become idle."""
        while self._somebody_waits.wait():
            self._counts.wait_to_be_told(_LOOK_AGAIN_SECONDS)
            with self._lock:
                self._serve()
                if not self._waiting:
                    self._somebody_waits.clear()
                left_to_others = not self._waiting and self._one_is_free()
            if left_to_others:
                self._counts.tell_one_who_waits()
