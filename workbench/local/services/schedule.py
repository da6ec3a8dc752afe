"""EventBridge's schedule, which calls a function again and again.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from workbench.local.services.lambda_service import FunctionError, LambdaFunction, payload


@contextmanager
def running(function: LambdaFunction, *, every_seconds: float, region: str) -> Iterator[None]:
    """Call the function after each period; its log has the reason where it fails."""
    ended = threading.Event()

    def call() -> None:
        while not ended.wait(every_seconds):
            with suppress(FunctionError):
                function.invoke(payload(_event(region)))

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    try:
        yield
    finally:
        ended.set()
        function.end()  # which the thread may be waiting for
        caller.join()


def _event(region: str) -> dict[str, object]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": [],
        "detail": {},
    }
