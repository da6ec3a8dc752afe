"""An endpoint of SageMaker in memory, and Lambda's context, for tests of the function's handlers."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from inference_api.messages import Inference, InferenceRequest

JPEG = b"\xff\xd8\xff\xe0 a frame"
RESULT = b'{"width": 1, "height": 1, "channels": 3, "bbox_scores": [], "bbox_coords": []}'
CONTEXT: Any = types.SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn:f", aws_request_id="lambda-1"
)


class FakeEndpoint:
    """An endpoint that calls ``computes``, then answers or fails, and keeps its requests."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.answer = Inference(RESULT)
        self.requests: list[InferenceRequest] = []
        self.computes: Callable[[], None] = lambda: None

    def infer(self, request: InferenceRequest, _: str) -> Inference:
        """Keep the request, and answer or fail."""
        self.computes()
        if self.failure is not None:
            raise self.failure
        self.requests.append(request)
        return self.answer
