from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference_api.identity.registry import FRESH_S
from workbench.capacity import prices
from workbench.capacity.demand import Demand
from workbench.capacity.fleet import Fleet
from workbench.capacity.prices import Line
from workbench.capacity.registry_usage import READ_AGAIN_SECONDS, registry_usage
from workbench.capacity.throughput import instance_types
from workbench.errors import PlanError

THREE = Fleet(instances=3, utilisation=0.5, wait_seconds=0.0, answer_seconds=0.1)


def _lines(
    *, cameras: int, save_events: bool = False, retention_days: int = 30, ingest: bool = False
) -> dict[str, Line]:
    counted = prices.usages(
        Demand(cameras=cameras, fps=1, frame_kb=199),
        THREE,
        instance="ml.g4dn.xlarge",
        function_seconds=0.2,
        save_events=save_events,
        retention_days=retention_days,
        ingest=ingest,
    )
    return {line.usage.part: line for line in prices.bill(counted, prices.load("us-east-1"))}


def test_a_month_by_hand() -> None:
    lines = _lines(cameras=100, save_events=True)
    requests = 100 * 3600 * 730  # 262,800,000
    cost = {part: line.cost for part, line in lines.items()}
    assert cost["Endpoint instances"] == pytest.approx(3 * 730 * 0.736)
    assert cost["API Gateway"] == pytest.approx(919.80)  # all in the first tier, at 3.50 a million
    assert cost["Lambda requests"] == pytest.approx(52.56)  # 0.20 a million
    assert cost["Lambda time"] == pytest.approx(26_280_000 * 0.0000166667)  # 0.2 s of 0.5 GB each
    assert cost["Endpoint data"] == pytest.approx(52_560 * 0.016)  # 200 kB each, in and out
    assert cost["Data transfer out"] == pytest.approx((262.8 - 100) * 0.09)  # the first 100 GB are free
    assert cost["S3 events"] == pytest.approx(2 * requests * 0.000005)
    assert cost["S3 storage"] == pytest.approx(8_640_000 * 30 * 0.0002 * 0.023)  # 30 days of 200 kB
    assert cost["CloudWatch logs"] == pytest.approx(394.2 * 0.5)
    assert cost["CloudWatch metrics"] == pytest.approx(3.0)


def test_tiers_begin_where_the_last_one_ends() -> None:
    table = prices.load("us-east-1")
    assert table is not None
    api = table.prices["api_request"]
    assert api.of(333e6) == pytest.approx(1165.50)
    assert api.of(1000e6) == pytest.approx(1165.50 + 667 * 2.80)
    assert api.of(1001e6) == pytest.approx(1165.50 + 667 * 2.80 + 2.38)
    assert table.prices["transfer_out_gb"].of(99) == 0


def test_the_dearest_part_comes_first() -> None:
    costs = [line.cost or 0 for line in _lines(cameras=100).values()]
    assert costs == sorted(costs, reverse=True)


def test_events_are_billed_only_where_they_are_kept_and_for_as_long() -> None:
    assert "S3 storage" not in _lines(cameras=1)
    month, two = (
        _lines(cameras=1, save_events=True, retention_days=days)["S3 storage"].usage.quantity for days in (30, 60)
    )
    assert two == pytest.approx(2 * month)
    forever = _lines(cameras=1, save_events=True, retention_days=0)["S3 storage"].usage.quantity
    assert forever == pytest.approx(month * 365 / 30)


def test_uploads_to_s3_pass_a_queue_and_no_api() -> None:
    lines = _lines(cameras=1, ingest=True)
    assert "API Gateway" not in lines
    assert lines["SQS"].cost == pytest.approx(3 * 2_628_000 * 0.0000004)
    assert lines["S3 ingest"].cost == pytest.approx(2_628_000 * 0.000005)


def test_every_price_names_its_source_and_date() -> None:
    for region, entries in json.loads(prices.PRICES.read_text())["regions"].items():
        table = prices.load(region)
        assert table is not None
        assert set(table.instance_hours) == set(instance_types())
        for name, price in {**table.prices, **table.instance_hours}.items():
            assert price.source, name
            assert price.as_of, name
            assert price.basis in ("aws", "third-party", "uncited"), name
            assert price.tiers[-1][0] is None, name
        assert entries["currency"] == "USD"


def test_a_region_without_prices_has_quantities() -> None:
    assert prices.load("cn-north-1") is None
    counted = prices.usages(
        Demand(cameras=1, fps=1),
        THREE,
        instance="ml.m5.xlarge",
        function_seconds=0.1,
        save_events=False,
        retention_days=0,
        ingest=False,
    )
    lines = prices.bill(counted, None)
    assert [line.cost for line in lines] == [None] * len(counted)
    assert lines[0].usage.quantity == 3 * 730


def test_a_file_that_is_no_price_table(tmp_path: Path) -> None:
    wrong = tmp_path / "prices.json"
    wrong.write_text('{"regions": {"us-east-1": {}}}')
    with pytest.raises(PlanError, match="is not a price table"):
        prices.load("us-east-1", wrong)


def test_a_registry_is_billed_by_reads_and_writes_of_each_camera() -> None:
    counted = prices.usages(
        Demand(cameras=1000, fps=1 / 60),  # once a minute: each request reads the camera and writes that it was seen
        THREE,
        instance="ml.g4dn.xlarge",
        function_seconds=0.2,
        save_events=False,
        retention_days=30,
        ingest=False,
        registry=True,
    )
    cost = {line.usage.part: line.cost for line in prices.bill(counted, prices.load("us-east-1"))}
    requests = 1000 * 60 * 730  # 43.8 million, and a watch a minute
    assert cost["Registry writes"] == pytest.approx(requests * 0.000000625)
    read_by_two_functions = requests * 2  # two items of half a unit each, by the authorizer and by the function
    scanned = 60 * 730 * 1000 * 0.1 / 4 / 2
    assert cost["Registry reads"] == pytest.approx((read_by_two_functions + scanned) * 0.000000125)
    assert cost["Authorizer time"] == pytest.approx(0.5 * (requests * 0.004 + 60 * 730 * 1.0) * 0.0000166667)
    assert cost["Authorizer requests"] == pytest.approx((requests + 60 * 730) * 0.0000002)


def test_many_frames_a_minute_cost_no_more_writes_than_instances_see_them() -> None:
    slow, fast = (
        registry_usage(Demand(cameras=10, fps=fps), function_seconds=0.01, function_gb=0.5).writes
        for fps in (1 / 60, 5.0)
    )
    assert fast == pytest.approx(slow)  # one instance is enough for both


def test_a_plan_without_a_registry_has_none_of_its_parts() -> None:
    assert not [part for part in _lines(cameras=10) if part.startswith(("Registry", "Authorizer"))]


def test_the_registry_is_read_again_as_often_as_the_functions_do() -> None:
    assert READ_AGAIN_SECONDS == FRESH_S
