from __future__ import annotations

import pytest

from workbench.benchmarking import results
from workbench.benchmarking.results import Result, Throughput
from workbench.benchmarking.variants import Variant


def _result(*whole: float, rates: tuple[int, ...] = ()) -> Result:
    return Result(
        variant=Variant(name="a", application="body-detection", parts=()),
        runs=results.by_stage([{"whole": value} for value in whole]),
        peak_mib=1,
        throughput=[
            Throughput(workers=number, rounds=[[(rate, 1.0)]], memory_mib=1) for number, rate in enumerate(rates, 1)
        ],
        found=[],
        picture="a.png",
        accuracy=None,
    )


def test_what_no_stage_takes_is_other_and_every_stage_is_kept() -> None:
    runs = [
        {"whole": 10.0, "input": 2.5, "decode": 2.0, "preprocess": 1.0, "infer": 5.0, "postprocess": 0.5},
        {"whole": 8.0, "decode": 2.0, "infer": 5.0},
    ]
    columns = results.by_stage(runs)
    assert list(columns) == ["decode", "preprocess", "infer", "postprocess", "input", "other", "whole"]
    assert columns["other"] == [1.5, 1.0]
    assert columns["postprocess"] == [0.5, 0.0]
    assert columns["input"] == [2.5, 0.0]


def test_a_turn_is_the_sum_of_its_workers_and_the_median_turn_counts() -> None:
    turns = [[(10, 1.0), (10, 2.0)], [(100, 1.0), (100, 1.0)], [(20, 1.0), (10, 1.0)]]
    point = Throughput(workers=2, rounds=turns, memory_mib=1)
    assert point.of_rounds == [15, 200, 30]
    assert point.frames_per_second == 30


def test_ratios_are_to_the_first_and_above_one_is_faster() -> None:
    first, other = _result(10.0, 10.0, 99.0, rates=(4, 8)), _result(5.0, 5.0, 1.0, rates=(20, 12))
    assert results.times_as_fast(other, first) == 2
    assert results.times_the_frames(other, first) == 2.5
    assert results.times_the_frames(_result(1.0), first) is None


def test_the_document_has_every_run() -> None:
    document = results.document([_result(10.0, 20.0), _result(5.0, 5.0)], {"repeat": 2})
    assert document["repeat"] == 2
    first, second = document["variants"]
    assert first["runs"]["whole"] == [10.0, 20.0]
    assert first["milliseconds"]["whole"]["p50"] == pytest.approx(15)
    assert second["times_as_fast_as_first"] == 3


def test_the_most_workers_are_scaled_to_the_cores_of_a_type() -> None:
    rows = {row.instance_type: row.frames_per_second for row in _result(1.0, rates=(9, 16)).values(None)}
    assert rows["ml.c5.xlarge"] == 32  # 8 a worker, four vCPUs
    assert rows["ml.g4dn.xlarge"] is None
    assert _result(1.0).values(None) == []
