"""Parse an SQS message into the uploads that S3 notifies of."""

from __future__ import annotations

import json
import re
import urllib.parse
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inference_api.errors import InvalidRequestError
from inference_api.messages import short_word

_KEY = re.compile(r"incoming/camera=([^/]+)/.+", re.DOTALL)
_NAMESPACE = uuid.UUID("6f1f3f5c-6b0d-4f0e-9a58-5d7a4d5f2c11")  # drawn at random for this service


@dataclass(frozen=True, kw_only=True)
class UploadedFile:
    """One upload of one file, from S3's notification.

    Attributes:
        key: the object's key.
        etag: the content's ETag, without quotation marks.
        size: the content's size in bytes.
        uploaded: the time of the upload, in UTC.
        sequencer: S3's order of uploads of the same key; empty where S3 gives none.
        record: the unchanged record of the notification.
    """

    key: str
    etag: str
    size: int
    uploaded: datetime
    sequencer: str
    record: Mapping[str, Any]

    @property
    def camera_id(self) -> str:
        """The camera named by the key.

        Raises:
            InvalidRequestError: the key names no camera.
        """
        named = _KEY.fullmatch(self.key)
        if named is None:
            raise InvalidRequestError("the file's key names no camera; upload it as incoming/camera=ID/NAME")
        return short_word(named[1])

    @property
    def request_id(self) -> str:
        """An id that is the same for repeated notifications of one upload, so that a repeat writes the same event."""
        return str(uuid.uuid5(_NAMESPACE, json.dumps([self.key, self.etag, self.sequencer])))

    @property
    def message(self) -> str:
        """A notification of this upload alone."""
        return json.dumps({"Records": [self.record]})


def read(message: str) -> list[UploadedFile]:
    """Parse a message; S3's test event and folders (empty objects) yield no upload.

    Raises:
        InvalidRequestError: it is not a notification of S3.
    """
    try:
        document = json.loads(message)
        if document.get("Event") == "s3:TestEvent":
            return []
        files = [_file(record) for record in document["Records"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidRequestError("the message is no notification of S3; send what S3 sends of an upload") from error
    return [file for file in files if not file.key.endswith("/")]


def _file(record: Mapping[str, Any]) -> UploadedFile:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    described = record["s3"]["object"]
    return UploadedFile(
        key=urllib.parse.unquote_plus(described["key"]),
        etag=described["eTag"],
        size=int(described["size"]),
        uploaded=datetime.fromisoformat(record["eventTime"]),
        sequencer=described.get("sequencer", ""),
        record=record,
    )
