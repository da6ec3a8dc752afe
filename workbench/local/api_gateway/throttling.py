"""Limits on the number of requests: a bucket of tokens, and the month's quota of the API key.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.template.rendered_stage import RenderedStage


class Throttling:
    """Counts of a run. The bucket is full at first; a run counts as a month."""

    def __init__(self, stage: RenderedStage, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stage = stage
        self._clock = clock
        self._tokens, self._filled = float(stage.burst), clock()
        self._in_month = 0
        self._lock = threading.Lock()

    def admit(self, *, with_key: bool) -> None:
        """Count a request.

        Args:
            with_key: whether it came with the API key, whose requests alone have a quota.

        Raises:
            RefusedError: it is one too many.
        """
        quota = self._stage.monthly_quota
        with self._lock:
            now = self._clock()
            grown = self._tokens + (now - self._filled) * self._stage.rate
            self._tokens, self._filled = min(self._stage.burst, grown), now
            if self._tokens < 1:
                raise RefusedError("THROTTLED", "Too Many Requests")
            self._tokens -= 1
            if with_key and quota is not None:
                if self._in_month >= quota:
                    raise RefusedError("QUOTA_EXCEEDED", "Limit Exceeded")
                self._in_month += 1
