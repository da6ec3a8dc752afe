from __future__ import annotations

import pytest

from workbench.benchmarking.session import Schedule


@pytest.mark.parametrize(
    ("workers", "counts"),
    [
        (0, []),
        (1, [1]),
        (4, [1, 2, 3, 4]),
        (8, [1, 2, 3, 4, 5, 6, 7, 8]),
        (48, [1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 48]),
    ],
)
def test_numbers_of_workers_end_with_the_most(workers: int, counts: list[int]) -> None:
    assert Schedule(warm_up=1, repeat=1, threads=1, workers=workers, seconds=1).counts == counts
