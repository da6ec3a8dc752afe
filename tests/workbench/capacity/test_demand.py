from __future__ import annotations

import pytest

from workbench.capacity.demand import Demand
from workbench.errors import PlanError


def test_a_month_of_2000_cameras_by_hand() -> None:
    demand = Demand(cameras=2000, fps=0.5, frame_kb=200)
    assert demand.requests_per_second == 1000
    assert demand.requests_a_month == 1000 * 3600 * 730
    assert demand.gb_in_a_month == pytest.approx(525_600)  # 2,628,000,000 frames of 0.0002 GB
    assert demand.gb_out_a_month == pytest.approx(2628)


def test_half_a_day_is_half_a_month() -> None:
    whole, half = (Demand(cameras=3, fps=1, hours_per_day=hours) for hours in (24, 12))
    assert half.requests_a_month == whole.requests_a_month / 2
    assert half.requests_per_second == whole.requests_per_second


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cameras": 0}, "--cameras is 0; write 1 or more"),
        ({"fps": 0.0}, "--fps is 0; write a number above 0"),
        ({"frame_kb": 0.0}, "--frame-kb is 0"),
        ({"hours_per_day": 25.0}, "--hours-per-day is 25; write a number above 0, up to 24"),
    ],
)
def test_impossible_cameras(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(PlanError, match=says):
        Demand(**{"cameras": 1, "fps": 1.0, **wrong})  # type: ignore[arg-type]
