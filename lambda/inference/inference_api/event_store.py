"""Keeps frames and results in S3: ``events/dt=YYYY-MM-DD/camera=ID/REQUEST/{frame.jpg,result.json}``.

The frames are written while the endpoint computes, the result when it has answered. Frames that lie in S3 already stay
where they are; the result names their URIs.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inference_api.frames import InferenceRequest
from inference_api.sagemaker.endpoint import Inference

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PATIENCE_SECONDS = 4.0
"""How long an answer waits for its event once the endpoint has answered; S3 takes tens of milliseconds."""

_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_-]+")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MAX_CAMERA_LENGTH = 64
_WRITERS = 8  # fewer than the connections that boto3 keeps open, which are 10


class EventStore:
    """The events bucket, and the threads that write to it; both are kept between invocations."""

    def __init__(
        self, client: S3Client, bucket: str, *, queryable: bool = False, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Takes what it writes with.

        Args:
            client: of S3.
            bucket: the bucket.
            queryable: whether each result is also written where the table of events reads, apart from the frames.
            patience_seconds: how long an answer waits for its event.
        """
        self._queryable = queryable
        self._client = client
        self._bucket = bucket
        self._patience = patience_seconds
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="event-store")

    def begin(self, request: InferenceRequest, *, request_id: str, received: datetime) -> Event:
        """Begins to write the frames, and returns at once.

        Args:
            request: what the camera sent.
            request_id: unique id of this request, given by API Gateway; it names the event.
            received: when the request came, in UTC.
        """
        return Event(self, request, request_id=request_id, received=received)

    def complete_later(self, event: Mapping[str, Any], result: Inference) -> str:
        """Writes the result of an event that ``Event.leave_open`` gave up; the same again does no harm.

        Returns:
            The event's key prefix, with a slash at its end.

        Raises:
            TimeoutError: S3 did not take it in time.
            Exception: whatever boto3 raises for an object that could not be written.
        """
        prefix: str = event["prefix"]
        self.finish(prefix, event["document"], result, writes=[], deadline=self.deadline())
        return prefix

    def finish(
        self,
        prefix: str,
        document: Mapping[str, Any],
        result: Inference,
        *,
        writes: Iterable[Future[Any]],
        deadline: float,
    ) -> None:
        """Writes a result when all else of its event is written, so that a result.json tells of a whole event."""
        event = {**document, "result": result.document if result.is_json else None}
        begun = list(writes)
        if not result.is_json:
            event["result_object"] = f"{prefix}answer"
            begun.append(self.put(event["result_object"], result.body, result.content_type))
        _finish(begun, deadline)
        line = json.dumps(event).encode()
        keys = [f"{prefix}result.json", *([_key_in_table(prefix)] if self._queryable else [])]
        _finish([self.put(key, line, "application/json") for key in keys], deadline)

    def put(self, key: str, body: bytes, content_type: str) -> Future[Any]:
        """Begins to write an object; boto3 tries again by itself."""
        return self._writers.submit(
            self._client.put_object, Bucket=self._bucket, Key=key, Body=body, ContentType=content_type
        )

    def delete(self, key: str) -> Future[Any]:
        """Begins to delete an object, which need not be there."""
        return self._writers.submit(self._client.delete_object, Bucket=self._bucket, Key=key)

    def deadline(self) -> float:
        """The moment, in seconds of ``time.monotonic``, until which an answer may wait that could be sent now."""
        return time.monotonic() + self._patience


class Event:
    """One event that is being written. Call ``complete``, ``leave_open`` or ``discard``, once.

    Attributes:
        prefix: its key prefix, with a slash at its end.
    """

    def __init__(self, store: EventStore, request: InferenceRequest, *, request_id: str, received: datetime) -> None:
        self._store = store
        self._request = request
        self._request_id = request_id
        self._received = received
        self.prefix = (
            f"events/dt={received:%Y-%m-%d}/camera={camera_part(request.camera_id)}/{_request_part(request_id)}/"
        )
        self._keys = {role: f"{self.prefix}{role}.{frame.extension}" for role, frame in request.frames.items()}
        self._frames = {
            self._keys[role]: store.put(self._keys[role], frame.body, frame.content_type)
            for role, frame in request.frames.items()
        }

    def complete(self, result: Inference) -> None:
        """Writes the result when all frames are written, so that a result.json tells of a whole event.

        Args:
            result: the container's answer; one that is not JSON becomes an object of its own, which the event names.

        Raises:
            TimeoutError: S3 did not take it all in time.
            Exception: whatever boto3 raises for an object that could not be written.
        """
        self._store.finish(
            self.prefix, self._document(), result, writes=self._frames.values(), deadline=self._store.deadline()
        )

    def leave_open(self) -> dict[str, Any]:
        """Returns when all frames are written, with what ``EventStore.complete_later`` needs.

        Raises:
            TimeoutError: S3 did not take them all in time.
            Exception: whatever boto3 raises for an object that could not be written.
        """
        _finish(self._frames.values(), self._store.deadline())
        return {"prefix": self.prefix, "document": self._document()}

    def _document(self) -> dict[str, Any]:
        """What is known of the event before its result."""
        document: dict[str, Any] = {
            "request_id": self._request_id,
            "client_request_id": self._request.client_request_id,
            "timestamp": self._request.timestamp,
            "camera_id": self._request.camera_id,
            "received": self._received.isoformat(),
            "frames": self._keys,
        }
        return document | ({"images": self._request.uris} if self._request.uris else {})

    def discard(self) -> None:
        """Takes back the frames of a request that failed.

        Raises:
            TimeoutError: S3 was not done in time; frames may be left.
            Exception: whatever boto3 raises for an object that could not be deleted.
        """
        deadline = self._store.deadline()
        begun = {key: write for key, write in self._frames.items() if not write.cancel()}
        # A write that failed may still have reached S3, so all that were begun are deleted, but none before its write.
        _, unfinished = wait(begun.values(), max(0.0, deadline - time.monotonic()))
        _finish([self._store.delete(key) for key, write in begun.items() if write not in unfinished], deadline)
        if unfinished:
            raise TimeoutError(f"{len(unfinished)} frames of a failed request were still being written")


def _finish(writes: Iterable[Future[Any]], deadline: float) -> None:
    """Waits for all, or for the first that fails; what has not begun by then is left."""
    done, unfinished = wait(writes, max(0.0, deadline - time.monotonic()), FIRST_EXCEPTION)
    for write in unfinished:
        write.cancel()
    for write in done:
        write.result()
    if unfinished:
        raise TimeoutError(f"S3 did not take {len(unfinished)} objects of the event in time")


def _key_in_table(prefix: str) -> str:
    """``results/dt=YYYY-MM-DD/camera=ID/REQUEST.json`` for an event's prefix: a table reads all that lies in a day."""
    return f"results/{prefix.removeprefix('events/').rstrip('/')}.json"


def camera_part(camera_id: str) -> str:
    """The camera's id with everything but letters, digits, ``_`` and ``-`` replaced, at most 64 characters."""
    return _NOT_IN_KEYS.sub("_", camera_id)[:_MAX_CAMERA_LENGTH] or "unknown"


def _request_part(request_id: str) -> str:
    """API Gateway's id, which is a UUID; for what cannot be part of a key one of our own."""
    return request_id if _REQUEST_ID.fullmatch(request_id) else str(uuid.uuid4())
