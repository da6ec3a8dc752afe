"""What requests share: the cores, the places in which they wait, and whether one of them is alone."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ipc_ai_serving.errors import OverloadedError
from ipc_ai_serving.scheduling.cores import Cores
from ipc_ai_serving.scheduling.shared_counts import SharedCounts
from ipc_ai_serving.scheduling.stages import stage
from ipc_ai_serving.settings import settings

_lock = threading.Lock()


@functools.cache
def counts() -> SharedCounts:
    """What all workers are busy with; the first call must come before they are forked."""
    return SharedCounts(settings().workers)


@contextmanager
def request(limit: int | None = None) -> Iterator[None]:
    """A request is in work while this lasts.

    Args:
        limit: of requests in work or waiting, in this worker, or in all of them where they share the cores.

    Raises:
        OverloadedError: there are as many already.
    """
    with _lock:
        if limit is not None and _in_work() >= limit:
            raise OverloadedError("too many requests are waiting; send the frame again shortly")
        counts().requests[counts().row] += 1
    try:
        yield
    finally:
        with _lock:
            counts().requests[counts().row] -= 1
            idle = counts().requests[counts().row] < settings().cores
        if idle and settings().shared_cores:
            counts().tell_one_who_waits()


def alone() -> bool:
    """Whether one request is in work, in all workers; while a model is loaded and tried there is none."""
    return sum(counts().requests) == 1


def _in_work() -> int:
    return sum(counts().requests) if settings().shared_cores else counts().requests[counts().row]


@contextmanager
def core() -> Iterator[None]:
    """A core, from the first byte of a frame that is decoded to the end of its forward pass.

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


def _take(cores: Cores) -> None:
    with stage("wait"):
        cores.acquire()
    _mine.core = cores


def _give_back(cores: Cores) -> None:
    _mine.core = None
    cores.release()


class _Mine(threading.local):
    core: Cores | None = None
    """Whose core this thread has."""


_mine = _Mine()


def _cores() -> Cores:
    with _lock:  # two threads would make two, with a queue each
        return _cores_of_process()


@functools.cache
def _cores_of_process() -> Cores:
    return Cores(settings().cores, settings().shared_cores, counts())
