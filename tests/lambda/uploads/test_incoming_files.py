from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from inference_api.messages import Frame
from inference_api.uploads.incoming_files import Absence, IncomingFiles
from inference_api.uploads.notifications import UploadedFile

KEY = "incoming/camera=7/a.jpg"


def _file(etag: str) -> UploadedFile:
    return UploadedFile(key=KEY, etag=etag, size=1, uploaded=datetime(2026, 3, 4, tzinfo=UTC), sequencer="", record={})


def test_a_file_is_read_and_deleted_while_it_is_the_one_told_of(bucket: Any) -> None:
    files = IncomingFiles(boto3.client("s3"), bucket.name)
    etag = bucket.put_object(Key=KEY, Body=b"a", ContentType="image/jpeg").e_tag.strip('"')
    assert files.read(_file("other")) is Absence.OVERWRITTEN
    files.delete(_file("other"))
    assert files.read(_file(etag)) == Frame(b"a", "image/jpeg")
    files.delete(_file(etag))
    assert files.read(_file(etag)) is Absence.GONE
    files.delete(_file(etag))
    assert list(bucket.objects.all()) == []


def test_a_denied_file_is_not_taken_for_gone() -> None:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    files = IncomingFiles(client, "bucket")
    with Stubber(client) as stub:
        stub.add_client_error("get_object", "AccessDenied", http_status_code=403)
        with pytest.raises(ClientError, match="AccessDenied"):
            files.read(_file("etag"))
        stub.add_client_error("delete_object", "SlowDown", http_status_code=503)
        with pytest.raises(ClientError, match="SlowDown"):
            files.delete(_file("etag"))
