"""SNS between an asynchronous endpoint and the function that completes events.

https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from workbench.local.services.lambda_service import FunctionError, LambdaFunction, payload

logger = logging.getLogger(__name__)

# SNS invokes asynchronously, and Lambda repeats such an invocation twice; here at once, not after minutes.
_ATTEMPTS = 3


class ResultTopic:
    """A topic with one function subscribed to it."""

    def __init__(self, function: LambdaFunction) -> None:
        self._function = function

    def publish(self, message: Mapping[str, Any]) -> None:
        """Deliver a message, and return when the function is done with it or has failed for good."""
        delivered = payload({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(message)}}]})
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._function.invoke(delivered)
                return
            except FunctionError as error:
                logger.warning("attempt %d of %d to complete an event: %s", attempt, _ATTEMPTS, error)
