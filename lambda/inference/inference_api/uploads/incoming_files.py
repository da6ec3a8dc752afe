"""The files that cameras put under ``incoming/`` of the events bucket: read, and deleted when they are events.

A camera may overwrite a file at any time. So both name the content that the notification tells of: a newer one has a
notification of its own, and is neither read nor deleted for an older one's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from inference_api.frames import Frame
from inference_api.uploads.notifications import UploadedFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3's own codes, and the statuses that boto3 makes codes of where an answer has no body.
_GONE = frozenset({"NoSuchKey", "PreconditionFailed", "404", "412"})


class IncomingFiles:
    """The files of one bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, file: UploadedFile) -> Frame | None:
        """The file's content with the type that its uploader gave it; None when it is gone or was overwritten.

        Raises:
            Exception: whatever boto3 raises for an object that cannot be read now.
        """
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=file.key, IfMatch=f'"{file.etag}"')
        except ClientError as error:
            _raise_unless_gone(error)
            return None
        return Frame(answer["Body"].read(), answer.get("ContentType"))

    def delete(self, file: UploadedFile) -> None:
        """Deletes the file, unless it is gone or was overwritten.

        Raises:
            Exception: whatever boto3 raises for an object that cannot be deleted now.
        """
        try:
            self._client.delete_object(Bucket=self._bucket, Key=file.key, IfMatch=f'"{file.etag}"')
        except ClientError as error:
            _raise_unless_gone(error)


def _raise_unless_gone(error: ClientError) -> None:
    if error.response.get("Error", {}).get("Code") not in _GONE:
        raise error
