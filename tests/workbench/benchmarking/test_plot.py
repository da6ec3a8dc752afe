from __future__ import annotations

from pathlib import Path

import cv2

from workbench.benchmarking import results
from workbench.benchmarking.plot import plot
from workbench.benchmarking.results import Result, Throughput
from workbench.benchmarking.variants import Variant


def _result(name: str, *, rates: bool) -> Result:
    return Result(
        variant=Variant(name=name, application="body-detection", parts=()),
        runs=results.by_stage([{"whole": 10.0, "infer": 9.0}]),
        peak_mib=1,
        throughput=[Throughput(workers=1, rounds=[[(9, 1.0)]], memory_mib=1)] if rates else [],
        found=[],
        picture="a.png",
        accuracy=None,
    )


def test_throughput_has_a_part_of_its_own_and_long_names_leave_room_for_bars(tmp_path: Path) -> None:
    heights = {}
    for rates in (False, True):
        path = tmp_path / "picture" / f"{rates}.png"
        plot([_result("n" * 300, rates=rates), _result("b", rates=rates)], title="a title", path=path)
        picture = cv2.imread(str(path))
        assert picture is not None
        assert picture.shape[1] == 900
        heights[rates] = picture.shape[0]
    assert heights[True] > heights[False]
