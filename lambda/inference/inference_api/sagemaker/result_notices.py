"""SageMaker's notifications of asynchronous requests that are done, as SNS delivers them.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from inference_api.messages import is_request_id


@dataclass(frozen=True)
class ResultNotice:
    """One notification.

    Attributes:
        request_id: the id that the function gave the request.
        has_failed: true when SageMaker has no answer of the container.
        reason: SageMaker's sentence about a failure, which may be empty.
    """

    request_id: str
    has_failed: bool
    reason: str


def read(message: str) -> ResultNotice | None:
    """Parse a message; None for one that tells of no request of the function's."""
    try:
        document: dict[str, Any] = json.loads(message)
        request_id, status = str(document["inferenceId"]), str(document["invocationStatus"])
    except (ValueError, LookupError, TypeError):
        return None
    if not is_request_id(request_id):
        return None
    return ResultNotice(request_id, status != "Completed", str(document.get("failureReason") or ""))
