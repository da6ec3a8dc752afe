from __future__ import annotations

import statistics

from workbench.measuring import percentiles


def test_they_are_interpolated_between_the_nearest_runs() -> None:
    assert percentiles.of([4.0, 1.0, 3.0, 2.0]) == {"p50": 2.5, "p95": 3.85, "p99": 3.97}


def test_they_are_what_others_compute() -> None:
    runs = [float(number * number % 97) for number in range(200)]
    cuts = statistics.quantiles(runs, n=100, method="inclusive")
    assert percentiles.of(runs) == {f"p{level}": round(cuts[level - 1], 3) for level in (50, 95, 99)}
