"""How many requests this worker has in work, for whoever can use more of the machine while there is only one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_in_work = 0


@contextmanager
def request() -> Iterator[None]:
    """A request is in work while this lasts."""
    global _in_work
    with _lock:
        _in_work += 1
    try:
        yield
    finally:
        with _lock:
            _in_work -= 1


def alone() -> bool:
    """Whether no other request is in work."""
    return _in_work <= 1
