"""An asynchronous SageMaker endpoint: requests and answers pass through S3, with SageMaker's queue between them.

``async/input/ID`` is the body sent. ``async/pending/ID`` is the note of an answer that comes later: its keys, and the
event to complete with it. SageMaker writes under ``async/output`` and ``async/failure``, then notifies ``completion``,
which leaves SageMaker's own reason of a failure at ``async/failure/ID``.
"""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from inference_api.errors import ApiError, EndpointUnavailableError
from inference_api.messages import JSON, Inference, InferenceRequest, Pending, is_request_id
from inference_api.sagemaker.endpoint import custom_attributes
from inference_api.sagemaker.failure_notes import failure_of
from inference_api.sagemaker.payloads import Payload
from inference_api.sagemaker.payloads import payload as as_images
from inference_api.sagemaker.service_errors import translated_service_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

PATIENCE_SECONDS = 16.0
"""Wait for an answer. The function times out at 28 s: there is time for a last look, two calls of at most 2.5 s."""

_BEFORE_NOTE = 0.6
"""Part of the patience after which the answer to come is noted: the rest leaves time for the note (a call of at most
2.5 s), for the event store's patience of 4 s before it, and for the looks after it.
"""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _GROWTH = 0.05, 1.0, 1.5
_NOT_THERE = frozenset({"404", "NoSuchKey"})


class AsyncEndpoint:
    """One asynchronous endpoint, and the bucket that its requests pass through."""

    def __init__(
        self,
        client: SageMakerRuntimeClient,
        s3: S3Client,
        *,
        name: str,
        bucket: str,
        payload: Payload = as_images,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._client = client
        self._payload = payload
        self._s3 = s3
        self._name = name
        self._bucket = bucket
        self._patience = patience_seconds

    def infer(
        self,
        request: InferenceRequest,
        request_id: str,
        *,
        leave_open: Callable[[], Mapping[str, Any] | None] = lambda: None,
    ) -> Inference | Pending:
        """Queue the frames, and wait a while for the answer unless the client asked not to.

        An answer that takes longer is noted while there is still time, and looked for once more after that:
        SageMaker's notification finds the note, or came before it, and then the answer is there.

        Args:
            request: the frames and options, as for a real-time endpoint.
            request_id: this request's id, at most 64 characters.
            leave_open: waits for the event's frames and returns the event's state, for the note.

        Raises:
            ApiError: the container refused or failed, or the queue does not take the request.
        """
        patience = 0 if request.respond_async else self._patience
        began = time.monotonic()
        pending = self._queued(request, request_id)
        answer = self._wait(pending, began + patience * _BEFORE_NOTE)
        if answer is not None:
            return answer
        pending = replace(pending, event=leave_open())
        self._note(pending)
        return self._look(pending) or self._wait(pending, began + patience) or pending

    def pending(self, request_id: str) -> Pending | None:
        """The note of a request whose client was told to come back; None where there is none."""
        found = self._read(f"async/pending/{request_id}") if is_request_id(request_id) else None
        return None if found is None else Pending(**json.loads(found.body))

    def outcome(self, pending: Pending) -> Inference | ApiError | None:
        """The answer, or the failure that the container or SageMaker told; None where there is neither yet.

        Raises:
            EndpointUnavailableError: S3 does not deliver it.
        """
        answer = self._read(pending.output)
        if answer is not None:
            return answer
        failure = self._read(pending.failure) or self._read(_reason_key(pending.request_id))
        return None if failure is None else failure_of(failure.body.decode(errors="replace"))

    def note_failure(self, request_id: str, reason: str) -> None:
        """Write SageMaker's reason, which is told where the container told none; the note need not be there yet.

        Raises:
            EndpointUnavailableError: S3 does not take it.
        """
        self._put(_reason_key(request_id), reason.encode(), "text/plain; charset=utf-8")

    def _queued(self, request: InferenceRequest, request_id: str) -> Pending:
        body, content_type = self._payload(request)
        key = f"async/input/{request_id}"
        self._put(key, body, content_type)
        try:
            answer = self._client.invoke_endpoint_async(
                EndpointName=self._name,
                InputLocation=f"s3://{self._bucket}/{key}",
                ContentType=content_type,
                Accept=request.accept,
                InferenceId=request_id,
                CustomAttributes=custom_attributes(request),
            )
        except ClientError as error:
            raise translated_service_error(error, subject="the endpoint's queue") from error
        except BotoCoreError as error:
            raise EndpointUnavailableError(
                "the endpoint's queue does not take the request; try again shortly"
            ) from error
        output, failure = _key(answer["OutputLocation"]), _key(answer["FailureLocation"])
        return Pending(request_id, output, failure, terms=request.terms)

    def _note(self, pending: Pending) -> None:
        self._put(f"async/pending/{pending.request_id}", json.dumps(asdict(pending)).encode(), JSON)

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)
        except ClientError as error:
            raise translated_service_error(error, subject="the store of waiting requests") from error
        except BotoCoreError as error:
            raise EndpointUnavailableError("the request cannot be kept for later; try again shortly") from error

    def _wait(self, pending: Pending, deadline: float) -> Inference | None:
        pause = _FIRST_PAUSE_SECONDS
        while time.monotonic() + pause < deadline:
            time.sleep(pause)
            answer = self._look(pending)
            if answer is not None:
                return answer
            pause = min(pause * _GROWTH, _LONGEST_PAUSE_SECONDS)
        return None

    def _look(self, pending: Pending) -> Inference | None:
        """The answer, if it is there. S3 failing once does not mean that the answer failed.

        Raises:
            ApiError: the container refused or failed.
        """
        try:
            outcome = self.outcome(pending)
        except EndpointUnavailableError:
            return None
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    def _read(self, key: str) -> Inference | None:
        """An object with its type; None where there is none."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            return _typed(answer["Body"].read(), answer.get("ContentType", ""))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _NOT_THERE:
                return None
            raise translated_service_error(error, subject="the store of answers") from error
        except BotoCoreError as error:
            raise EndpointUnavailableError("the answer cannot be read from S3; try again shortly") from error


def prefers_async(headers: Mapping[str, str]) -> bool:
    """True when a client asks not to wait (``Prefer: respond-async``, RFC 7240); header names are in lower case."""
    preferences = (part.split(";")[0].strip().lower() for part in headers.get("prefer", "").split(","))
    return "respond-async" in preferences


def _reason_key(request_id: str) -> str:
    return f"async/failure/{request_id}"


def _key(location: str) -> str:
    """The key of an S3 URI."""
    return urllib.parse.urlsplit(location).path.lstrip("/")


def _typed(body: bytes, content_type: str) -> Inference:
    """The answer with its type; where S3 has none, JSON if it parses as JSON."""
    if content_type and content_type != "binary/octet-stream":
        return Inference.of_container(body, content_type)
    try:
        json.loads(body)
    except ValueError:
        return Inference(body, "application/octet-stream")
    return Inference.of_container(body, JSON)
