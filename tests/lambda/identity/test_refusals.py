from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from inference_api.identity.refusals import Refusals
from tests.camera_tables import STATES, Clock, Tables


@pytest.fixture
def refusals(tables: Tables, clock: Clock) -> Refusals:
    client: Any = tables
    return Refusals(client, STATES, clock=clock)


def test_processes_count_together(tables: Tables, clock: Clock) -> None:
    client: Any = tables
    processes = [Refusals(client, STATES, clock=clock) for _ in range(3)]
    said = [processes[number % 3].count("203.0.113.9") for number in range(40)]
    assert said.index(60) == 30
    assert said[30:] == [60] * 10
    assert tables.calls.count("update_item") == 32  # the other two learn of it by one write each


def test_an_item_is_deleted_an_hour_later(refusals: Refusals, tables: Tables, clock: Clock) -> None:
    refusals.count("203.0.113.9")
    assert [item["expires"] for item in tables.refusals()] == [clock.wall + 60 + 3600]


def test_a_line_of_ipv6_is_one_source(refusals: Refusals, tables: Tables) -> None:
    for address in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1", "no::address::"):
        refusals.count(address)
    counts = {item["id"].split("#")[1]: item["count"] for item in tables.refusals()}
    assert counts == {"2001:db8::/64": 2, "2001:db8:0:1::/64": 1, "no::address::": 1}


@pytest.mark.parametrize(
    "failure",
    [
        EndpointConnectionError(endpoint_url="https://dynamodb"),
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "UpdateItem"),
    ],
)
def test_a_table_that_fails_is_counted_for(refusals: Refusals, tables: Tables, failure: Exception) -> None:
    tables.failure = failure
    said = [refusals.count("203.0.113.9") for _ in range(31)]
    assert said == [None] * 30 + [60]
