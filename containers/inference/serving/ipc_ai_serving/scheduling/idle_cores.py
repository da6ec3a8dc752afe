"""Cores of the machine that nothing else uses at the moment."""

from __future__ import annotations

import functools
import os
import time

_LOAD_AVERAGES = "/proc/loadavg"
_LOOKS, _BETWEEN_SECONDS = 3, 0.0001
"""Looks at a busy machine: a thread that runs for a moment, to hand over a connection, is gone at the next one."""


def there_are(count: int) -> bool:
    """Tell whether ``count`` of the machine's cores are free for the calling thread's work, its own among them.

    The threads of a forward pass wait for each other after every layer. When one shares its core with another process,
    all of them wait for that process: two threads then took 1.6x of the time of one.
    """
    for look in range(_LOOKS):
        if _running() - 1 + count <= _cores():  # the calling thread runs, too
            return True
        if look + 1 < _LOOKS:
            time.sleep(_BETWEEN_SECONDS)
    return False


def _running() -> int:
    """Threads of the machine that run or want to, the fourth field of ``/proc/loadavg`` in proc(5); 0 if unknown.

    Reading it takes some ten microseconds.
    """
    try:
        return int(os.pread(_load_averages(), 64, 0).split()[3].split(b"/")[0])
    except (OSError, ValueError, IndexError):
        return 0


@functools.cache
def _load_averages() -> int:
    """Open the file once: forked processes share the descriptor, and each read begins at its start."""
    return os.open(_LOAD_AVERAGES, os.O_RDONLY | os.O_CLOEXEC)


@functools.cache
def _cores() -> int:
    return os.cpu_count() or 1
