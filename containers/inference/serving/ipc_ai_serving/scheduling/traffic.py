"""Admission of requests, turns on the cores, and all threads for a lone request."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ipc_ai_serving.errors import OverloadedError
from ipc_ai_serving.scheduling import idle_cores
from ipc_ai_serving.scheduling.cores import Cores
from ipc_ai_serving.scheduling.parallelism import parallelism
from ipc_ai_serving.scheduling.shared_counts import SharedCounts
from ipc_ai_serving.scheduling.stages import stage

_lock = threading.Lock()


@functools.cache
def counts() -> SharedCounts:
    """Counts of all workers; the first call must come before they are forked."""
    return SharedCounts(parallelism().workers)


@contextmanager
def request(limit: int | None = None) -> Iterator[None]:
    """Count a request as in work while this lasts.

    Args:
        limit: of requests in work or waiting, in this worker, or in all of them where they share the cores.

    Raises:
        OverloadedError: the limit is reached.
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


def alone() -> bool:
    """Tell whether one request is in work, in all workers; while a model is loaded and tried there is none."""
    return sum(counts().requests) == 1


def may_take_all_threads(threads: int) -> bool:
    """Tell whether a forward pass may have so many threads: it is alone in the program, and on the machine's cores."""
    return alone() and idle_cores.there_are(threads)


def in_work_here() -> int:
    """Count the requests in work or waiting in this worker."""
    return counts().requests[counts().row]


def _in_work() -> int:
    return sum(counts().requests) if parallelism().shared_cores else in_work_here()


@contextmanager
def holding_core() -> Iterator[None]:
    """Hold a core, from the first byte of a frame that is decoded to the end of its forward pass.

    More threads at work than cores would take turns on them, with cold caches each time, and hold up ``/ping``. A
    thread that has a core keeps it: giving it back between two steps would let another thread in each time.
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
    """Lend this thread's core, if any, to others while the thread waits for something that needs none."""
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
    """Where the core that this thread has is from."""


_mine = _Mine()


def _cores() -> Cores:
    with _lock:  # two threads would make two, with a queue each
        return _cores_of_process()


@functools.cache
def _cores_of_process() -> Cores:
    return Cores(parallelism().cores, parallelism().shared_cores, counts())
