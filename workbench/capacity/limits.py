"""Quotas in the order in which they are met, each with its value, date, source, and the share that the plan uses."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.capacity.demand import Demand
from workbench.capacity.fleet import Fleet

QUOTAS = Path(__file__).with_name("quotas.json")

_BASE64 = 4 / 3
_KEYS_A_PLAN = 10000
"""Keys of one usage plan: no quota of its own is published, so one plan holds all that an account may have."""
_OVERHEAD_KB = 3.0
"""The event around the body: headers and request context. An assumption."""
_API_ONLY = frozenset({"api_keys", "usage_plans", "stage_throttle", "account_throttle", "api_payload"})
_ALONE = frozenset({"api_payload", "function_payload", "endpoint_payload"})
"""Use by one frame, independent of the number of cameras."""


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A limit, as its source states it; ``adjustable``: whether it can be raised on request."""

    title: str
    value: float
    unit: str
    adjustable: bool
    as_of: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A quota and how much of it is used."""

    name: str
    quota: Quota
    used: float

    @property
    def share(self) -> float:
        """1 when all of it is used."""
        return self.used / self.quota.value

    def met_at(self, cameras: int) -> int | None:
        """With how many cameras all of it is used, when ``cameras`` use this much; None where more change nothing."""
        if self.name in _ALONE or not self.used:
            return None
        return math.floor(cameras / self.share)


def quotas(path: Path = QUOTAS) -> Mapping[str, Quota]:
    """All quotas, by name."""
    return {name: Quota(**entry) for name, entry in json.loads(path.read_text(encoding="utf-8"))["quotas"].items()}


def notes(path: Path = QUOTAS) -> list[str]:
    """Limits that no table of quotas can say."""
    return list(json.loads(path.read_text(encoding="utf-8"))["notes"])


def limits(demand: Demand, fleet: Fleet, *, function_seconds: float, key_per_camera: bool, ingest: bool) -> list[Limit]:
    """All limits, the one that is met first before the others.

    Args:
        demand: what the cameras send.
        fleet: the instances that this needs.
        function_seconds: how long one invocation takes: by Little's law, the rate times it are at work at once.
        key_per_camera: whether every camera has a key of its own, or all the one that the stack makes.
        ingest: whether frames come through S3, where nothing of API Gateway counts and no body passes Lambda.
    """
    keys = demand.cameras if key_per_camera else 1
    used: dict[str, float] = {
        "api_keys": keys,
        "usage_plans": -(-keys // _KEYS_A_PLAN),
        "stage_throttle": demand.requests_per_second,
        "account_throttle": demand.requests_per_second,
        "api_payload": demand.frame_kb,
        "function_payload": 0.0 if ingest else demand.frame_kb * _BASE64 + _OVERHEAD_KB,
        "endpoint_payload": demand.frame_kb,
        "function_concurrency": demand.requests_per_second * function_seconds,
        "instances": fleet.instances,  # a shadow counts in no maxInstanceCount
    }
    known = quotas()
    counted = [
        Limit(name=name, quota=known[name], used=value)
        for name, value in used.items()
        if not (ingest and name in _API_ONLY)
    ]
    return sorted(counted, key=lambda limit: -limit.share)
