"""An SQS message to the files that S3 says were uploaded."""

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

_KEY = re.compile(r"incoming/camera=([^/]+)/.+", re.DOTALL)
_MAX_ID_LENGTH = 256
_NAMESPACE = uuid.UUID("6f1f3f5c-6b0d-4f0e-9a58-5d7a4d5f2c11")  # ours, drawn at random once


@dataclass(frozen=True, kw_only=True)
class UploadedFile:
    """One upload of one file, as S3 tells of it.

    Attributes:
        key: where it lies in the bucket.
        etag: of its content, without quotation marks.
        size: of its content, in bytes.
        uploaded: when, in UTC.
        sequencer: tells uploads of the same key apart; empty where S3 gives none.
        record: what S3 said of it, word for word.
    """

    key: str
    etag: str
    size: int
    uploaded: datetime
    sequencer: str
    record: Mapping[str, Any]

    @property
    def camera_id(self) -> str:
        """The camera that the key names.

        Raises:
            InvalidRequestError: it names none.
        """
        named = _KEY.fullmatch(self.key)
        if named is None:
            raise InvalidRequestError("the file's key names no camera; upload it as incoming/camera=ID/NAME")
        return named[1][:_MAX_ID_LENGTH]

    @property
    def request_id(self) -> str:
        """The same for every notification of this upload, another one for the next upload: a repeat changes nothing."""
        return str(uuid.uuid5(_NAMESPACE, json.dumps([self.key, self.etag, self.sequencer])))

    @property
    def message(self) -> str:
        """A notification of this upload alone."""
        return json.dumps({"Records": [self.record]})


def read(message: str) -> list[UploadedFile]:
    """The uploads that a message tells of; none for S3's own test, and for folders, which are empty objects.

    Raises:
        InvalidRequestError: it is no notification of S3.
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
