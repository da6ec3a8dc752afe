"""Measurements of one request of the API, written as one line of metrics.

The line holds numbers and ids: nothing of a frame, and nothing of a result but its size.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from inference_api.messages import Inference, InferenceRequest, camera_part
from inference_api.metrics import emf
from inference_api.settings import CLASSIFICATION, CUSTOM

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
    "EventsLeftOut": "Count",
    "Pushes": "Count",
    "Heartbeats": "Count",
    "BrokenPictures": "Count",
    "BoxesLeftOut": "Count",
    "UnreadableAnswers": "Count",
    "ColdStart": "Count",
}
"""The metrics, each with CloudWatch's unit."""

_ERRORS = ("ClientErrors", "ServerErrors")
_BY_CAMERA = ("Requests", *_ERRORS)
# Codes are our own or the container's. A custom container's may be anything, and each becomes a metric.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_OTHER_CODE = "Other"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The source of metrics.

    Attributes:
        namespace: CloudWatch's namespace.
        service: the deployment; the one dimension that all metrics have.
        application: the application of the endpoint.
        model: its model.
        by_camera: true when requests and errors are metrics of each camera too.
    """

    namespace: str
    service: str
    application: str
    model: str
    by_camera: bool


class Telemetry:
    """The measurements of one request. ``write`` them once, for failed requests too."""

    def __init__(self, origin: Origin, *, is_cold: bool = False) -> None:
        """Begin to measure.

        Args:
            origin: the source of the metrics.
            is_cold: true for the first request of a function's process.
        """
        self._origin = origin
        self._began = time.perf_counter()
        self._values: dict[str, float] = {"Requests": 1, **({"ColdStart": 1} if is_cold else {})}
        self._failure: dict[str, Any] = {}
        self._request_id: str | None = None
        self._camera_id = "unknown"

    def identify(self, request_id: str, *, camera_id: str) -> None:
        """Name the request and its camera, before the body is read."""
        self._request_id, self._camera_id = request_id, camera_id

    def polled(self, request_id: str) -> None:
        """Count a fetch of a pending answer instead of a request; its camera is unknown."""
        del self._values["Requests"]
        self.count("Polls")
        self._request_id = request_id

    def received(self, request: InferenceRequest) -> None:
        """Count the bytes of a request's frames; frames named by S3 URIs have none here."""
        self._camera_id = request.camera_id
        if request.frames:
            self.count("FrameBytes", sum(len(frame.body) for frame in request.frames.values()))

    def count(self, metric: str, number: float = 1) -> None:
        """Add to a metric."""
        self._values[metric] = self._values.get(metric, 0) + number

    @contextmanager
    def timed(self, metric: str) -> Iterator[None]:
        """Measure the duration of a block in milliseconds, also when it fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.count(metric, _milliseconds_since(began))

    def failed(self, status: int, code: str) -> None:
        """Count the error that the client gets, by its code."""
        self._failure = {"status": status, "code": code if _CODE.fullmatch(code) else _OTHER_CODE}
        self.count("ClientErrors" if status < 500 else "ServerErrors")

    def detected(self, result: Inference) -> None:
        """Count the boxes or matches of an answer; a classifier finds none, and custom answers have no known shape.

        It never fails: an answer that cannot be read is passed on, for the client to judge.
        """
        if not result.is_json or self._origin.application in (CLASSIFICATION, CUSTOM):
            return
        with suppress(ValueError, RecursionError):
            self.count("Detections", _detections(result.document))

    def write(self) -> None:
        """Write the line to the log."""
        self.count("Latency", _milliseconds_since(self._began))
        origin = self._origin
        sets = [emf.MetricSet([["service"], ["service", "application", "model"]], UNITS)]
        if self._failure:
            sets.append(emf.MetricSet([["service", "code"]], _units(_ERRORS)))
        if origin.by_camera and "Requests" in self._values:
            sets.append(emf.MetricSet([["service", "camera"]], _units(_BY_CAMERA)))
        fields = {
            "service": origin.service,
            "application": origin.application,
            "model": origin.model,
            "camera_id": self._camera_id,
            "camera": camera_part(self._camera_id),  # as in the keys of its events; a dimension takes only ASCII
            "api_request_id": self._request_id,
            **self._failure,
            **{name: round(value, 3) for name, value in self._values.items()},
        }
        emf.write(origin.namespace, sets, fields)


def _units(names: Sequence[str]) -> dict[str, str]:
    return {name: UNITS[name] for name in names}


def _milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _detections(document: Any) -> int:
    """Count the boxes of one frame or of several, or the matches of a comparison; 0 for other documents."""
    several = document.get("results") if isinstance(document, dict) else None
    found = [
        result.get("bbox_scores", result.get("FaceMatches"))
        for result in (several if isinstance(several, list) else [document])
        if isinstance(result, dict)
    ]
    return sum(len(boxes) for boxes in found if isinstance(boxes, list))
