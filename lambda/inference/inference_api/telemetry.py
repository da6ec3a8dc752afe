"""What is measured of a request: one line in CloudWatch's embedded metric format (EMF), from which it makes metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

Powertools writes one set of metrics a line, all with the same dimensions. An error has a code and a request has none,
and a dimension more is a metric more to pay for: hence a line of our own, with a set for each.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from inference_api.event_store import camera_part
from inference_api.frames import InferenceRequest
from inference_api.sagemaker.endpoint import Inference

UNITS = {
    "Requests": "Count",
    "Polls": "Count",
    "Latency": "Milliseconds",
    "EndpointLatency": "Milliseconds",
    "StoreLatency": "Milliseconds",
    "FrameBytes": "Bytes",
    "Detections": "Count",
    "PendingAnswers": "Count",
    "ClientErrors": "Count",
    "ServerErrors": "Count",
    "EventStoreFailures": "Count",
    "ColdStart": "Count",
}
"""What is measured, and in which of CloudWatch's units."""

_ERRORS = ("ClientErrors", "ServerErrors")
_BY_CAMERA = ("Requests", *_ERRORS)
# Codes are our own or the container's; another container's may be anything, and each becomes a metric.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_OTHER_CODE = "Other"
_CUSTOM = "custom"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where metrics come from.

    Attributes:
        namespace: of the metrics.
        service: the deployment, by which all metrics can be told apart.
        application: what it does.
        model: with what.
        by_camera: whether requests and errors are metrics of each camera too.
    """

    namespace: str
    service: str
    application: str
    model: str
    by_camera: bool


class Telemetry:
    """The measurements of one request. ``write`` them once, whatever becomes of the request."""

    def __init__(self, origin: Origin, *, is_cold: bool = False) -> None:
        """Begins to measure.

        Args:
            origin: where the metrics come from.
            is_cold: whether it is the first request of a function's process.
        """
        self._origin = origin
        self._began = time.perf_counter()
        self._values: dict[str, float] = {"Requests": 1, **({"ColdStart": 1} if is_cold else {})}
        self._failure: dict[str, Any] = {}
        self._request_id: str | None = None
        self._camera_id = "unknown"

    def identify(self, request_id: str, *, camera_id: str) -> None:
        """Says whose request it is, before its body is read."""
        self._request_id, self._camera_id = request_id, camera_id

    def polled(self, request_id: str) -> None:
        """Says that no frame was sent, but an answer asked for that was left to later; nobody says which camera's."""
        del self._values["Requests"]
        self.count("Polls")
        self._request_id = request_id

    def received(self, request: InferenceRequest) -> None:
        """Counts the bytes of a request's frames; those that lie in S3 have none here."""
        self._camera_id = request.camera_id
        if request.frames:
            self.count("FrameBytes", sum(len(frame.body) for frame in request.frames.values()))

    def count(self, metric: str, number: float = 1) -> None:
        """Adds to a metric."""
        self._values[metric] = self._values.get(metric, 0) + number

    @contextmanager
    def timed(self, metric: str) -> Iterator[None]:
        """Measures how long its block takes, in milliseconds, also when it fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.count(metric, _milliseconds_since(began))

    def failed(self, status: int, code: str) -> None:
        """Counts the error that the client is told of, by its code."""
        self._failure = {"status": status, "code": code if _CODE.fullmatch(code) else _OTHER_CODE}
        self.count("ClientErrors" if status < 500 else "ServerErrors")

    def detected(self, result: Inference) -> None:
        """Counts the boxes, or the matches, of an answer; a user's own application answers what it likes.

        It never fails: an answer that cannot be read is the client's to find out.
        """
        if not result.is_json or self._origin.application == _CUSTOM:
            return
        with suppress(ValueError, RecursionError):
            self.count("Detections", _detections(result.document))

    def write(self) -> None:
        """Writes the line. It holds numbers and ids: nothing of a frame and nothing of a result but its size."""
        self.count("Latency", _milliseconds_since(self._began))
        print(json.dumps(self._document()))  # noqa: T201 - the function's standard output is its log

    def _document(self) -> dict[str, Any]:
        origin = self._origin
        sets = [self._metrics([["service"], ["service", "application", "model"]], list(UNITS))]
        if self._failure:
            sets.append(self._metrics([["service", "code"]], _ERRORS))
        if origin.by_camera and "Requests" in self._values:
            sets.append(self._metrics([["service", "camera"]], _BY_CAMERA))
        return {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": sets},
            "service": origin.service,
            "application": origin.application,
            "model": origin.model,
            "camera_id": self._camera_id,
            "camera": camera_part(self._camera_id),  # as in the keys of its events; a dimension takes ASCII alone
            "api_request_id": self._request_id,
            **self._failure,
            **{name: round(value, 3) for name, value in self._values.items()},
        }

    def _metrics(self, dimensions: list[list[str]], names: Sequence[str]) -> dict[str, Any]:
        return {
            "Namespace": self._origin.namespace,
            "Dimensions": dimensions,
            "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in names if name in self._values],
        }


def _milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _detections(document: Any) -> int:
    """The boxes of one frame or of several, or the faces that were compared; 0 for what is none of these."""
    several = document.get("results") if isinstance(document, dict) else None
    found = [
        result.get("bbox_scores", result.get("FaceMatches"))
        for result in (several if isinstance(several, list) else [document])
        if isinstance(result, dict)
    ]
    return sum(len(boxes) for boxes in found if isinstance(boxes, list))
