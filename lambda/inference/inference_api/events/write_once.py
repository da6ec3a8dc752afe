"""Writing an object of S3 that stays as it is if it is there: a client and a notification may come at once.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WRITTEN = frozenset({"PreconditionFailed", "412"})
"""Codes of S3 for a condition that does not hold: the object is there, or is another."""
BEING_WRITTEN = frozenset({"ConditionalRequestConflict", "409"})
"""Codes of S3 for an object that another request writes in this moment."""

_ATTEMPTS = 3


def write_once(client: S3Client, bucket: str, key: str, body: bytes, content_type: str, **more: Any) -> None:
    """Write an object unless it is there, or others write it in this moment, again and again.

    Raises:
        Exception: boto3's.
    """
    written: Any = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": content_type, **more}
    for _ in range(_ATTEMPTS):
        try:
            client.put_object(**written, IfNoneMatch="*")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code in BEING_WRITTEN:
                continue
            if code not in WRITTEN:
                raise
        return
