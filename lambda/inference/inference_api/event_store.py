"""Keeps frames and results in S3: ``events/dt=YYYY-MM-DD/camera=ID/REQUEST/{frame.jpg,result.json}``.

Frames that lie in S3 already stay where they are; the result names their URIs.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inference_api.endpoint import Inference
from inference_api.frames import InferenceRequest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_CAMERA_LENGTH = 64


class EventStore:
    """The events bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def save(self, request: InferenceRequest, result: Inference, *, request_id: str, received: datetime) -> str:
        """Writes the frames, then the result.

        Args:
            request: what the camera sent.
            result: the container's answer; one that is not JSON becomes an object of its own, which the event names.
            request_id: unique id of this request, given by API Gateway; it names the event.
            received: when the request came, in UTC.

        Returns:
            The event's key prefix, with a slash at its end.
        """
        prefix = f"events/dt={received:%Y-%m-%d}/camera={_key_part(request.camera_id)}/{request_id}/"
        keys = {role: f"{prefix}{role}.{frame.extension}" for role, frame in request.frames.items()}
        for role, frame in request.frames.items():
            self._client.put_object(
                Bucket=self._bucket, Key=keys[role], Body=frame.body, ContentType=frame.content_type
            )
        event: dict[str, Any] = {
            "request_id": request_id,
            "client_request_id": request.client_request_id,
            "timestamp": request.timestamp,
            "camera_id": request.camera_id,
            "received": received.isoformat(),
            "frames": keys,
            "result": json.loads(result.body) if result.is_json else None,
        }
        if request.uris:
            event["images"] = request.uris
        if not result.is_json:
            event["result_object"] = f"{prefix}answer"
            self._client.put_object(
                Bucket=self._bucket, Key=f"{prefix}answer", Body=result.body, ContentType=result.content_type
            )
        self._client.put_object(
            Bucket=self._bucket,
            Key=f"{prefix}result.json",
            Body=json.dumps(event).encode(),
            ContentType="application/json",
        )
        return prefix


def _key_part(camera_id: str) -> str:
    """The camera's id with everything but letters, digits, ``_`` and ``-`` replaced, at most 64 characters."""
    return _NOT_IN_KEYS.sub("_", camera_id)[:_MAX_CAMERA_LENGTH] or "unknown"
