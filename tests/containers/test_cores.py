"""Cores of a worker beside another, whose counts the tests set."""

from __future__ import annotations

import os
import threading

import pytest

from serving.cores import Cores
from serving.shared_counts import SharedCounts

_OTHER = 1


@pytest.fixture
def counts() -> SharedCounts:
    return SharedCounts(workers=2)


class _Thread:
    """Asks for a core, and tells whether it has it."""

    def __init__(self, cores: Cores) -> None:
        self._thread = threading.Thread(target=cores.acquire, daemon=True)
        self._thread.start()
        self._thread.join(0.05)

    @property
    def has_one(self) -> bool:
        self._thread.join(0.05)
        return not self._thread.is_alive()


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
    assert [second.has_one, third.has_one] == [True, False]


def test_a_core_that_becomes_idle_elsewhere_is_used_at_once(counts: SharedCounts) -> None:
    cores = Cores(1, 2, counts)
    counts.requests[_OTHER] = 1
    for _ in range(3):  # the one that looks out sleeps when nobody waits
        threads = [_Thread(cores), _Thread(cores)]
        assert [thread.has_one for thread in threads] == [True, False]
        counts.requests[_OTHER] = 0
        assert threads[1].has_one  # nobody here has given one back
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


def test_counts_are_seen_in_processes_that_are_forked_afterwards(counts: SharedCounts) -> None:
    row = counts.reserve()
    assert row is not None
    child = os.fork()
    if child == 0:
        counts.take(row)
        counts.cores[row], counts.requests[row] = 1, 3
        os._exit(0)
    os.waitpid(child, 0)
    assert (counts.cores[row], counts.requests[row], counts.row) == (1, 3, 0)
    counts.release(row)
    assert (sum(counts.cores), sum(counts.requests)) == (0, 0)


def test_rows_of_workers_that_ended_are_used_again(counts: SharedCounts) -> None:
    rows = [counts.reserve() for _ in range(21)]
    assert len(set(rows)) == 21
    assert rows[20] is None  # twice two workers and sixteen more have one
    counts.release(rows[3])
    counts.release(rows[20])
    assert counts.reserve() == rows[3]
    assert counts.reserve() is None


def test_a_worker_without_a_row_counts_for_itself(counts: SharedCounts) -> None:
    seen = counts.requests
    seen[_OTHER] = 1
    counts.take(None)
    counts.requests[counts.row] += 1
    assert (sum(seen), sum(counts.requests), counts.busy_elsewhere(1)) == (1, 1, 0)
