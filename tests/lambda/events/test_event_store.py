from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_api.events.event_store import Event, EventStore
from inference_api.messages import Frame, Inference, InferenceRequest, camera_part
from tests.fake_s3 import FakeS3

JPEG = b"\xff\xd8\xff\xe0 a frame"
RECEIVED = datetime(2026, 3, 4, 23, 59, tzinfo=UTC)
RESULT = Inference(b'{"width": 3}')


def _save(request: InferenceRequest) -> str:
    event = EventStore(boto3.client("s3"), "event-store").begin(request, request_id="request-1", received=RECEIVED)
    event.complete(RESULT)
    return event.prefix


@contextmanager
def _store(client: FakeS3, patience_seconds: float = 10) -> Iterator[EventStore]:
    try:
        yield EventStore(cast(Any, client), "event-store", patience_seconds=patience_seconds)
    finally:
        client.released.set()


def _begin(store: EventStore, *, frames: int = 1, camera_id: str = "c", request_id: str = "request-1") -> Event:
    request = InferenceRequest({f"frame-{number}": Frame(JPEG) for number in range(frames)}, camera_id=camera_id)
    return store.begin(request, request_id=request_id, received=RECEIVED)


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
        ("gate_1-A", "gate_1-A"),
        ("../../etc", "_etc-74ccf3c5b4c1"),
        ("a/b=c", "a_b_c-5e750a7cc03a"),
        ("", "unknown"),
        ("x" * 64, "x" * 64),
        ("x" * 200, "x" * 51 + "-aa20c23e3201"),
        ("前门", "_-6add346bbbef"),
    ],
)
def test_a_cameras_id_cannot_leave_its_folder(bucket: Any, camera_id: str, part: str) -> None:
    prefix = _save(InferenceRequest(frames={"frame": Frame(JPEG)}, camera_id=camera_id))
    assert prefix == f"events/dt=2026-03-04/camera={part}/request-1/"


def test_no_two_cameras_share_a_folder() -> None:
    names = ["门口", "📷", "前门", "_", "gate 1", "gate_1", "gate+1", "x" * 64, "x" * 65, "x" * 66, "é", "e\u0301"]
    assert len({camera_part(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b'{"scores": [1.0, NaN, -Infinity]}', {"scores": [1.0, None, None]}),
        (b"[1e999]", [None]),  # JSON, which Python reads as infinity
        ("\ufeff[1]".encode(), [1]),
        ("\ufeff[NaN]".encode(), [None]),
        ("größer".join(['"', '"']).encode("latin-1"), "größer"),
    ],
)
def test_the_tables_line_is_json_whatever_numbers_a_model_finds(bucket: Any, body: bytes, result: Any) -> None:
    charset = "; charset=latin-1" if b"\xf6" in body else ""
    answer = Inference.of_container(body, f"application/json{charset}")
    store = EventStore(boto3.client("s3"), "event-store", queryable=True)
    store.begin(InferenceRequest({"frame": Frame(JPEG)}), request_id="r", received=RECEIVED).complete(answer)
    texts = [item.get()["Body"].read().decode() for item in bucket.objects.all() if item.key.endswith(".json")]
    assert len(texts) == 2
    for text in texts:
        assert json.loads(text, parse_constant=pytest.fail)["result"] == result
        assert "\n" not in text


@pytest.mark.parametrize("body", [b"cat", b"\x93NUMPY\x01\x00", b"[1, NaN", b"[" * 100_000, b""])
def test_an_answer_that_is_not_the_json_that_it_says_is_kept_as_text(bucket: Any, body: bytes) -> None:
    store = EventStore(boto3.client("s3"), "event-store", queryable=True)
    event = store.begin(InferenceRequest({"frame": Frame(JPEG)}), request_id="r", received=RECEIVED)
    event.complete(Inference.of_container(body, "application/json"))
    kept = bucket.Object(f"{event.prefix}answer").get()
    assert (kept["Body"].read(), kept["ContentType"]) == (body, "text/plain; charset=utf-8")
    document = json.loads(bucket.Object(f"{event.prefix}result.json").get()["Body"].read())
    assert (document["result"], document["result_object"]) == (None, f"{event.prefix}answer")


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


