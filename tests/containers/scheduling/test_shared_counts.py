"""Counts that workers share."""

from __future__ import annotations

import os

import pytest

from ipc_ai_serving.scheduling.shared_counts import SharedCounts

_OTHER, _THIRD = 1, 2


@pytest.fixture
def counts() -> SharedCounts:
    return SharedCounts(workers=2)


@pytest.mark.processes
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


def test_connections_are_compared_with_workers_that_take_further_ones(counts: SharedCounts) -> None:
    counts.accepting[counts.row] = True
    counts.connections[_OTHER] = 5
    assert counts.fewest_connections_elsewhere() is None
    counts.accepting[_OTHER] = counts.accepting[_THIRD] = True
    counts.connections[_THIRD] = 3
    assert counts.fewest_connections_elsewhere() == 3
    counts.release(_THIRD)
    assert counts.fewest_connections_elsewhere() == 5
