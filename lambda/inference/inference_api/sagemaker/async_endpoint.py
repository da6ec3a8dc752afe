"""An asynchronous SageMaker endpoint: requests and answers pass through S3, with SageMaker's queue between them.

``async/input/ID`` is the body sent. ``async/pending/ID`` names the keys of an answer that is fetched later. SageMaker
writes under ``async/output`` and ``async/failure``.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from inference_api.errors import ApiError, EndpointUnavailableError, NothingToFetchError
from inference_api.messages import JSON, Inference, InferenceRequest, Pending, is_request_id
from inference_api.sagemaker.endpoint import custom_attributes
from inference_api.sagemaker.payloads import Payload
from inference_api.sagemaker.payloads import payload as as_images
from inference_api.sagemaker.refusals import translated_failure
from inference_api.sagemaker.service_errors import translated_service_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

PATIENCE_SECONDS = 16.0
"""Wait for an answer. The function times out at 28 s, which leaves time for a last look (two calls of at most 2.5 s),
the note of the pending answer (one such call), and the event store's patience of 4 s.
"""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _GROWTH = 0.05, 1.0, 1.5
_NOT_THERE = frozenset({"404", "NoSuchKey"})
# "Received client error (415) from primary with message "ONLY JPEG". See https://... for more information."
_NOTE = re.compile(r'\((?P<status>\d{3})\)(?:.*?with message "(?P<said>.*?)"(?:\. See |\.?$))?', re.DOTALL)
# By the container's codes: SageMaker's note of a failure may leave the status out.
STATUSES = {
    "InvalidRequest": 400,
    "InvalidImage": 400,
    "ObjectDenied": 403,
    "ObjectNotFound": 404,
    "PayloadTooLarge": 413,
    "UnsupportedMediaType": 415,
    "ModelFailed": 502,
    "ModelNotReady": 503,
    "ObjectStoreUnavailable": 503,
    "Overloaded": 503,
}


class _UnreadableError(EndpointUnavailableError):
    """S3 failed to deliver an object; the next attempt may succeed."""


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

    def infer(self, request: InferenceRequest, request_id: str) -> Inference | Pending:
        """Queue the frames, and wait a while for the answer unless the client asked not to.

        Args:
            request: the frames and options, as for a real-time endpoint.
            request_id: this request's id, at most 64 characters.

        Raises:
            ApiError: the container refused or failed, or the queue does not take the request.
        """
        deadline = time.monotonic() + (0 if request.respond_async else self._patience)
        body, content_type = self._payload(request)
        key = f"async/input/{request_id}"
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)
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
        pending = Pending(request_id, _key(answer["OutputLocation"]), _key(answer["FailureLocation"]))
        return self._wait(pending, deadline)

    def remember(self, pending: Pending) -> None:
        """Note the keys of the answer to come, for ``collect``.

        Raises:
            EndpointUnavailableError: S3 does not take it.
        """
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=f"async/pending/{pending.request_id}",
                Body=json.dumps(asdict(pending)).encode(),
                ContentType=JSON,
            )
        except ClientError as error:
            raise translated_service_error(error, subject="the store of waiting requests") from error
        except BotoCoreError as error:
            raise EndpointUnavailableError("the request cannot be kept for later; try again shortly") from error

    def collect(self, request_id: str) -> tuple[Pending, Inference | None]:
        """Look up a pending request, and its answer once there is one.

        Raises:
            NothingToFetchError: no such request is or was waiting.
            ApiError: the container refused or failed.
        """
        found = self._read(f"async/pending/{request_id}") if is_request_id(request_id) else None
        if found is None:
            raise NothingToFetchError("there is no such request, or its answer has expired; send the frame again")
        pending = Pending(**json.loads(found.body))
        return pending, self._answer(pending)

    def _wait(self, pending: Pending, deadline: float) -> Inference | Pending:
        pause = _FIRST_PAUSE_SECONDS
        while time.monotonic() + pause < deadline:
            time.sleep(pause)
            # S3 failing once does not mean that the answer failed.
            with contextlib.suppress(_UnreadableError):
                answer = self._answer(pending)
                if answer is not None:
                    return answer
            pause = min(pause * _GROWTH, _LONGEST_PAUSE_SECONDS)
        return pending

    def _answer(self, pending: Pending) -> Inference | None:
        answer = self._read(pending.output)
        if answer is not None:
            return answer
        failure = self._read(pending.failure)
        if failure is not None:
            raise _failure(failure.body.decode(errors="replace"))
        return None

    def _read(self, key: str) -> Inference | None:
        """An object with its type; None where there is none."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            return _typed(answer["Body"].read(), answer.get("ContentType", ""))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _NOT_THERE:
                return None
            raise _UnreadableError("the answer cannot be read from S3; try again shortly") from error
        except BotoCoreError as error:
            raise _UnreadableError("the answer cannot be read from S3; try again shortly") from error


def prefers_async(headers: Mapping[str, str]) -> bool:
    """True when a client asks not to wait (``Prefer: respond-async``, RFC 7240); header names are in lower case."""
    preferences = (part.split(";")[0].strip().lower() for part in headers.get("prefer", "").split(","))
    return "respond-async" in preferences


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


def _failure(text: str) -> ApiError:
    """The container's own error, found anywhere in SageMaker's note of a failure.

    The note is the container's answer alone, or a sentence with status and answer in it.
    """
    start = text.find('{"error"')
    note = _NOTE.search(text[:start] if start >= 0 else text)
    said = _json_at(text, start) if start >= 0 else note["said"] or "" if note else text
    status = int(note["status"]) if note else STATUSES.get(_code(said), 500)
    return translated_failure(status, said)


def _json_at(text: str, start: int) -> str:
    """The JSON object that begins there, without what follows it."""
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        return ""
    return text[start:end]


def _code(said: str) -> str:
    """The code of an error in the shape of all errors; empty for other answers."""
    try:
        error = json.loads(said)["error"]
        return str(error["code"])
    except (ValueError, LookupError, TypeError):
        return ""