def test_the_result_is_not_written_before_all_frames_are() -> None:
    client = FakeS3(stalled=("frame-1.jpg",))
    with _store(client, patience_seconds=0.1) as store:
        with pytest.raises(TimeoutError, match="S3 did not take 1 objects of the event in time"):
            _begin(store, frames=3).complete(RESULT)
        assert sorted(client.names("put")) == ["frame-0.jpg", "frame-1.jpg", "frame-2.jpg"]


def test_an_answer_does_not_wait_for_a_result_that_stalls() -> None:
    client = FakeS3(stalled=("result.json",))
    with _store(client, patience_seconds=0.1) as store, pytest.raises(TimeoutError):
        _begin(store).complete(RESULT)


def test_an_answer_of_another_type_is_written_before_the_result() -> None:
    client = FakeS3()
    with _store(client) as store:
        _begin(store).complete(Inference(b"1,2", "text/csv"))
    assert client.names("put") == ["frame-0.jpg", "answer", "result.json"]


def test_the_first_frame_that_cannot_be_written_ends_the_storing() -> None:
    client = FakeS3(stalled=tuple(f"frame-{number}.jpg" for number in range(1, 20)), failing=("frame-0.jpg",))
    with _store(client) as store:
        with pytest.raises(ConnectionError, match=r"frame-0\.jpg"):
            _begin(store, frames=20).complete(RESULT)
        client.released.set()
        store.put("last", b"", "text/plain").result(10)  # queued after all the others
    begun = [key for _, key in client.calls if key.startswith("events/")]
    assert len(begun) < 20
    assert not any(key.endswith("result.json") for key in begun)


def test_a_discarded_event_leaves_nothing() -> None:
    client = FakeS3()
    with _store(client) as store:
        _begin(store, frames=12).discard()
    assert client.objects == {}
    # Cancelled writes need no deletion, and are never written.
    assert sorted(client.names("delete")) == sorted(client.names("put"))


def test_a_write_that_failed_may_have_reached_s3() -> None:
    client = FakeS3(failing=("frame-0.jpg",))
    with _store(client) as store:
        event = _begin(store)
        client.wait_for_a_write()
        event.discard()
    assert client.names("delete") == ["frame-0.jpg"]


def test_no_frame_is_deleted_before_it_is_written() -> None:
    client = FakeS3(stalled=("frame-0.jpg",))
    with _store(client, patience_seconds=0.1) as store:
        event = _begin(store)
        client.wait_for_a_write()
        with pytest.raises(TimeoutError, match="1 frames of a failed request were still being written"):
            event.discard()
        assert client.names("delete") == []


HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(
        ["", ".", "..", "../x", "../../etc", "a/b", "=", "dt=1/camera=2", "\N{BOMB}", "x" * 10_000, "\0", "%2e"]
    ),
)


@given(camera_id=HOSTILE, request_id=HOSTILE)
def test_keys_hold_whatever_a_camera_is_called(camera_id: str, request_id: str) -> None:
    client = FakeS3()
    with _store(client) as store:
        first, second = (_begin(store, camera_id=camera_id, request_id=request_id) for _ in range(2))
        first.complete(RESULT)
        second.complete(RESULT)
    part = "[A-Za-z0-9_-]"
    for key in client.objects:
        assert re.fullmatch(
            rf"events/dt=2026-03-04/camera={part}{{1,64}}/{part}{{1,128}}/(frame-0.jpg|result.json)", key
        )
    if not re.fullmatch(f"{part}{{1,128}}", request_id):
        assert first.prefix != second.prefix


@given(client_request_id=HOSTILE)
def test_events_do_not_collide_whatever_clients_call_their_requests(client_request_id: str) -> None:
    client = FakeS3()
    with _store(client) as store:
        for _ in range(2):
            request = InferenceRequest({"frame": Frame(JPEG)}, client_request_id=client_request_id)
            event = store.begin(request, request_id=str(uuid.uuid4()), received=RECEIVED)
            event.complete(RESULT)
            assert json.loads(client.objects[f"{event.prefix}result.json"])["client_request_id"] == client_request_id
    assert len(client.objects) == 4
