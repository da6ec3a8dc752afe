"""Requests of cameras that are known: scopes, profiles, claims, signs of life, on both ways in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from inference_api import sign_of_life
from inference_api.errors import QuotaSpentError
from inference_api.messages import Inference
from inference_api.profiles.admission import Admission
from tests.jpegs import jpeg
from tests.lambda_events import older_client_event, proxy_event, with_query
from tests.push_front import Front

JPEG = jpeg()
BOXES: dict[str, Any] = {
    "width": 100,
    "height": 100,
    "channels": 3,
    "bbox_scores": [[0.9], [0.2]],
    "bbox_coords": [[10, 10, 30, 30], [50, 50, 90, 90]],
    "bbox_labels": ["face", "face"],
}
IMAGE = proxy_event(JPEG, content_type="image/jpeg")
PUSH = proxy_event(JPEG, content_type="image/jpeg", path="/push")
BOTH = pytest.mark.parametrize("event", [IMAGE, older_client_event(JPEG), PUSH], ids=["image", "json", "push"])


@pytest.fixture(autouse=True)
def boxes(front: Front) -> None:
    front.endpoint.answer = Inference(json.dumps(BOXES).encode())


@BOTH
def test_an_empty_profile_changes_no_byte_of_the_answer(front: Front, event: dict[str, Any]) -> None:
    bare = front.send(event)
    front.know()
    assert front.send(event) == bare


@BOTH
def test_the_event_is_the_proven_cameras(front: Front, event: dict[str, Any]) -> None:
    front.know()
    front.send(event)
    assert front.event()["camera_id"] == "gate-1"
    assert "camera_claim" not in front.event()


def test_another_name_is_a_claim(front: Front) -> None:
    front.know()
    for number, event in enumerate(
        [
            proxy_event(JPEG, content_type="image/jpeg", X_Camera_Id="door-9"),
            older_client_event(JPEG, camera_id="door-9"),
            proxy_event(JPEG, path="/push/door-9"),
            proxy_event(JPEG, path="/push", X_Camera_Id="door-9"),
        ]
    ):
        event["requestContext"] = {**event["requestContext"], "requestId": f"request-{number}"}
        front.send(event)
    events = [
        json.loads(item.get()["Body"].read()) for item in front.bucket.objects.all() if item.key.endswith("result.json")
    ]
    assert [(event["camera_id"], event["camera_claim"]) for event in events] == [("gate-1", "door-9")] * 4


def test_its_own_name_is_none(front: Front) -> None:
    front.know()
    front.send(proxy_event(JPEG, path="/push/gate-1"))
    assert "camera_claim" not in front.event()


@BOTH
def test_a_credential_without_the_scope_is_refused(front: Front, event: dict[str, Any]) -> None:
    front.know("read")
    status, body, _ = front.send(event)
    assert (status, json.loads(body)["error"]["code"], front.endpoint.requests) == (403, "Forbidden", [])


def test_answers_are_fetched_with_the_scope_to_read(front: Front) -> None:
    event = proxy_event(None, path="/inference/7", method="GET")
    front.know("frames")
    assert front.send(event)[0] == 403
    front.know("read")
    assert front.send(event)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_known_camera_may_push_to_any_path(front: Front, method: str) -> None:
    front.know()
    assert front.send(proxy_event(JPEG, path="/NotificationInfo/TollgateInfo", method=method))[0] == 200
    assert front.keys() == ["frame.jpg", "result.json"]
    assert front.send(proxy_event(None, path="/other", method="GET"))[0] == 404


def test_a_key_in_the_url_is_no_unknown_parameter(front: Front) -> None:
    event = with_query(IMAGE, k="abcdefghijKLMNOPQRSTUVWXYZ", min_confidence="0.5")
    assert front.send(event)[0] == 400  # the old ways
    front.know()
    assert front.send(event)[0] == 200
    assert front.endpoint.requests[0].options == {"min_confidence": 0.5}


@BOTH
def test_boxes_that_do_not_pass_are_left_out_and_counted(
    front: Front, event: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    front.know(min_confidence=0.5)
    status, body, _ = front.send(event)
    assert (status, json.loads(body)["bbox_scores"]) == (200, [[0.9]])
    assert front.event()["result"]["bbox_scores"] == [[0.9]]
    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line)
    assert (line["Detections"], line["BoxesLeftOut"]) == (1, 1)
    assert "UnreadableAnswers" not in line


@BOTH
@pytest.mark.parametrize("body", [b'{"mask": [1]}', b"\x00plane", json.dumps(BOXES).replace("100", "0").encode()])
def test_an_answer_that_no_profile_can_be_applied_to_passes_and_is_counted(
    front: Front, event: dict[str, Any], body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    front.endpoint.answer = Inference(body, "application/octet-stream" if body[:1] == b"\x00" else "application/json")
    front.know(min_box=(0.1, 0.1))
    assert front.send(event)[0] == 200
    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line)
    assert line["UnreadableAnswers"] == 1
    assert "BoxesLeftOut" not in line


@BOTH
def test_nothing_is_kept_of_a_camera_that_keeps_nothing(front: Front, event: dict[str, Any]) -> None:
    front.know(keep="nothing")
    status, body, headers = front.send(event)
    assert (status, json.loads(body)["bbox_scores"], front.keys()) == (200, [[0.9], [0.2]], [])
    assert "X-Event-Stored" not in headers


@BOTH
@pytest.mark.parametrize(("threshold", "kept"), [(0.5, True), (0.95, False)])
def test_only_events_with_a_box_are_kept(
    front: Front, event: dict[str, Any], threshold: float, kept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    front.know(keep="detections", min_confidence=threshold)
    status, _, headers = front.send(event)
    assert (status, headers.get("X-Event-Stored")) == (200, "true" if kept else None)
    assert front.keys() == (["frame.jpg", "result.json"] if kept else [])
    assert ('"EventsLeftOut": 1' in capsys.readouterr().out) != kept


@BOTH
def test_the_objects_of_an_event_have_the_profiles_tag(front: Front, event: dict[str, Any]) -> None:
    front.know(retention="7")
    front.send(event)
    tags = [
        front.bucket.meta.client.get_object_tagging(Bucket=front.bucket.name, Key=item.key)["TagSet"]
        for item in front.bucket.objects.all()
    ]
    assert tags == [[{"Key": "retention", "Value": "7"}]] * 2
    assert front.event()["retention"] == "7"


@BOTH
def test_the_pace_is_in_the_answer(front: Front, event: dict[str, Any]) -> None:
    front.know(frame_interval_ms=2000)
    assert json.loads(front.send(event)[1])["next_frame_after_ms"] == 2000
    assert "next_frame_after_ms" not in front.event()["result"]


def _admit(monkeypatch: pytest.MonkeyPatch, admission: Admission | Exception) -> None:
    def admit(*_: Any, **__: Any) -> Admission:
        if isinstance(admission, Exception):
            raise admission
        return admission

    monkeypatch.setattr(sign_of_life, "admit", admit)


@BOTH
def test_frames_out_of_hours_are_not_looked_at(
    front: Front, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    front.know()
    _admit(monkeypatch, Admission(is_looked_at=False, reason="hours", next_frame_after_ms=60_000))
    status, body, headers = front.send(event)
    told = {} if event is PUSH else {"looked_at": False, "reason": "hours"}
    assert (status, json.loads(body)) == (200, told | {"next_frame_after_ms": 60_000})
    assert ("X-Event-Stored" in headers, front.keys(), front.endpoint.requests) == (False, [], [])
    assert [sign["frames"] for sign in front.signs] == [0]


@BOTH
def test_a_spent_day_is_told(front: Front, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    front.know()
    _admit(monkeypatch, QuotaSpentError("spent", 4321))
    status, body, headers = front.send(event)
    assert (status, json.loads(body)["error"]["code"], headers["Retry-After"]) == (429, "QuotaSpent", "4321")
    assert (front.keys(), front.endpoint.requests) == ([], [])
    assert [sign["frames"] for sign in front.signs] == [0]


def test_a_repeat_costs_nothing_of_the_day(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    front.know()
    event = proxy_event(JPEG, content_type="image/jpeg", Idempotency_Key="one")
    assert front.send(event)[0] == 200
    event["requestContext"] = {**event["requestContext"], "requestId": "request-2"}
    _admit(monkeypatch, QuotaSpentError("spent", 4321))
    status, body, headers = front.send(event)
    assert (status, json.loads(body), headers["X-Original-Request-Id"]) == (200, BOXES, "request-1")


def test_a_key_of_a_refused_frame_may_be_used_again(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    front.know()
    event = proxy_event(JPEG, content_type="image/jpeg", Idempotency_Key="one")
    with monkeypatch.context() as patched:
        _admit(patched, QuotaSpentError("spent", 4321))
        assert front.send(event)[0] == 429
    event["requestContext"] = {**event["requestContext"], "requestId": "request-2"}
    assert (front.send(event)[0], front.event()["request_id"]) == (200, "request-2")


@pytest.mark.parametrize(
    ("event", "frames"),
    [
        (IMAGE, 1),
        (PUSH, 1),
        (proxy_event(json.dumps({"images": ["s3://b/1", "s3://b/2"]})), 2),
        (proxy_event(None, path="/push", method="GET"), 0),
        (proxy_event(None, path="/PictureHttpUpload/keepalive", method="GET"), 0),
        (proxy_event(b"{}", path="/push/NotificationInfo/KeepAlive"), 0),
        (proxy_event(b"{}", path="/NotificationInfo/KeepAlive"), 0),
        (proxy_event(b"hello", content_type="text/plain"), 0),
        (proxy_event(JPEG[:-5], content_type="image/jpeg", path="/push"), 0),
        (proxy_event(b"<!DOCTYPE a><a/>", content_type="application/xml", path="/push"), 0),
        (proxy_event(None, path="/inference/7", method="GET"), None),
    ],
)
def test_every_request_is_one_sign_of_life(front: Front, event: dict[str, Any], frames: int | None) -> None:
    front.know()
    front.send(event)
    assert [sign["frames"] for sign in front.signs] == ([] if frames is None else [frames])


def test_the_clock_of_the_camera_is_told(front: Front) -> None:
    front.know()
    document = {"camera": "x", "event": "motion", "timestamp": "2026-10-14T08:15:30+08:00"}
    front.send(proxy_event(json.dumps(document).encode(), path="/push", content_type="application/json"))
    (sign,) = front.signs
    assert sign["device_time"] == datetime(2026, 10, 14, 0, 15, 30, tzinfo=UTC)
    assert (sign["received"].tzinfo, sign["frames"]) == (UTC, 0)


@pytest.mark.parametrize(("keep", "kept"), [(None, True), ("everything", True), ("detections", False)])
def test_alarms_without_a_picture_have_no_detection(front: Front, keep: str | None, kept: bool) -> None:
    front.know(**({"keep": keep} if keep else {}))
    document = {"camera": "x", "event": "motion"}
    event = proxy_event(json.dumps(document).encode(), path="/push", content_type="application/json")
    assert front.send(event)[:2] == (200, "")
    assert front.keys() == (["result.json"] if kept else [])
