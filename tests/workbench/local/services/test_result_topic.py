"""Delivery of SageMaker's notifications to a function, which Lambda repeats."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from workbench.local.services.lambda_service import FunctionError
from workbench.local.services.result_topic import ResultTopic


class _Function:
    """A function that fails a number of times."""

    def __init__(self, failures: int) -> None:
        self._failures = failures
        self.events: list[dict[str, Any]] = []

    def invoke(self, event: bytes) -> dict[str, Any]:
        self.events.append(json.loads(event))
        if len(self.events) <= self._failures:
            raise FunctionError("no")
        return {}


@pytest.mark.parametrize(("failures", "attempts"), [(0, 1), (2, 3), (9, 3)])
def test_a_message_is_delivered_again_twice_at_most(failures: int, attempts: int) -> None:
    function = _Function(failures)
    ResultTopic(cast(Any, function)).publish({"inferenceId": "7"})
    assert len(function.events) == attempts
    (record,) = function.events[-1]["Records"]
    assert json.loads(record["Sns"]["Message"]) == {"inferenceId": "7"}
