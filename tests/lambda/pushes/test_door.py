"""Pushes through the whole function, the old ways: no camera is known."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any, cast

import pytest

from inference_api import resources
from inference_api.errors import EndpointUnavailableError, RefusedByModelError
from inference_api.events.event_store import EventStore
from inference_api.messages import Inference, InferenceRequest, Pending
from tests.camera_pictures import picture
from tests.fake_endpoint import RESULT
from tests.fake_s3 import FakeS3
from tests.jpegs import jpeg
from tests.lambda_events import multipart_event, proxy_event, with_query
from tests.push_front import Front

SCENE, CROP = jpeg(b"the whole scene, the larger one"), jpeg(b"a face")
TOLLGATE = "/push/gate-1/NotificationInfo/TollgateInfo"


def tollgate(*, scene: bytes = SCENE, plate: bytes = CROP) -> bytes:
    """The JSON of a Dahua camera that saw a plate."""
    pictures = {"NormalPic": _content(scene, "a.jpg"), "CutoutPic": _content(plate, "b.jpg")}
    snap = {"DeviceID": "dev-7", "SnapTime": "2026-10-14 08:15:30"}
    return json.dumps({"Picture": {**pictures, "SnapInfo": snap, "Plate": {"PlateNumber": "B1"}}}).encode()


def hikvision(event_type: str, *, state: str = "active", picture: bytes | None = None) -> dict[str, Any]:
    """The event of a Hikvision camera."""
    document = (
        f'<EventNotificationAlert xmlns="http://www.hikvision.com/ver20/XMLSchema"><ipAddress>10.0.0.7</ipAddress>'
        f"<macAddress>44:a6:42:10:20:30</macAddress><channelID>1</channelID><dateTime>2026-10-14T08:15:30+08:00"
        f"</dateTime><eventType>{event_type}</eventType><eventState>{state}</eventState></EventNotificationAlert>"
    ).encode()
    if picture is None:
        return proxy_event(document, content_type='application/xml; charset="UTF-8"', path="/push")
    return multipart_event(("MoveDetection.xml", document), ("MoveDetection_Image", picture), path="/push")


def _content(picture: bytes, name: str) -> dict[str, str]:
    return {"Content": base64.b64encode(picture).decode(), "PicName": name}


def test_a_picture_is_answered_as_inference_answers_it(front: Front) -> None:
    status, body, headers = front.send(proxy_event(SCENE, content_type="image/jpeg", path="/push/gate-1"))
    assert (status, body, headers["Content-Type"]) == (200, RESULT.decode(), "application/json")
    assert (headers["X-Request-Id"], headers["X-Event-Stored"]) == ("request-1", "true")
    assert front.endpoint.requests[0].frames["frame"].body == SCENE
    assert front.keys() == ["frame.jpg", "result.json"]
    event = front.event()
    assert (event["camera_id"], event["result"], event["push"]["vendor"]) == ("gate-1", json.loads(RESULT), "generic")
    assert "camera_claim" not in event


def test_the_cameras_own_words_are_in_the_event(front: Front) -> None:
    assert front.send(hikvision("VMD", picture=SCENE))[0] == 200
    event = front.event()
    assert event["camera_id"] == "44:a6:42:10:20:30"
    assert event["timestamp"] == "2026-10-14T08:15:30+08:00"
    told = event["push"]
    assert (told["vendor"], told["event_type"], told["event_state"]) == ("hikvision", "VMD", "active")
    assert (told["channel"], told["ids"]["ip"], told["camera_claim"]) == ("1", "10.0.0.7", "44:a6:42:10:20:30")
    assert told["device_time"] == {
        "raw": "2026-10-14T08:15:30+08:00",
        "zone": "offset",
        "utc": "2026-10-14T00:15:30+00:00",
    }
    assert told["pictures"] == [{"role": "background", "name": told["pictures"][0]["name"], "frame": "frame"}]
    assert told["broken"] == []


def test_several_pictures_are_frames_of_one_event_and_the_device_gets_its_words(front: Front) -> None:
    front.endpoint.answer = Inference(b'{"results": [{"bbox_scores": []}, {"bbox_scores": []}]}')
    status, body, _ = front.send(proxy_event(tollgate(), content_type="application/json", path=TOLLGATE))
    answer = json.loads(body)
    assert (status, answer["Result"], len(answer["result"]["results"])) == (200, True, 2)
    (asked,) = front.endpoint.requests
    assert [frame.body for frame in asked.frames.values()] == [SCENE, CROP]
    assert front.keys() == ["frame-0.jpg", "frame-1.jpg", "result.json"]
    told = front.event()["push"]
    assert [(each["role"], each["frame"]) for each in told["pictures"]] == [
        ("background", "frame-0"),
        ("crop", "frame-1"),
    ]
    assert (told["camera_claim"], front.event()["camera_id"]) == ("dev-7", "gate-1")


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (hikvision("videoloss", state="inactive"), ""),
        (proxy_event(None, path="/push", method="GET"), ""),
        (proxy_event(b'{"DeviceID": "x"}', path="/push/NotificationInfo/KeepAlive"), '"Result"'),
    ],
    ids=["idle", "test", "keepalive"],
)
def test_a_sign_of_life_is_answered_at_once_and_makes_no_event(front: Front, event: dict[str, Any], says: str) -> None:
    status, body, headers = front.send(event)
    assert (status, says in body, bool(says) == bool(body)) == (200, True, True)
    assert "X-Event-Stored" not in headers
    assert (front.keys(), front.endpoint.requests) == ([], [])


def test_an_alarm_without_a_picture_is_an_event_without_one(front: Front) -> None:
    status, body, headers = front.send(hikvision("VMD"))
    assert (status, body, headers["X-Event-Stored"]) == (200, "", "true")
    assert (front.keys(), front.endpoint.requests) == (["result.json"], [])
    event = front.event()
    assert (event["frames"], event["result"], event["push"]["event_type"]) == ({}, None, "VMD")


def test_an_alarm_that_cannot_be_stored_is_to_be_sent_again(front: Front) -> None:
    front.bucket.delete()
    status, body, headers = front.send(hikvision("VMD"))
    assert (status, json.loads(body)["error"]["code"], headers["Retry-After"]) == (503, "StoreUnavailable", "5")


def test_an_alarm_is_answered_where_events_are_not_kept(front: Front) -> None:
    front.set(SAVE_REQUEST_EVENTS="No")
    assert front.send(hikvision("VMD"))[:2] == (200, "")
    assert front.keys() == []


def test_a_broken_picture_is_refused_until_a_device_that_repeats_has_sent_it_for_the_eighth_time(
    front: Front, capsys: pytest.CaptureFixture[str]
) -> None:
    event = hikvision("VMD", picture=SCENE[:-8])
    for _ in range(7):
        status, body, _ = front.send(event)
        assert (status, json.loads(body)["error"]["code"], front.keys()) == (400, "InvalidImage", [])
    assert '"BrokenPictures": 1' in capsys.readouterr().out
    status, body, _ = front.send(event)
    assert (status, body, front.keys()) == (200, "", ["result.json"])
    told = front.event()["push"]
    assert (told["event_type"], len(told["broken"]), told["pictures"]) == ("VMD", 1, [])
    assert front.endpoint.requests == []


def test_a_device_that_does_not_repeat_is_refused_every_time(front: Front) -> None:
    event = multipart_event(("photo", SCENE[:-8]), path="/push", User_Agent="curl/8")
    assert {front.send(event)[0] for _ in range(10)} == {400}


@pytest.mark.parametrize(
    "body", [b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"[" * 100_000], ids=["entity", "too deep"]
)
def test_what_must_not_be_read_is_refused(front: Front, body: bytes) -> None:
    status, answer, _ = front.send(proxy_event(body, content_type="application/xml", path="/push"))
    assert (status, json.loads(answer)["error"]["code"]) in [(400, "InvalidRequest"), (200, "")]
    assert front.keys() == []


def test_of_more_pictures_than_a_request_may_have_the_scene_and_the_largest_are_seen(front: Front) -> None:
    crops = [(f"faceImage{number}", jpeg(b"a face" + b"." * number)) for number in range(30)]
    assert front.send(multipart_event(*crops, ("backgroundImage", SCENE), path="/push"))[0] == 200
    (asked,) = front.endpoint.requests
    seen = [frame.body for frame in asked.frames.values()]
    assert (len(seen), seen[-1], seen[0]) == (20, SCENE, crops[11][1])
    pictures = front.event()["push"]["pictures"]
    assert len(front.event()["frames"]) == len(pictures) == 31
    assert [each["frame"] for each in pictures if each.get("seen") is False] == [f"frame-{n}" for n in range(11)]


def test_a_crop_that_is_too_small_for_any_model_does_not_keep_the_scene_from_it(front: Front) -> None:
    event = multipart_event(("plateImage", picture(size=12)), ("backgroundImage", picture(size=40)), path="/push")
    assert front.send(event)[:2] == (200, RESULT.decode())
    (asked,) = front.endpoint.requests
    assert (list(asked.frames), asked.frames["frame"].body) == (["frame"], picture(size=40))
    assert [each.get("seen") for each in front.event()["push"]["pictures"]] == [False, None]


def test_a_picture_that_the_model_refuses_is_kept_once_its_device_has_repeated_it(front: Front) -> None:
    front.endpoint.failure = RefusedByModelError(400, "InvalidImage", "the frame is too dark")
    event = hikvision("VMD", picture=SCENE)
    assert [front.send(event)[0] for _ in range(7)] == [400] * 7
    assert front.keys() == []
    assert front.send(event)[:2] == (200, "")
    told = front.event()
    assert (told["result"], told["push"]["refused"]) == (None, "the frame is too dark")
    assert front.keys() == ["frame.jpg", "result.json"]
    assert {front.send(proxy_event(SCENE, path="/push"))[0] for _ in range(9)} == {400}


@pytest.mark.parametrize("failure", [EndpointUnavailableError("busy"), RefusedByModelError(429, "Busy", "later")])
def test_a_refusal_that_passes_is_told_every_time(front: Front, failure: Exception) -> None:
    front.endpoint.failure = failure
    assert {front.send(hikvision("VMD", picture=SCENE))[0] for _ in range(9)} <= {429, 503}


@pytest.mark.parametrize("failure", [EndpointUnavailableError("busy"), RefusedByModelError(400, "InvalidImage", "no")])
def test_the_frames_of_a_push_that_failed_are_taken_back(front: Front, failure: Exception) -> None:
    front.endpoint.failure = failure
    status, body, _ = front.send(proxy_event(tollgate(), path=TOLLGATE))
    assert (status, list(json.loads(body)), front.keys()) == (getattr(failure, "status", 0), ["error"], [])


def test_a_comparison_takes_alarms_and_no_pictures(front: Front) -> None:
    front.set(APPLICATION_TYPE="face-comparison")
    status, body, _ = front.send(hikvision("VMD", picture=SCENE))
    assert (status, "compares faces" in body) == (400, True)
    assert front.send(hikvision("VMD"))[0] == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"APPLICATION_TYPE": "custom"},
        {"CONTAINER_REQUEST_FORMAT": "json", "CONTAINER_SHORT_SIZE": "600", "CONTAINER_SHORT_SIZES": "{}"},
    ],
)
def test_a_container_of_one_image_sees_the_scene_and_the_event_has_all(front: Front, changed: dict[str, str]) -> None:
    front.set(**changed)
    face_first = [("faceImage", CROP), ("detectionPicture.jpg", SCENE)]
    assert front.send(multipart_event(*face_first, path="/push"))[0] == 200
    (asked,) = front.endpoint.requests
    assert (list(asked.frames), asked.frames["frame"].body) == (["frame"], SCENE)
    assert asked.accept == ("*/*" if "APPLICATION_TYPE" in changed else "application/json")
    assert front.keys() == ["frame-0.jpg", "frame-1.jpg", "result.json"]


def test_an_answer_that_comes_later_is_a_bare_200(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[InferenceRequest] = []

    class _Async:
        def infer(self, request: InferenceRequest, request_id: str, *, leave_open: Any) -> Pending:
            asked.append(request)
            return Pending(request_id, "output", "failure", event=leave_open())

    front.set(ENDPOINT_TYPE="async")
    monkeypatch.setattr(resources, "async_endpoint", _Async)
    status, body, headers = front.send(proxy_event(tollgate(), path=TOLLGATE))
    assert (status, json.loads(body)["Result"], "result" in json.loads(body)) == (200, True, False)
    assert (asked[0].respond_async, "Location" in headers) == (True, False)
    assert front.keys() == ["frame-0.jpg", "frame-1.jpg"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/other", 404),
        ("PUT", "/NotificationInfo/TollgateInfo", 404),
        ("DELETE", "/push", 404),
        ("PUT", "/inference", 404),
        ("GET", "/other", 404),
        ("GET", "/", 200),
        ("GET", "/PictureHttpUpload/keepalive", 200),
    ],
)
def test_other_paths_the_old_ways(front: Front, method: str, path: str, status: int) -> None:
    answered, body, _ = front.send(proxy_event(SCENE, path=path, method=method))
    assert answered == status
    assert json.loads(body) == {"result": True} if status == 200 else json.loads(body)["error"]["code"] == "NotFound"
    assert front.keys() == []


def test_a_push_that_is_text(front: Front) -> None:
    """As an API that takes a few types as binary alone hands JSON over."""
    assert front.send(proxy_event(tollgate().decode(), path=TOLLGATE))[0] == 200
    assert front.keys() == ["frame-0.jpg", "frame-1.jpg", "result.json"]


def test_names_by_header_path_and_body_in_this_order(front: Front) -> None:
    for number, (path, header) in enumerate([("/push/by-path", "by-header"), ("/push/by-path", ""), ("/push", "")]):
        event = hikvision("VMD", picture=SCENE) | {"path": path}
        event["headers"] = {**event["headers"], "X-Camera-Id": header}
        event["requestContext"] = {**event["requestContext"], "requestId": f"request-{number}"}
        front.send(event)
    cameras = {item.key.split("/")[2] for item in front.bucket.objects.all()}
    assert sorted(camera[:16] for camera in cameras) == ["camera=44_a6_42_", "camera=by-header", "camera=by-path"]


def test_claims_of_any_size_leave_the_event_small(front: Front) -> None:
    document = {"camera": "x " * 2500, "event": "e " * 2500, "plate": "p " * 50_000, "image": "data:image/jpeg;base64,"}
    document["image"] += base64.b64encode(SCENE).decode()
    assert front.send(proxy_event(json.dumps(document).encode(), path="/push"))[0] == 200
    event = front.event()
    assert len(json.dumps(event)) < 40_000
    assert 200 < len(event["camera_id"]) <= 256
    assert 200 < len(event["push"]["event_type"]) <= 256


def test_no_credential_and_no_picture_is_in_a_log_or_an_event(
    front: Front, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "abcdefghijKLMNOPQRSTUVWX"
    headers = {"Authorization": f"Basic {secret}", "X_Api_Key": secret, "Cookie": secret}
    events = [
        proxy_event(SCENE, content_type="image/jpeg", path="/push/gate-1", **headers),
        proxy_event(tollgate(), path=TOLLGATE, **headers),
        multipart_event(("a", SCENE[:-9]), path="/push", **headers),
        proxy_event(b"<a", content_type="text/xml", path="/push", **headers),
        proxy_event(None, path="/push", method="GET", **headers),
        proxy_event(SCENE, path="/nothing", **headers),
        multipart_event(("a", SCENE), **headers),
    ]
    for event in events:
        for names in ({"k": secret}, {"key": f"{secret}/NotificationInfo/x"}, {"K": secret}):
            for failure in (None, RuntimeError("a fault of ours")):
                front.endpoint.failure = failure
                front.send(with_query(event, **names))
    told = str([vars(record) for record in caplog.records]) + capsys.readouterr().out
    stored = b"".join(item.get()["Body"].read() for item in front.bucket.objects.all()).decode("latin-1")
    assert "a fault of ours" in told
    assert "event stored" in told
    assert "result.json" in str(front.keys())
    assert (secret in told, secret in stored) == (False, False)
    assert base64.b64encode(SCENE).decode()[:40] not in told


def test_a_store_that_fails_does_not_fail_the_detections(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EventStore(cast(Any, FakeS3(failing=("frame.jpg",))), "event-store")
    monkeypatch.setattr(resources, "event_store", lambda: store)
    status, _, headers = front.send(proxy_event(SCENE, path="/push"))
    assert (status, headers["X-Event-Stored"]) == (200, "false")


def test_pushes_and_heartbeats_are_counted(front: Front, capsys: pytest.CaptureFixture[str]) -> None:
    front.send(proxy_event(SCENE, path="/push/gate-1"))
    front.send(proxy_event(None, path="/push/gate-1", method="GET"))
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line)
    assert (first["Pushes"], first["FrameBytes"], "Heartbeats" in first) == (1, len(SCENE), False)
    assert (second["Pushes"], second["Heartbeats"], second["camera"]) == (1, 1, "gate-1")
