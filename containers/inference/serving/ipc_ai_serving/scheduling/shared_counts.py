"""Counts that all workers of the program see."""

from __future__ import annotations

import mmap

_BYTES = 4
_KINDS = 4
_MASTER = 0
_BESIDE = 16
"""Rows beyond twice the wanted workers: gunicorn starts successors before their predecessors have ended."""


class SharedCounts:
    """Requests, busy cores and connections of each worker, in memory shared with processes that are forked afterwards.

    Each worker writes its own row alone, so nothing is locked. The master clears the row of a worker that was killed.
    Sums are a moment old.

    Attributes:
        row: this process's, the master's at first.
        requests: in work or waiting, by row.
        cores: kept busy, by row.
        connections: in use, by row.
        accepting: 1 where the worker accepts further connections, by row.
    """

    def __init__(self, workers: int) -> None:
        """Counts of zero, for the wanted number of workers and their successors."""
        rows = 1 + 2 * workers + _BESIDE
        self.row = _MASTER
        self._divide(memoryview(mmap.mmap(-1, _KINDS * rows * _BYTES)), rows)
        self._free = list(range(rows - 1, _MASTER, -1))

    def reserve(self) -> int | None:
        """Reserve a row for a worker that will be forked; None when all are taken."""
        return self._free.pop() if self._free else None

    def take(self, row: int | None) -> None:
        """Make the row this process's; without one the process counts for itself, unseen by others."""
        if row is None:
            self.row = 0
            self._divide(memoryview(bytearray(_KINDS * _BYTES)), 1)
        else:
            self.row = row

    def release(self, row: int | None) -> None:
        """Clear and take back the row of a worker that has ended."""
        if row is not None:
            for kind in (self.requests, self.cores, self.connections, self.accepting):
                kind[row] = 0
            self._free.append(row)

    def busy_elsewhere(self, own: int) -> int:
        """Cores that other workers keep busy, or will at once: each has ``own`` for its requests."""
        rows = enumerate(zip(self.cores, self.requests, strict=True))
        return sum(max(busy, min(requests, own)) for row, (busy, requests) in rows if row != self.row)

    def fewest_connections_elsewhere(self) -> int | None:
        """Connections of the other worker with the fewest, among all that accept further ones; None without one."""
        rows = enumerate(zip(self.connections, self.accepting, strict=True))
        return min((count for row, (count, accepts) in rows if accepts and row != self.row), default=None)

    def _divide(self, memory: memoryview, rows: int) -> None:
        numbers = memory.cast("i")
        parts = [numbers[start : start + rows] for start in range(0, _KINDS * rows, rows)]
        self.requests, self.cores, self.connections, self.accepting = parts
