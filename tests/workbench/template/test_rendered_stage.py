"""The stage's limits are the parameters'."""

from __future__ import annotations

from typing import Any

from workbench.template.rendered_stack import render
from workbench.template.rendered_stage import RenderedStage


def test_limits_of_the_stage_and_the_function(template: dict[str, Any]) -> None:
    stack = render(template, {"apiAuthorization": "NONE"}, "us-east-1")
    assert (stack.stage, stack.function.reserved_concurrency) == (RenderedStage("prod", 1000, 2000, None), None)
    given = {
        "apiAuthorization": "API_KEY",
        "apiThrottleRate": "7",
        "apiThrottleBurst": "9",
        "apiMonthlyQuota": "100",
        "functionReservedConcurrency": "3",
    }
    stack = render(template, given, "us-east-1")
    assert (stack.stage, stack.function.reserved_concurrency) == (RenderedStage("prod", 7, 9, 100), 3)
