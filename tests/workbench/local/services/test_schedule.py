"""The function that is called again and again."""

from __future__ import annotations

import json
import threading
import time
from typing import Any, cast

from workbench.local.services import schedule
from workbench.local.services.lambda_service import FunctionError, LambdaFunction


class FakeFunction:
    """Function that fails at first, and keeps its events."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.thrice = threading.Event()
        self.ended = False

    def invoke(self, event: bytes) -> None:
        self.events.append(json.loads(event))
        if len(self.events) == 1:
            raise FunctionError("it raised")
        if len(self.events) == 3:
            self.thrice.set()

    def end(self) -> None:
        self.ended = True


def test_it_goes_on_after_a_failure_and_ends_at_once() -> None:
    function = FakeFunction()
    with schedule.running(cast(LambdaFunction, function), every_seconds=0.01, region="eu-west-1"):
        assert function.thrice.wait(5)
    seen = len(function.events)
    time.sleep(0.05)
    assert (len(function.events), function.ended) == (seen, True)
    event = function.events[0]
    assert (event["source"], event["detail-type"], event["region"]) == ("aws.events", "Scheduled Event", "eu-west-1")
    with schedule.running(cast(LambdaFunction, function), every_seconds=60, region="eu-west-1"):
        begun = time.monotonic()
    assert time.monotonic() - begun < 1
