from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.capacity import prices
from workbench.capacity.demand import Demand
from workbench.capacity.fleet import Fleet, plan
from workbench.capacity.throughput import Throughput

TEN_A_SECOND = Throughput(requests_per_second=10, workers=1, kind="given", source="a test")


def test_instances_by_hand() -> None:
    fleet = plan(Demand(cameras=100, fps=0.5), TEN_A_SECOND)
    assert fleet.instances == 8  # 50 requests, of which one instance may get 7
    assert fleet.utilisation == pytest.approx(50 / 80)
    assert fleet.headroom == pytest.approx(30 / 80)
    # One server, constant 0.1 s, 6.25 a second: 6.25 * 0.01 / (2 * (1 - 0.625)).
    assert fleet.wait_seconds == pytest.approx(0.083333, rel=1e-4)
    assert fleet.answer_seconds == pytest.approx(0.183333, rel=1e-4)


def test_exactly_70_percent_takes_no_further_instance() -> None:
    assert plan(Demand(cameras=7, fps=1), TEN_A_SECOND).instances == 1
    assert plan(Demand(cameras=8, fps=1), TEN_A_SECOND).instances == 2


def _bill(demand: Demand, fleet: Fleet) -> float:
    counted = prices.usages(
        demand,
        fleet,
        instance="ml.g4dn.xlarge",
        function_seconds=0.2,
        save_events=True,
        retention_days=30,
        ingest=False,
    )
    return sum(line.cost or 0.0 for line in prices.bill(counted, prices.load("us-east-1")))


@given(
    cameras=st.integers(1, 200_000),
    more=st.integers(0, 200_000),
    fps=st.floats(0.001, 30),
    rate=st.floats(0.5, 1000),
)
def test_more_cameras_never_need_fewer_instances_or_less_money(
    cameras: int, more: int, fps: float, rate: float
) -> None:
    each = Throughput(requests_per_second=rate, workers=4, kind="given", source="a test")
    few, many = Demand(cameras=cameras, fps=fps), Demand(cameras=cameras + more, fps=fps)
    fleet_few, fleet_many = plan(few, each), plan(many, each)
    assert fleet_few.instances <= fleet_many.instances
    assert fleet_many.utilisation <= 0.7 + 1e-6
    assert _bill(few, fleet_few) <= _bill(many, fleet_many)
