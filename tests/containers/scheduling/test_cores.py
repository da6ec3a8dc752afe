"""Cores of a worker beside another, whose counts the tests set."""

from __future__ import annotations

import threading

import pytest

from ipc_ai_serving.scheduling.cores import Cores
from ipc_ai_serving.scheduling.shared_counts import SharedCounts

_OTHER = 1


@pytest.fixture
def counts() -> SharedCounts:
    return SharedCounts(workers=2)


class _Thread:
    """A thread that asks for a core."""

    def __init__(self, cores: Cores) -> None:
        self._thread = threading.Thread(target=cores.acquire, daemon=True)
        self._thread.start()
        self._thread.join(0.05)

    @property
    def has_one(self) -> bool:
        self._thread.join(0.05)
        return not self._thread.is_alive()

    def wait(self) -> None:
        """Return when it has one."""
        self._thread.join(10)
        assert not self._thread.is_alive()


def test_those_who_wait_are_served_in_their_order(counts: SharedCounts) -> None:
    cores = Cores(1, 0, counts)
    threads = [_Thread(cores) for _ in range(4)]
    for served in range(1, 5):
        assert [thread.has_one for thread in threads] == [True] * served + [False] * (4 - served)
        assert counts.cores[0] == 1
        cores.release()
    assert counts.cores[0] == 0


def test_whoever_comes_later_waits_though_a_core_has_become_idle(counts: SharedCounts) -> None:
    cores = Cores(1, 2, counts)
    counts.requests[_OTHER] = 1
    first, second = _Thread(cores), _Thread(cores)
    assert [first.has_one, second.has_one] == [True, False]
    counts.requests[_OTHER] = 0
    third = _Thread(cores)
    second.wait()
    assert [second.has_one, third.has_one] == [True, False]


def test_a_core_that_becomes_idle_elsewhere_is_used_by_a_thread_that_waits(counts: SharedCounts) -> None:
    cores = Cores(1, 2, counts)
    counts.requests[_OTHER] = 1
    for _ in range(3):
        threads = [_Thread(cores), _Thread(cores)]
        assert [thread.has_one for thread in threads] == [True, False]
        counts.requests[_OTHER] = 0
        threads[1].wait()
        cores.release()
        cores.release()
        counts.requests[_OTHER] = 1


def test_what_another_worker_leaves_idle_is_used(counts: SharedCounts) -> None:
    cores = Cores(1, 2, counts)
    threads = [_Thread(cores) for _ in range(3)]
    assert [thread.has_one for thread in threads] == [True, True, False]


@pytest.mark.parametrize(("busy", "in_work"), [(1, 1), (0, 1), (1, 5)])
def test_another_worker_with_something_to_do_keeps_its_own(counts: SharedCounts, busy: int, in_work: int) -> None:
    counts.cores[_OTHER], counts.requests[_OTHER] = busy, in_work
    cores = Cores(1, 2, counts)
    threads = [_Thread(cores) for _ in range(3)]
    assert [thread.has_one for thread in threads] == [True, False, False]
    counts.release(_OTHER)  # it was killed
    cores.release()
    assert [thread.has_one for thread in threads] == [True, True, True]
    assert counts.cores[0] == 2


def test_a_worker_has_its_own_whatever_others_take(counts: SharedCounts) -> None:
    counts.cores[_OTHER] = 2
    cores = Cores(1, 2, counts)
    threads = [_Thread(cores) for _ in range(2)]
    assert [thread.has_one for thread in threads] == [True, False]


def test_a_worker_that_keeps_to_its_own(counts: SharedCounts) -> None:
    cores = Cores(1, 0, counts)
    threads = [_Thread(cores) for _ in range(2)]
    assert [thread.has_one for thread in threads] == [True, False]
