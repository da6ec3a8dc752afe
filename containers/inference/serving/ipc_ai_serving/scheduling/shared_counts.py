"""Counts that all workers of the program see."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import weakref

_BYTES = 4
_KINDS = 5
_MASTER = 0
_BESIDE = 16
"""Workers that there may be for a while beside those that are wanted, and once more as many: gunicorn starts the new
ones before the old ones have ended."""


class SharedCounts:
    """What each worker is busy with, in memory that the processes forked afterwards share.

    Every worker writes its own row alone, so none waits for another, and what one leaves behind that is killed the
    master wipes with its row. Sums are of a moment ago.

    Attributes:
        row: this process's, the master's at first.
        requests: in work or waiting, by row.
        cores: kept busy, by row.
        waiting: for a core, by row.
        connections: that are in use, by row.
        accepting: 1 where the worker accepts further connections, by row.
    """

    def __init__(self, workers: int) -> None:
        """Counts of zero, for as many workers as are wanted, and their successors."""
        rows = 1 + 2 * workers + _BESIDE
        self.row = _MASTER
        self._divide(memoryview(mmap.mmap(-1, _KINDS * rows * _BYTES)), rows)
        self._bells = [os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in range(rows)]
        weakref.finalize(self, _close, self._bells).atexit = False
        self._free = list(range(rows - 1, _MASTER, -1))

    def reserve(self) -> int | None:
        """A row for a worker that will be forked; None when all are taken."""
        return self._free.pop() if self._free else None

    def take(self, row: int | None) -> None:
        """Makes the row this process's; without one it counts for itself, and others do not see it."""
        if row is None:
            self.row = 0
            self._divide(memoryview(bytearray(_KINDS * _BYTES)), 1)
        else:
            self.row = row

    def release(self, row: int | None) -> None:
        """Takes back the row of a worker that has ended, however that came."""
        if row is not None:
            for kind in (self.requests, self.cores, self.waiting, self.connections, self.accepting):
                kind[row] = 0
            self._free.append(row)

    def busy_elsewhere(self, own: int) -> int:
        """Cores that other workers keep busy, or will at once: each has ``own`` for its requests."""
        rows = enumerate(zip(self.cores, self.requests, strict=True))
        return sum(max(busy, min(requests, own)) for row, (busy, requests) in rows if row != self.row)

    def tell_one_who_waits(self) -> None:
        """Wakes the next other worker in which somebody waits for a core; all at once would take the same one."""
        rows = len(self.waiting)
        for row in (*range(self.row + 1, rows), *range(self.row)):
            if self.waiting[row]:
                os.eventfd_write(self._bells[row], 1)
                return

    def wait_to_be_told(self, seconds: float) -> bool:
        """Returns when another worker tells, or after that time; whether one did."""
        bell = select.poll()
        bell.register(self._bells[self.row], select.POLLIN)
        if not bell.poll(seconds * 1000):
            return False
        with contextlib.suppress(BlockingIOError):  # another process may be this one's child
            os.eventfd_read(self._bells[self.row])
        return True

    def fewest_connections_elsewhere(self) -> int | None:
        """Those of the other worker with the fewest among all that accept further ones; None when there is none."""
        rows = enumerate(zip(self.connections, self.accepting, strict=True))
        return min((count for row, (count, accepts) in rows if accepts and row != self.row), default=None)

    def _divide(self, memory: memoryview, rows: int) -> None:
        numbers = memory.cast("i")
        parts = [numbers[start : start + rows] for start in range(0, _KINDS * rows, rows)]
        self.requests, self.cores, self.waiting, self.connections, self.accepting = parts


def _close(files: list[int]) -> None:
    for file in files:
        os.close(file)
