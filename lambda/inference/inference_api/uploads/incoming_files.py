"""The files that cameras put under ``incoming/`` of the events bucket: read, and deleted once they are events.

A camera may overwrite a file at any time. Both calls therefore name the content by its ETag: newer content has a
notification of its own, and must not be read or deleted for an older one.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from inference_api.messages import Frame
from inference_api.uploads.notifications import UploadedFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Absence(enum.Enum):
    """The reason why there is no content to read."""

    GONE = "no file has this key"
    OVERWRITTEN = "the file has newer content"


# S3's codes, and the statuses that boto3 uses as codes where a response has no body.
_ABSENCES = {
    "NoSuchKey": Absence.GONE,
    "404": Absence.GONE,
    "PreconditionFailed": Absence.OVERWRITTEN,
    "412": Absence.OVERWRITTEN,
}


class IncomingFiles:
    """The files of one bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, file: UploadedFile) -> Frame | Absence:
        """Read a file with the type that its uploader declared.

        Raises:
            Exception: boto3's, for an object that cannot be read now.
        """
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=file.key, IfMatch=f'"{file.etag}"')
        except ClientError as error:
            return _absence(error)
        return Frame(answer["Body"].read(), answer.get("ContentType"))

    def delete(self, file: UploadedFile) -> None:
        """Delete a file, unless it is gone or was overwritten.

        Raises:
            Exception: boto3's, for an object that cannot be deleted now.
        """
        try:
            self._client.delete_object(Bucket=self._bucket, Key=file.key, IfMatch=f'"{file.etag}"')
        except ClientError as error:
            _absence(error)


def _absence(error: ClientError) -> Absence:
    """Return the absence that an error tells of, and raise every other error."""
    absence = _ABSENCES.get(error.response.get("Error", {}).get("Code", ""))
    if absence is None:
        raise error
    return absence
