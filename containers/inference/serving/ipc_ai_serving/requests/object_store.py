"""Fetch S3 objects: streamed, within limits, several at a time, and only those that the endpoint's role may read.

Access depends on the role alone: the container holds no other credentials and grants nothing itself.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, EndpointProviderError, ParamValidationError
from botocore.exceptions import ClientError as RefusalOfS3

from ipc_ai_serving.errors import (
    ClientError,
    ObjectDeniedError,
    ObjectNotFoundError,
    ObjectStoreUnavailableError,
    PayloadTooLargeError,
    ServingError,
)
from ipc_ai_serving.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

# Rules for bucket names and keys: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_URI = re.compile(r"s3://([a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9])/(.+)", re.DOTALL)
_MAX_KEY_BYTES = 1024
_CHUNK_BYTES = 256 * 1024
_PARALLEL = 8
_LARGEST_OBJECTS_TOGETHER = 4
# SageMaker gives a request 60 s, and the API's function waits 20 s for it. Fetching must leave time for predicting.
_SECONDS = 12
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=32,
)
# Refusals with a status of 4xx that a later request does not meet: the role's credentials are about to be renewed, or
# S3 waited too long.
_PASSING = frozenset({"ExpiredToken", "InvalidToken", "RequestTimeout", "RequestTimeTooSkewed"})


@dataclass(frozen=True)
class ObjectUri:
    """``s3://BUCKET/KEY``. The key is taken letter by letter, without decoding."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> ObjectUri:
        """Read a URI.

        Raises:
            ClientError: the text is no S3 URI.
        """
        match = _URI.fullmatch(text)
        if match is None or not 1 <= len(match[2].encode(errors="replace")) <= _MAX_KEY_BYTES or not _is_unicode(text):
            raise ClientError(f"{text[:80]!a} is not an S3 URI; write s3://BUCKET/KEY")
        return cls(match[1], match[2])

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class ObjectStore:
    """Objects of S3 that the endpoint's role may read."""

    def __init__(self, client: S3Client, *, max_object_bytes: int, seconds: float = _SECONDS) -> None:
        self._client = client
        self._max_object_bytes = max_object_bytes
        self._seconds = seconds

    def fetch(self, uris: Sequence[str]) -> list[bytes]:
        """Fetch the contents of objects, in the order of their URIs.

        Raises:
            ClientError: a text that is no S3 URI, or an object that S3 refuses to deliver.
            ObjectNotFoundError: no such bucket or object.
            ObjectDeniedError: the role may not read the object.
            PayloadTooLargeError: an object over the limit, or all of them over four times the limit.
            ObjectStoreUnavailableError: S3 cannot be reached, or did not deliver in time.
        """
        objects = [ObjectUri.parse(uri) for uri in uris]
        transfer = _Transfer(self._max_object_bytes)
        pool = ThreadPoolExecutor(_PARALLEL, thread_name_prefix="s3")
        try:
            fetching = [pool.submit(self._fetch_one, wanted, transfer) for wanted in objects]
            ended, late = wait(fetching, timeout=self._seconds, return_when=FIRST_EXCEPTION)
            for future in fetching:
                if future in ended and (error := future.exception()) is not None:
                    raise error
            if late:
                raise ObjectStoreUnavailableError(
                    f"S3 did not deliver the objects within {self._seconds:g} s; send the request again shortly"
                )
            return [future.result() for future in fetching]
        finally:
            # Transfers still under way end by themselves with their next chunk.
            transfer.stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _fetch_one(self, wanted: ObjectUri, transfer: _Transfer) -> bytes:
        try:
            answer = self._client.get_object(Bucket=wanted.bucket, Key=wanted.key)
            with contextlib.closing(answer["Body"]) as stream:
                transfer.check_object(wanted, answer["ContentLength"])
                content = bytearray()
                for chunk in stream.iter_chunks(_CHUNK_BYTES):
                    content += chunk
                    transfer.check_object(wanted, len(content))
                    transfer.count(len(chunk))
                    if transfer.stopped.is_set():
                        break
                return bytes(content)
        except RefusalOfS3 as error:
            raise _translated(wanted, error) from error
        except (ParamValidationError, EndpointProviderError) as error:
            raise ClientError(f"{wanted} cannot be asked for; check bucket and key") from error
        except BotoCoreError as error:
            logger.warning("S3 cannot be reached: %s", error)
            raise ObjectStoreUnavailableError("S3 cannot be reached; send the request again shortly") from error


class _Transfer:
    """Limits and progress of one request's objects, shared by the threads that fetch them.

    Attributes:
        stopped: set when the request no longer waits for the rest.
    """

    def __init__(self, max_object_bytes: int) -> None:
        self.stopped = threading.Event()
        self._max_object_bytes = max_object_bytes
        self._max_bytes = _LARGEST_OBJECTS_TOGETHER * max_object_bytes
        self._bytes = 0
        self._lock = threading.Lock()

    def check_object(self, wanted: ObjectUri, size: int) -> None:
        if size > self._max_object_bytes:
            raise PayloadTooLargeError(
                f"{wanted} is too large; an object may have at most {self._max_object_bytes} bytes"
            )

    def count(self, size: int) -> None:
        with self._lock:
            self._bytes += size
            if self._bytes > self._max_bytes:
                raise PayloadTooLargeError(
                    f"the objects are too large; those of one request may have at most {self._max_bytes} bytes together"
                )


@functools.cache
def object_store() -> ObjectStore:
    """The store of the environment, one a process so that connections are kept between requests."""
    # A session of its own: the default one may not be used by several threads at once.
    client = boto3.session.Session().client("s3", config=_CONFIG)
    return ObjectStore(client, max_object_bytes=settings().max_object_bytes)


def _translated(wanted: ObjectUri, error: RefusalOfS3) -> ServingError:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if status >= 500 or code in _PASSING:
        logger.warning("S3 refused an object: %s", error)
        return ObjectStoreUnavailableError(f"S3 cannot deliver {wanted} now ({code}); send the request again shortly")
    kind, sentence = _REFUSALS.get(status, (ClientError, "S3 does not deliver {0} ({1}); check bucket and key"))
    return kind(sentence.format(wanted, code))


def _is_unicode(text: str) -> bool:
    """Tell if a text can be sent, because JSON may hold half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_REFUSALS: dict[int, tuple[type[ClientError], str]] = {
    # Without s3:ListBucket S3 answers 403 for a missing object as for a forbidden one.
    403: (
        ObjectDeniedError,
        "{0} is not there, or the endpoint's role may not read it ({1}); check the key, and the bucket that the stack "
        "lets the endpoint read",
    ),
    404: (ObjectNotFoundError, "{0} is not there ({1}); check bucket and key"),
}
