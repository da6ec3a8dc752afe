"""Counts that all workers of the program see."""

from __future__ import annotations

import mmap

_BYTES = 4
_MASTER = 0
_BESIDE = 8
"""Workers that there may be for a while beside those that are wanted, and once more as many: gunicorn starts the new
ones before the old ones have ended."""


class SharedCounts:
    """What each worker is busy with, in memory that the processes forked afterwards share.

    Every process writes its own row alone, so none waits for another, and what a process leaves behind that is killed
    is wiped with its row. Sums are of a moment ago.

    Attributes:
        row: this process's, which is the master's until :meth:`reserve`'s is assigned after the fork.
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

    def reserve(self) -> int:
        """A row for a worker that will be forked. Beyond all rows it is the master's, who has nothing to do by then."""
        return self._free.pop() if self._free else _MASTER

    def release(self, row: int) -> None:
        """Takes back the row of a worker that has ended, however that came."""
        self.requests[row] = self.cores[row] = 0
        if row != _MASTER:
            self._free.append(row)
