"""Cost of a month, part by part, from a dated table of list prices; each entry names its source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.capacity.demand import GIGABYTE, HOURS_A_MONTH, KILOBYTE, Demand
from workbench.capacity.fleet import Fleet
from workbench.capacity.registry_usage import registry_usage
from workbench.errors import PlanError

PRICES = Path(__file__).with_name("prices.json")

_FUNCTION_GB = 0.5
"""Memory of each function; stacks/functions/python_function.py gives them 512 MiB."""
_LOG_KB_A_REQUEST = 1.5
"""An assumption: a line of the function, one of the container, three that Lambda writes of each invocation."""
_METRICS = 10
"""An assumption: what the function's embedded metrics make, without one a camera."""
_RESULT_KB = 1.0
"""``result.json``: docs/operations.md shows one of half a kilobyte."""
_WRITES_AN_EVENT = 2
"""The frame and its ``result.json``."""
_CALLS_A_MESSAGE = 3
"""SQS: a message is sent, received and deleted."""
_DAYS_A_MONTH = HOURS_A_MONTH / 24


@dataclass(frozen=True, kw_only=True)
class Price:
    """A price by the unit: tiers of how many units cost how much each, the last one without an end.

    Attributes:
        tiers: (units of this tier or None, price of one).
        basis: ``aws``, ``third-party``, ``uncited`` or what the operator's own file says.
        as_of: date, or ``undated``.
        source: where it was read.
    """

    tiers: tuple[tuple[float | None, float], ...]
    basis: str
    as_of: str
    source: str

    def of(self, units: float) -> float:
        """Cost of so many units."""
        total, left = 0.0, units
        for size, price in self.tiers:
            here = left if size is None else min(left, size)
            total += here * price
            left -= here
        return total


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """Prices of one region, by what is counted."""

    currency: str
    prices: Mapping[str, Price]
    instance_hours: Mapping[str, Price]


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Units a month of one part of the bill; the price table has their price."""

    part: str
    quantity: float
    unit: str
    price: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the bill; ``cost`` and ``price`` are None when no price is known."""

    usage: Usage
    cost: float | None
    price: Price | None


def load(region: str, path: Path = PRICES) -> PriceTable | None:
    """The prices of a region; None when the table has none of it.

    Raises:
        PlanError: the file is not a price table.
    """
    try:
        regions = json.loads(path.read_text(encoding="utf-8"))["regions"]
        if region not in regions:
            return None
        entries = dict(regions[region])
        return PriceTable(
            currency=entries.pop("currency"),
            instance_hours={name: _price(entry) for name, entry in entries.pop("instance_hour").items()},
            prices={name: _price(entry) for name, entry in entries.items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(
            f"{path} is not a price table: {error}; write it as workbench/capacity/prices.json is"
        ) from error


def _price(entry: Mapping[str, Any]) -> Price:
    tiers = tuple((size, price) for size, price in entry.get("tiers") or [[None, entry["price"]]])
    return Price(tiers=tiers, basis=entry["basis"], as_of=entry["as_of"], source=entry["source"])


def usages(
    demand: Demand,
    fleet: Fleet,
    *,
    instance: str,
    function_seconds: float,
    save_events: bool,
    retention_days: int,
    ingest: bool,
    registry: bool = False,
) -> list[Usage]:
    """Units that a month counts.

    Args:
        demand: what the cameras send.
        fleet: instances; they run all hours, whether cameras send or not.
        instance: their type.
        function_seconds: how long one invocation takes.
        save_events: whether frames and results are kept.
        retention_days: days for which they are kept; 0 counts a year, because for ever has no price.
        ingest: whether frames come through the bucket and a queue in place of the API.
        registry: whether each camera has a credential of its own.
    """
    requests = demand.requests_a_month
    stored_gb = (
        requests * (demand.frame_kb + _RESULT_KB) * KILOBYTE / GIGABYTE / _DAYS_A_MONTH * (retention_days or 365)
    )
    front = (
        [
            Usage(part="SQS", quantity=requests * _CALLS_A_MESSAGE, unit="requests", price="queue_request"),
            Usage(part="S3 ingest", quantity=requests, unit="writes", price="s3_put"),
        ]
        if ingest
        else [
            Usage(part="API Gateway", quantity=requests, unit="requests", price="api_request"),
            Usage(part="Data transfer out", quantity=demand.gb_out_a_month, unit="GB", price="transfer_out_gb"),
        ]
    )
    events = [
        Usage(part="S3 events", quantity=requests * _WRITES_AN_EVENT, unit="writes", price="s3_put"),
        Usage(part="S3 storage", quantity=stored_gb, unit="GB", price="s3_gb_month"),
    ]
    return [
        Usage(part="Endpoint instances", quantity=fleet.billed_instances * HOURS_A_MONTH, unit="hours", price=instance),
        Usage(
            part="Endpoint data",
            quantity=demand.gb_in_a_month + demand.gb_out_a_month,
            unit="GB",
            price="endpoint_gb",
        ),
        *front,
        Usage(part="Lambda requests", quantity=requests, unit="requests", price="function_request"),
        Usage(
            part="Lambda time",
            quantity=requests * function_seconds * _FUNCTION_GB,
            unit="GB-s",
            price="function_gb_second",
        ),
        *(events if save_events or ingest else []),
        *(_of_registry(demand, function_seconds) if registry else []),
        Usage(
            part="CloudWatch logs",
            quantity=requests * _LOG_KB_A_REQUEST * KILOBYTE / GIGABYTE,
            unit="GB",
            price="log_gb",
        ),
        Usage(part="CloudWatch metrics", quantity=_METRICS, unit="metrics", price="metric_month"),
    ]


def _of_registry(demand: Demand, function_seconds: float) -> list[Usage]:
    used = registry_usage(demand, function_seconds=function_seconds, function_gb=_FUNCTION_GB)
    return [
        Usage(part="Authorizer requests", quantity=used.authorizer_requests, unit="requests", price="function_request"),
        Usage(part="Authorizer time", quantity=used.authorizer_gb_seconds, unit="GB-s", price="function_gb_second"),
        Usage(part="Registry reads", quantity=used.reads, unit="read units", price="table_read"),
        Usage(part="Registry writes", quantity=used.writes, unit="write units", price="table_write"),
    ]


def bill(counted: Sequence[Usage], table: PriceTable | None) -> list[Line]:
    """Cost of each part, the dearest first; in the given order without prices."""
    if table is None:
        return [Line(usage=usage, cost=None, price=None) for usage in counted]
    known = {**table.prices, **table.instance_hours}
    lines = [
        Line(usage=usage, cost=price.of(usage.quantity) if price else None, price=price)
        for usage in counted
        for price in [known.get(usage.price)]
    ]
    return sorted(lines, key=lambda line: -(line.cost or 0.0))
