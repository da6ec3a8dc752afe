"""Counts that all workers of the program see."""

from __future__ import annotations

import mmap

_BYTES = 4
_MASTER = 0
_BESIDE = 16
"""Workers that there may be for a while beside those that are wanted, and once more as many: gunicorn starts the new
ones before the old ones have ended."""


class SharedCounts:
    """What each worker is busy with, in memory that the processes forked afterwards share.

    Every process writes its own row alone, so none waits for another, and what a process leaves behind that is killed
    is wiped with its row. Sums are of a moment ago.

    Attributes:
        row: this process's, the master's at first.
        requests: in work or waiting, by row.
        cores: kept busy, by row.
    """

    def __init__(self, workers: int) -> None:
        """Counts of zero, for as many workers as are wanted, and their successors."""
        rows = 1 + 2 * workers + _BESIDE
        memory = memoryview(mmap.mmap(-1, 2 * rows * _BYTES)).cast("i")
        self.row = _MASTER
        self.requests, self.cores = memory[:rows], memory[rows:]
        self._free = list(range(rows - 1, _MASTER, -1))

    def reserve(self) -> int | None:
        """A row for a worker that will be forked; None when all are taken."""
        return self._free.pop() if self._free else None

    def take(self, row: int | None) -> None:
        """Makes the row this process's; without one it counts for itself, and others do not see it."""
        if row is None:
            alone = memoryview(bytearray(2 * _BYTES)).cast("i")
            self.row, self.requests, self.cores = 0, alone[:1], alone[1:]
        else:
            self.row = row

    def release(self, row: int | None) -> None:
        """Takes back the row of a worker that has ended, however that came."""
        if row is not None:
            self.requests[row] = self.cores[row] = 0
            self._free.append(row)

    def busy_elsewhere(self, own: int) -> int:
        """Cores that other workers keep busy, or will at once: each has ``own`` for its requests."""
        rows = enumerate(zip(self.cores, self.requests, strict=True))
        return sum(max(busy, min(requests, own)) for row, (busy, requests) in rows if row != self.row)
