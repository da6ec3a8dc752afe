"""Units that the registry of cameras, its authorizer and its watch count a month, for ``plan --registry``."""

from __future__ import annotations

from dataclasses import dataclass

from camera_registry.states import RECORDED_EVERY_S
from workbench.capacity.demand import HOURS_A_MONTH, Demand

READ_AGAIN_SECONDS = 30
"""Each instance of a function reads a camera again after this time; inference_api/identity/registry.py keeps to it."""

_AUTHORIZER_SECONDS = 0.004
"""An assumption: a warm check takes less, and a read of the registry more."""
_WATCH_SECONDS = 1.0
_WATCHES_A_MONTH = 60 * HOURS_A_MONTH
"""Once a minute. Its time is an assumption: a scan of 10,000 cameras is two pages."""
_STATE_KB, _READ_KB = 0.1, 4.0
"""A camera's line in the table of states, and what one read unit reads."""
_ITEMS = 2
"""Of a camera: its own, and the profiles beside it; both together are below 4 kB."""
_EVENTUALLY = 0.5
"""Read units of a read that need not be the newest."""


@dataclass(frozen=True, kw_only=True)
class RegistryUsage:
    """Units a month.

    Attributes:
        authorizer_requests: invocations of the authorizer and of the watch.
        authorizer_gb_seconds: their time.
        reads: read units of both tables.
        writes: write units of the table of states.
    """

    authorizer_requests: float
    authorizer_gb_seconds: float
    reads: float
    writes: float


def registry_usage(demand: Demand, *, function_seconds: float, function_gb: float) -> RegistryUsage:
    """Count a month with a registry.

    No instance is idle, by Little's law, so that a camera's requests meet at most as many instances as are at work at
    once, and at most one a request.

    Args:
        demand: what the cameras send.
        function_seconds: how long one invocation of the API's function takes.
        function_gb: memory of each function, the authorizer and the watch too.
    """
    share_of_month = demand.hours_per_day / 24
    seconds = 3600 * HOURS_A_MONTH * share_of_month

    def meetings(instance_seconds: float, period: float) -> float:
        """Instances that meet a camera in a period, at least one, in all periods and of all cameras of a month."""
        at_work = max(1.0, demand.requests_per_second * instance_seconds)
        return demand.cameras * min(at_work, demand.fps * period) * seconds / period

    read_by_both = meetings(_AUTHORIZER_SECONDS, READ_AGAIN_SECONDS) + meetings(function_seconds, READ_AGAIN_SECONDS)
    scanned = _WATCHES_A_MONTH * demand.cameras * _STATE_KB / _READ_KB * _EVENTUALLY
    return RegistryUsage(
        authorizer_requests=demand.requests_a_month + _WATCHES_A_MONTH,
        authorizer_gb_seconds=function_gb
        * (demand.requests_a_month * _AUTHORIZER_SECONDS + _WATCHES_A_MONTH * _WATCH_SECONDS),
        reads=read_by_both * _ITEMS * _EVENTUALLY + scanned,
        writes=meetings(function_seconds, RECORDED_EVERY_S),
    )
