"""Frames and results in S3: ``events/dt=YYYY-MM-DD/camera=ID/REQUEST/{frame.jpg,result.json}``.

The frames are written while the endpoint computes, the result once it has answered. Frames that a client named by S3
URIs are not copied; the result names their URIs. Failures raise: ``event_recording`` keeps them from a request.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inference_api import strict_json
from inference_api.idempotency import Claims
from inference_api.messages import JSON, Inference, InferenceRequest, camera_part, is_request_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PATIENCE_SECONDS = 4.0
"""Longest wait of an answer for its event once the endpoint has answered; S3 takes tens of milliseconds."""

_WRITERS = 8  # boto3 keeps up to 10 connections open


class EventStore:
    """The events bucket, and the threads that write to it; both are kept between invocations.

    Attributes:
        claims: the claims of Idempotency-Keys.
    """

    def __init__(
        self, client: S3Client, bucket: str, *, queryable: bool = False, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Start the threads' pool.

        Args:
            client: boto3's client of S3.
            bucket: the name of the events bucket.
            queryable: true when each result is also written to the prefix of the table of events.
            patience_seconds: longest wait of an answer for its event.
        """
        self._queryable = queryable
        self._client = client
        self._bucket = bucket
        self._patience = patience_seconds
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="event-store")
        self.claims = Claims(client, bucket, self._writers)

    def begin(self, request: InferenceRequest, *, request_id: str, received: datetime) -> Event:
        """Begin to write the frames, and return at once.

        Args:
            request: the frames and the camera's words.
            request_id: unique id of this request, given by API Gateway; it names the event.
            received: the time of the request, in UTC.
        """
        return Event(self, request, request_id=request_id, received=received)

    def complete_later(self, event: Mapping[str, Any], result: Inference) -> str:
        """Write the result of an event that was left open; a repeat writes the same.

        Returns:
            The event's key prefix, with a trailing slash.

        Raises:
            TimeoutError: S3 did not take it in time.
            Exception: boto3's, for an object that was not written.
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
        """Write a result after all else of its event, so that a result.json means a whole event."""
        begun = list(writes)
        line = _line(document, result)
        if line is None:
            named = f"{prefix}answer"
            begun.append(self.put(named, result.body, _type_of_answer(result)))
            line = strict_json.written({**document, "result": None, "result_object": named})
        _finish(begun, deadline)
        keys = [f"{prefix}result.json", *([_key_in_table(prefix)] if self._queryable else [])]
        _finish([self.put(key, line.encode(), JSON) for key in keys], deadline)

    def put(self, key: str, body: bytes, content_type: str) -> Future[Any]:
        """Begin to write an object; boto3 retries by itself."""
        return self._writers.submit(
            self._client.put_object, Bucket=self._bucket, Key=key, Body=body, ContentType=content_type
        )

    def delete(self, key: str) -> Future[Any]:
        """Begin to delete an object, which need not exist."""
        return self._writers.submit(self._client.delete_object, Bucket=self._bucket, Key=key)

    def deadline(self) -> float:
        """The end of the wait for an answer that is ready now, in seconds of ``time.monotonic``."""
        return time.monotonic() + self._patience


class Event:
    """An event being written. Call one of ``complete``, ``leave_open`` and ``discard``, once.

    Attributes:
        prefix: its key prefix, with a trailing slash.
    """

    def __init__(self, store: EventStore, request: InferenceRequest, *, request_id: str, received: datetime) -> None:
        self._store = store
        self._request = request
        self._request_id = request_id
        self._received = received
        self.prefix = event_prefix(request, request_id=request_id, received=received)
        self._keys = {role: f"{self.prefix}{role}.{frame.extension}" for role, frame in request.frames.items()}
        self._frames = {
            self._keys[role]: store.put(self._keys[role], frame.body, frame.content_type)
            for role, frame in request.frames.items()
        }

    def complete(self, result: Inference) -> None:
        """Wait for the frames, then write the result.

        Args:
            result: the container's answer; if it is not JSON, it becomes an object of its own, which the event names.

        Raises:
            TimeoutError: S3 did not take it all in time.
            Exception: boto3's, for an object that was not written.
        """
        self._store.finish(
            self.prefix, self._document(), result, writes=self._frames.values(), deadline=self._store.deadline()
        )

    def leave_open(self) -> dict[str, Any]:
        """Wait for the frames, and return the state for ``EventStore.complete_later``.

        Raises:
            TimeoutError: S3 did not take them all in time.
            Exception: boto3's, for an object that was not written.
        """
        _finish(self._frames.values(), self._store.deadline())
        return {"prefix": self.prefix, "document": self._document()}

    def _document(self) -> dict[str, Any]:
        """The event without its result."""
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
        """Delete the frames of a request that failed.

        Raises:
            TimeoutError: S3 was not done in time; frames may be left.
            Exception: boto3's, for an object that was not deleted.
        """
        deadline = self._store.deadline()
        begun = {key: write for key, write in self._frames.items() if not write.cancel()}
        # A failed write may have reached S3, so every write that began is undone, and none before it ended.
        _, unfinished = wait(begun.values(), max(0.0, deadline - time.monotonic()))
        _finish([self._store.delete(key) for key, write in begun.items() if write not in unfinished], deadline)
        if unfinished:
            raise TimeoutError(f"{len(unfinished)} frames of a failed request were still being written")


def event_prefix(request: InferenceRequest, *, request_id: str, received: datetime) -> str:
    """The key prefix of a request's event, with a trailing slash."""
    return f"events/dt={received:%Y-%m-%d}/camera={camera_part(request.camera_id)}/{_request_part(request_id)}/"


def _finish(writes: Iterable[Future[Any]], deadline: float) -> None:
    """Wait for all writes or the first failure, and cancel those that have not begun."""
    done, unfinished = wait(writes, max(0.0, deadline - time.monotonic()), FIRST_EXCEPTION)
    for write in unfinished:
        write.cancel()
    for write in done:
        write.result()
    if unfinished:
        raise TimeoutError(f"S3 did not take {len(unfinished)} objects of the event in time")


def _line(document: Mapping[str, Any], result: Inference) -> str | None:
    """The event with its result as one line of JSON; None for an answer that is not JSON, whatever it says it is."""
    if not result.is_json:
        return None
    try:
        return strict_json.written({**document, "result": result.document})
    except (ValueError, RecursionError):
        return None


def _type_of_answer(result: Inference) -> str:
    """The type of an answer that is an object of its own; plain text for one that says it is JSON and is not."""
    return "text/plain; charset=utf-8" if result.is_json else result.content_type


def _key_in_table(prefix: str) -> str:
    """``results/dt=YYYY-MM-DD/camera=ID/REQUEST.json`` for an event's prefix: the table reads whole days."""
    return f"results/{prefix.removeprefix('events/').rstrip('/')}.json"


def _request_part(request_id: str) -> str:
    """API Gateway's id, which is a UUID; a random UUID in place of an id that cannot be part of a key."""
    return request_id if is_request_id(request_id) else str(uuid.uuid4())
