from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_api.errors import InvalidRequestError
from inference_api.uploads.notifications import UploadedFile, read


def _record(key: str = "incoming/camera=7/a.jpg", **described: Any) -> dict[str, Any]:
    """The record of AWS's example, without the fields that are not read."""
    return {
        "eventVersion": "2.2",
        "eventSource": "aws:s3",
        "eventTime": "2026-03-04T23:59:58.123Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": "events", "arn": "arn:aws:s3:::events"},
            "object": {"key": key, "size": 12, "eTag": "d41d8cd9", "sequencer": "0055AED6DCD90281E5", **described},
        },
    }


def _one(**described: Any) -> UploadedFile:
    (file,) = read(json.dumps({"Records": [_record(**described)]}))
    return file


def test_a_notification_is_one_upload() -> None:
    file = _one()
    assert (file.key, file.camera_id, file.etag, file.size) == ("incoming/camera=7/a.jpg", "7", "d41d8cd9", 12)
    assert file.uploaded == datetime(2026, 3, 4, 23, 59, 58, 123000, tzinfo=UTC)
    assert read(file.message) == [file]


@pytest.mark.parametrize(
    ("key", "camera_id"),
    [
        ("incoming/camera%3Dgate+1/2026/11/21/a%2Bb.jpg", "gate 1"),
        ("incoming/camera=%E5%89%8D%E9%97%A8/a.jpg", "前门"),
        ("incoming/camera=%F0%9F%93%B7/a.jpg", "📷"),
        ("incoming/camera=../../a.jpg", ".."),
        ("incoming/camera=a=b/a.jpg", "a=b"),
        (f"incoming/camera={'x' * 900}/a.jpg", "x" * 256),
        ("incoming/camera=7/line%0Abreak.jpg", "7"),
    ],
)
def test_the_key_names_the_camera(key: str, camera_id: str) -> None:
    assert _one(key=key).camera_id == camera_id


@pytest.mark.parametrize(
    "key", ["incoming/a.jpg", "incoming/camera=/a.jpg", "incoming/camera=7", "incoming/x/camera=7/a.jpg", "a.jpg"]
)
def test_a_key_without_a_camera_is_refused_with_what_to_do(key: str) -> None:
    with pytest.raises(InvalidRequestError, match="upload it as incoming/camera=ID/NAME"):
        _ = _one(key=key).camera_id


def test_a_repeat_has_the_same_request_id_and_every_other_upload_its_own() -> None:
    file = _one()
    assert file.request_id == _one().request_id
    others = [_one(key="incoming/camera=7/b.jpg"), _one(eTag="other"), _one(sequencer="0055AED6DCD90281E6")]
    assert len({file.request_id, *(other.request_id for other in others)}) == 4


def test_s3_asks_whether_it_may_send_and_folders_are_empty_objects() -> None:
    assert read('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "events"}') == []
    assert read(json.dumps({"Records": [_record("incoming/camera=7/", size=0)]})) == []


@pytest.mark.parametrize(
    "message", ["", "{", "null", "[]", "{}", '"x"', '{"Records": 1}', '{"Records": [{}]}', "[" * 10_000]
)
def test_other_messages_are_refused(message: str) -> None:
    with pytest.raises(InvalidRequestError, match="the message is no notification of S3"):
        read(message)


@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers(), st.lists, max_leaves=5))
def test_no_value_where_the_key_belongs_breaks_it(value: Any) -> None:
    try:
        files = read(json.dumps({"Records": [_record(key=value)]}))
    except InvalidRequestError:
        return
    assert all(isinstance(file.key, str) for file in files)
