"""Number of instances, and their spare throughput."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbench.capacity.demand import Demand
from workbench.capacity.queueing import mean_wait
from workbench.capacity.throughput import Throughput

TARGET_UTILISATION = 0.7
"""Share of an instance that is planned for: docs/operations.md names 70 % where it says what scaling should aim at."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Instances that share the load evenly.

    Attributes:
        instances: how many.
        utilisation: share of their throughput that the cameras use.
        wait_seconds: mean wait for a free worker.
        answer_seconds: prediction and mean wait.
        shadow_instances: further ones that try a candidate, and answer no camera.
    """

    instances: int
    utilisation: float
    wait_seconds: float
    answer_seconds: float
    shadow_instances: int = 0

    @property
    def billed_instances(self) -> int:
        """All instances, those that answer and those that do not."""
        return self.instances + self.shadow_instances

    @property
    def headroom(self) -> float:
        """Share of their throughput that is left; 0.3 lets the load grow by 43 % before they are full."""
        return 1 - self.utilisation


def plan(demand: Demand, throughput: Throughput, *, has_shadow: bool = False) -> Fleet:
    """The fewest instances of which no more than 70 % is used, and one for a shadow."""
    rate = demand.requests_per_second
    instances = max(1, math.ceil(rate / (throughput.requests_per_second * TARGET_UTILISATION) - 1e-9))
    each = rate / instances
    wait = mean_wait(each, throughput.service_seconds, throughput.workers)
    return Fleet(
        instances=instances,
        utilisation=each / throughput.requests_per_second,
        wait_seconds=wait,
        answer_seconds=throughput.service_seconds + wait,
        shadow_instances=int(has_shadow),
    )
