"""Memory of freed bodies, which glibc would keep for each thread."""

from __future__ import annotations

import contextlib
import ctypes

# Parameters of mallopt, of glibc's malloc.h.
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_MAPPED_BYTES = 256 * 1024


def return_it() -> None:
    """Have glibc return the memory of bodies to the system when they are freed; other systems have no such way.

    Each thread would keep some otherwise, which made 750 MB of 300 after forty frames at once.
    """
    with contextlib.suppress(AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _MAPPED_BYTES)
        library.mallopt(_ARENA_MAX, 2)
