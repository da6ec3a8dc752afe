"""``Idempotency-Key``: a request that was stored is answered from its event, and not stored again.

One request at a time has a key, by an object ``idempotency/DIGEST`` that S3 writes for the first alone. The object
names the event, and the event's result.json says that all is stored: no second place has to agree with it.
https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from inference_api.errors import IdempotencyKeyReusedError, InvalidRequestError, RequestInProgressError
from inference_api.events import event_lines
from inference_api.events.write_once import BEING_WRITTEN, WRITTEN
from inference_api.messages import JSON, Inference, InferenceRequest
from inference_api.proxy import Request

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEADER = "Idempotency-Key"
_MOST_CHARACTERS = 255
# The draft's form is a string of RFC 8941, in quotes; clients of today send the characters alone.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
_BARE = re.compile(r"[!#-~]+")
_PATIENCE_SECONDS = 1.5  # as much as the function's 28 s have left beside the endpoint and the event
ABANDONED_SECONDS = 30  # the function ends at 28 s
# Without permission to list the bucket S3 answers 403 for an object that is not there.
_NOT_THERE = frozenset({"404", "403", "NoSuchKey", "AccessDenied"})


@dataclass(frozen=True)
class Claim:
    """A request's right to a key.

    Attributes:
        request_id: the id of the request.
        prefix: the key prefix of its event.
        content: a digest of its frames and options.
    """

    request_id: str
    prefix: str
    content: str


@dataclass(frozen=True)
class Claimed:
    """A claim, and the key of S3 that it has or wants."""

    name: str
    claim: Claim


@dataclass(frozen=True)
class Earlier:
    """An earlier request with the same key and content.

    Attributes:
        wanted: the claim of the request that repeats it.
        request_id: its own id.
        answer: its answer; None while its event is not whole.
        version: the version of the claim, for ``Claims.take_over``.
        is_abandoned: true when it must have ended, or told so, and will store nothing if its event is not whole.
    """

    wanted: Claimed
    request_id: str
    answer: Inference | None
    version: str
    is_abandoned: bool


def key_of(sent: Request) -> str | None:
    """The key of a request, without quotes; None without the header.

    Raises:
        InvalidRequestError: the header is no key.
    """
    value = sent.headers.get(HEADER.lower())
    if value is None:
        return None
    quoted = _QUOTED.fullmatch(value.strip())
    key = re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else value.strip()
    if len(key) > _MOST_CHARACTERS or not (quoted or _BARE.fullmatch(key)):
        raise InvalidRequestError(
            f"'{HEADER}' must be 1 to {_MOST_CHARACTERS} printable ASCII characters, in quotes where it has spaces; a "
            "UUID for each frame is a good one"
        )
    return key


def name_of(key: str, sent: Request, request: InferenceRequest) -> str:
    """The key of S3 for a client's key, which means the same caller and camera alone."""
    return f"idempotency/{_digest([sent.caller, request.camera_id, key])}"


def content_of(request: InferenceRequest) -> str:
    """A digest of the frames, options and types of a request; its time and its client's id may differ in a repeat."""
    frames = {
        role: [frame.content_type, hashlib.sha256(frame.body).hexdigest()] for role, frame in request.frames.items()
    }
    return _digest([frames, request.uris, dict(request.options), request.accept])


class Claims:
    """The claims in the events bucket. Each call waits for S3 with little patience: the endpoint has not begun yet."""

    def __init__(self, client: S3Client, bucket: str, threads: Executor) -> None:
        self._client = client
        self._bucket = bucket
        self._threads = threads

    def make(self, wanted: Claimed) -> Earlier | None:
        """Claim a key for a request.

        Returns:
            None when this request has the key now, else the earlier request.

        Raises:
            IdempotencyKeyReusedError: the earlier request had another content.
            RequestInProgressError: the earlier request begins or ends in this moment.
            TimeoutError: S3 did not answer in time.
            Exception: boto3's.
        """
        return self._threads.submit(self._make, wanted).result(_PATIENCE_SECONDS)

    def take_over(self, earlier: Earlier) -> None:
        """Claim a key whose request ended without storing anything.

        Raises:
            RequestInProgressError: that request may still run, or another repeat was first.
            TimeoutError: S3 did not answer in time.
            Exception: boto3's.
        """
        if not earlier.is_abandoned:
            raise in_progress()
        taking = self._threads.submit(self._put, earlier.wanted, IfMatch=earlier.version)
        if not taking.result(_PATIENCE_SECONDS):
            raise in_progress()

    def release(self, claimed: Claimed) -> None:
        """Give up a claim whose request stored nothing, so that a repeat may, unless a repeat took it over already.

        Raises:
            TimeoutError: S3 did not answer in time.
            Exception: boto3's.
        """
        self._threads.submit(self._release, claimed).result(_PATIENCE_SECONDS)

    def _make(self, wanted: Claimed) -> Earlier | None:
        if self._put(wanted, IfNoneMatch="*"):
            return None
        found = self._object(wanted.name)
        if found is None:  # released since
            raise in_progress()
        claim = Claim(**json.loads(found["Body"].read()))
        if claim.request_id == wanted.claim.request_id:  # boto3 repeated a write whose answer was lost
            return None
        if claim.content != wanted.claim.content:
            raise IdempotencyKeyReusedError(
                f"another frame, or other options, came with this {HEADER} before; send a new key with each frame"
            )
        age = datetime.now(UTC) - found["LastModified"]
        is_abandoned = age.total_seconds() > ABANDONED_SECONDS
        return Earlier(wanted, claim.request_id, self._answer(claim.prefix), found["ETag"], is_abandoned)

    def _release(self, claimed: Claimed) -> None:
        found = self._object(claimed.name)
        if found is not None and Claim(**json.loads(found["Body"].read())) == claimed.claim:
            self._client.delete_object(Bucket=self._bucket, Key=claimed.name)

    def _put(self, wanted: Claimed, **condition: str) -> bool:
        body = json.dumps(asdict(wanted.claim)).encode()
        written: Any = {"Bucket": self._bucket, "Key": wanted.name, "Body": body, "ContentType": JSON, **condition}
        try:
            self._client.put_object(**written)
        except ClientError as error:
            if _code(error) in WRITTEN | BEING_WRITTEN:
                return False
            raise
        return True

    def _answer(self, prefix: str) -> Inference | None:
        """The answer that an event holds; None while it is not whole."""
        found = self._object(f"{prefix}result.json")
        if found is None:
            return None
        event = json.loads(found["Body"].read())
        if "result_object" not in event:
            return event_lines.answer_in(event)
        answer = self._object(event["result_object"])
        return (
            None if answer is None else event_lines.answer_beside(event, answer["Body"].read(), answer["ContentType"])
        )

    def _object(self, key: str) -> Mapping[str, Any] | None:
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _code(error) in _NOT_THERE:
                return None
            raise


def in_progress() -> RequestInProgressError:
    """The error of a repeat that comes too soon."""
    return RequestInProgressError(f"a request with this {HEADER} is being answered; wait, then send it again")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
