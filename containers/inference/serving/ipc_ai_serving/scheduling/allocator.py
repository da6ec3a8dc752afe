"""Return of freed memory to the kernel, and the memory that is kept for the next frame."""

from __future__ import annotations

import contextlib
import ctypes

# malloc.h of glibc
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MIB = 1024 * 1024
_LARGEST_KEPT, _KEPT = 4 * _MIB, 16 * _MIB


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the next frame; do nothing with another C library.

    A frame passes through several buffers of megabytes. By default each is new memory from the kernel, which writes
    zeros into every page of it when it is first touched. One heap for all threads keeps less than one for each; larger
    buffers, which could keep it from shrinking, go back at once.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
        mallopt(_M_ARENA_MAX, 1)


def give_back_freed_memory() -> None:
    """Give all freed memory back, once: loading a model uses memory that no frame will need."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
