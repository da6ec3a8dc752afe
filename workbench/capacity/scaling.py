"""Target tracking as the stack sets it up, and how long each of its steps takes."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ScalingPolicy:
    """Rules of the stack and of AWS for the number of instances.

    Attributes:
        smallest: ``minInstanceCount``.
        largest: ``maxInstanceCount``.
        target: ``targetConcurrencyPerInstance``: requests in work or waiting an instance.
        metric_seconds: a value of the metric so often; 10 s for the high-resolution one, 60 s in China.
        high_periods: so many values above the target add instances: an assumption, AWS does not publish it for
            high-resolution metrics.
        low_seconds: values below 90 % of the target for so long take instances away; what AWS's alarms of target
            tracking are seen to do.
        in_share: the most that is taken away at once, of what serves, and one instance at least: an assumption, AWS
            says "more gradually" without a figure.
        out_cooldown, in_cooldown: seconds; those of stacks/endpoint/scaling.py.
        start_seconds: from the decision until an instance serves: an assumption, minutes are usual.
    """

    smallest: int = 1
    largest: int = 20
    target: float = 8.0
    metric_seconds: float = 10.0
    high_periods: int = 3
    low_seconds: float = 900.0
    in_share: float = 0.1
    out_cooldown: float = 300.0
    in_cooldown: float = 600.0
    start_seconds: float = 300.0


@dataclass
class Autoscaler:
    """Read the metric and tell how many instances serve.

    Attributes:
        policy: what it follows.
        serving: instances that serve now.
    """

    policy: ScalingPolicy
    serving: int
    _starting: deque[tuple[float, int]] = field(default_factory=deque)
    _high: int = 0
    _low: int = 0
    _next_out: float = 0.0
    _next_in: float = 0.0

    def observe(self, now: float, concurrency: float) -> None:
        """Take one value of the metric, requests in work or waiting an instance, at ``now`` in seconds."""
        policy = self.policy
        while self._starting and self._starting[0][0] <= now:
            self.serving += self._starting.popleft()[1]
        wanted = max(policy.smallest, min(policy.largest, math.ceil(self.serving * concurrency / policy.target)))
        ordered = self.serving + sum(count for _, count in self._starting)
        self._high = self._high + 1 if concurrency > policy.target else 0
        self._low = self._low + 1 if concurrency < 0.9 * policy.target else 0
        if self._high >= policy.high_periods and now >= self._next_out and wanted > ordered:
            self._starting.append((now + policy.start_seconds, wanted - ordered))
            self._next_out = now + policy.out_cooldown
        elif self._low * policy.metric_seconds >= policy.low_seconds and now >= self._next_in and wanted < self.serving:
            self.serving = max(wanted, self.serving - max(1, math.floor(policy.in_share * self.serving)))
            self._next_in = now + policy.in_cooldown
