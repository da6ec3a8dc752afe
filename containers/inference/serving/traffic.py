"""What the requests of a worker share: its cores, and whether one of them is alone."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from serving.settings import settings
from serving.stages import stage

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
    """Whether one request is in work; while a model is loaded and tried there is none."""
    return _in_work == 1


@contextmanager
def core() -> Iterator[None]:
    """A core of the worker, from the first byte of a frame that is decoded to the end of its forward pass.

    More of these at once than there are cores would take turns on them, each time with the others' data in the caches,
    and hold up the threads that answer ``/ping``. A thread that has one keeps it: giving it back between two steps
    would let another thread in each time.
    """
    if _mine.core is not None:
        yield
        return
    cores = _cores()
    _take(cores)
    try:
        yield
    finally:
        _give_back(cores)


@contextmanager
def without_core() -> Iterator[None]:
    """Lets others have the core that this thread has, if any, while it waits for something that needs none."""
    cores = _mine.core
    if cores is None:
        yield
        return
    _give_back(cores)
    try:
        yield
    finally:
        _take(cores)


def _take(cores: threading.Semaphore) -> None:
    with stage("wait"):
        cores.acquire()
    _mine.core = cores


def _give_back(cores: threading.Semaphore) -> None:
    _mine.core = None
    cores.release()


class _Mine(threading.local):
    core: threading.Semaphore | None = None
    """Whose core this thread has."""


_mine = _Mine()


@functools.cache
def _cores() -> threading.Semaphore:
    """Threads that call it at the same time for the first time get one each: give it back to the same."""
    return threading.BoundedSemaphore(settings().cores)
