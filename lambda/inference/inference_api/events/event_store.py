"""Frames and results in S3: ``events/dt=YYYY-MM-DD/camera=ID/REQUEST/{frame.jpg,result.json}``.

The frames are written while the endpoint computes, the result once it has answered. Frames that a client named by S3
URIs are not copied; the result names their URIs. Failures raise: ``event_recording`` keeps them from a request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import TYPE_CHECKING, Any

from inference_api import strict_json
from inference_api.errors import ApiError
from inference_api.events import event_lines
from inference_api.events.event_keys import event_prefix, key_in_table, tags_of
from inference_api.events.idempotency import Claims
from inference_api.events.write_once import write_once
from inference_api.messages import JSON, Inference, InferenceRequest

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

    def holds(self, *, camera_id: str, request_id: str, received: datetime) -> bool:
        """True when the event is whole; listing needs no permission to read events.

        Raises:
            Exception: boto3's, when the bucket cannot be listed now.
        """
        return self.is_whole(event_prefix(camera_id, request_id, received))

    def is_whole(self, prefix: str) -> bool:
        """True when the event with this key prefix is whole.

        Raises:
            Exception: boto3's, when the bucket cannot be listed now.
        """
        found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=f"{prefix}result.json", MaxKeys=1)
        return found["KeyCount"] > 0

    def complete_later(self, event: Mapping[str, Any], result: Inference) -> str:
        """Write the result of an event that was left open, unless it is there already.

        Returns:
            The event's key prefix, with a trailing slash.

        Raises:
            TimeoutError: S3 did not take it in time.
            Exception: boto3's, for an object that was not written.
        """
        prefix: str = event["prefix"]
        self.finish(prefix, event["document"], result, writes=[], deadline=self.deadline(), put=self._put_once)
        return prefix

    def fail_later(self, event: Mapping[str, Any], error: ApiError) -> str:
        """Write the failure of an event that was left open beside its frames, unless it is there already.

        Returns:
            The event's key prefix, with a trailing slash.

        Raises:
            TimeoutError: S3 did not take it in time.
            Exception: boto3's, for an object that was not written.
        """
        prefix: str = event["prefix"]
        told = {"status": error.status, "code": error.code, "message": str(error)}
        line = strict_json.written({**event["document"], "error": told})
        put = self._put_once(f"{prefix}error.json", line.encode(), JSON, **tags_of(event["document"]))
        _finish([put], self.deadline())
        return prefix

    def discard_later(self, event: Mapping[str, Any]) -> None:
        """Delete the frames of an event that was left open and is not kept.

        Raises:
            TimeoutError: S3 was not done in time; frames may be left.
            Exception: boto3's, for an object that was not deleted.
        """
        _finish([self.delete(key) for key in event["document"]["frames"].values()], self.deadline())

    def finish(
        self,
        prefix: str,
        document: Mapping[str, Any],
        result: Inference,
        *,
        writes: Iterable[Future[Any]],
        deadline: float,
        put: Callable[..., Future[Any]] | None = None,
    ) -> None:
        """Write a result after all else of its event, so that a result.json means a whole event.

        With ``put``, for what may be repeated after a stop, the table's line comes before it too.
        """
        begun = list(writes)
        tags = tags_of(document)
        line = event_lines.line(document, result)
        if line is None:
            named = f"{prefix}answer"
            begun.append(self.put(named, result.body, event_lines.type_of_object(result), **tags))
            line = event_lines.line_with_object(document, result, named=named)
        _finish(begun, deadline)
        keys = [*([key_in_table(prefix)] if self._queryable else []), f"{prefix}result.json"]
        if put is None:
            _finish([self.put(key, line.encode(), JSON, **tags) for key in keys], deadline)
            return
        for key in keys:
            _finish([put(key, line.encode(), JSON, **tags)], deadline)

    def put(self, key: str, body: bytes, content_type: str, **tags: Any) -> Future[Any]:
        """Begin to write an object; boto3 retries by itself."""
        return self._writers.submit(
            self._client.put_object, Bucket=self._bucket, Key=key, Body=body, ContentType=content_type, **tags
        )

    def _put_once(self, key: str, body: bytes, content_type: str, **tags: Any) -> Future[Any]:
        """Begin to write an object that stays as it is if it is there."""
        return self._writers.submit(write_once, self._client, self._bucket, key, body, content_type, **tags)

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
        self.prefix = event_prefix(request.camera_id, request_id, received)
        self._keys = {role: f"{self.prefix}{role}.{frame.extension}" for role, frame in request.frames.items()}
        tags = tags_of(request.notes)
        self._frames = {
            self._keys[role]: store.put(self._keys[role], frame.body, frame.media_type, **tags)
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
        return document | ({"images": self._request.uris} if self._request.uris else {}) | dict(self._request.notes)

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


def _finish(writes: Iterable[Future[Any]], deadline: float) -> None:
    """Wait for all writes or the first failure, and cancel those that have not begun."""
    done, unfinished = wait(writes, max(0.0, deadline - time.monotonic()), FIRST_EXCEPTION)
    for write in unfinished:
        write.cancel()
    for write in done:
        write.result()
    if unfinished:
        raise TimeoutError(f"S3 did not take {len(unfinished)} objects of the event in time")
