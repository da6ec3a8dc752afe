from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from inference_api.endpoint import Inference
from inference_api.event_store import EventStore
from inference_api.frames import Frame, InferenceRequest

JPEG = b"\xff\xd8\xff\xe0 a frame"
RECEIVED = datetime(2026, 3, 4, 23, 59, tzinfo=UTC)


def _save(request: InferenceRequest) -> str:
    store = EventStore(boto3.client("s3"), "event-store")
    return store.save(request, Inference(b'{"width": 3}'), request_id="request-1", received=RECEIVED)


def test_frame_and_result_lie_side_by_side(bucket: Any) -> None:
    prefix = _save(
        InferenceRequest(
            frames={"frame": Frame(JPEG)}, camera_id="gate-1", client_request_id="1242322", timestamp="1614000000"
        )
    )
    assert prefix == "events/dt=2026-03-04/camera=gate-1/request-1/"
    assert [item.key for item in bucket.objects.all()] == [f"{prefix}frame.jpg", f"{prefix}result.json"]
    frame = bucket.Object(f"{prefix}frame.jpg").get()
    assert (frame["Body"].read(), frame["ContentType"]) == (JPEG, "image/jpeg")
    event = json.loads(bucket.Object(f"{prefix}result.json").get()["Body"].read())
    assert event == {
        "request_id": "request-1",
        "client_request_id": "1242322",
        "timestamp": "1614000000",
        "camera_id": "gate-1",
        "received": "2026-03-04T23:59:00+00:00",
        "frames": {"frame": f"{prefix}frame.jpg"},
        "result": {"width": 3},
    }


@pytest.mark.parametrize(
    ("camera_id", "part"),
    [
        ("../../etc", "_etc"),
        ("a/b=c", "a_b_c"),
        ("", "unknown"),
        ("x" * 200, "x" * 64),
        ("前门", "_"),
    ],
)
def test_a_cameras_id_cannot_leave_its_folder(bucket: Any, camera_id: str, part: str) -> None:
    prefix = _save(InferenceRequest(frames={"frame": Frame(JPEG)}, camera_id=camera_id))
    assert prefix == f"events/dt=2026-03-04/camera={part}/request-1/"


def test_several_frames(bucket: Any) -> None:
    prefix = _save(InferenceRequest(frames={"frame-0": Frame(JPEG), "frame-1": Frame(b"?")}))
    names = [item.key.removeprefix(prefix) for item in bucket.objects.all()]
    assert names == ["frame-0.jpg", "frame-1.bin", "result.json"]


def test_frames_that_lie_in_s3_are_named_and_not_copied(bucket: Any) -> None:
    prefix = _save(InferenceRequest(frames={}, uris=("s3://other/a.jpg", "s3://other/b.jpg")))
    assert [item.key.removeprefix(prefix) for item in bucket.objects.all()] == ["result.json"]
    event = json.loads(bucket.Object(f"{prefix}result.json").get()["Body"].read())
    assert event["images"] == ["s3://other/a.jpg", "s3://other/b.jpg"]
    assert (event["frames"], event["result"]) == ({}, {"width": 3})


def test_both_frames_of_a_comparison(bucket: Any) -> None:
    prefix = _save(InferenceRequest(frames={"source": Frame(JPEG), "target": Frame(b"?")}))
    names = [item.key.removeprefix(prefix) for item in bucket.objects.all()]
    assert names == [
        "result.json",
        "source.jpg",
        "target.bin",
    ]
