"""The bucket of tokens."""

from __future__ import annotations

import pytest

from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.local.api_gateway.throttling import Throttling
from workbench.template.rendered_stage import RenderedStage


def test_the_bucket_fills_by_the_rate_and_no_further_than_the_burst() -> None:
    now = 0.0
    throttling = Throttling(RenderedStage("prod", rate=2, burst=3, monthly_quota=None), clock=lambda: now)

    def admit_no_more_than(number: int) -> None:
        for _ in range(number):
            throttling.admit(with_key=True)
        with pytest.raises(RefusedError, match="Too Many Requests"):
            throttling.admit(with_key=True)

    admit_no_more_than(3)
    now += 1
    admit_no_more_than(2)
    now += 60
    admit_no_more_than(3)


def test_the_quota_is_the_keys_alone() -> None:
    throttling = Throttling(RenderedStage("prod", rate=1000, burst=100, monthly_quota=1))
    for _ in range(3):
        throttling.admit(with_key=False)
    throttling.admit(with_key=True)
    with pytest.raises(RefusedError, match="Limit Exceeded"):
        throttling.admit(with_key=True)
