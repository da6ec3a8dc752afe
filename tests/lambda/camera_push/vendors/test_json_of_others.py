"""VIGI, UniFi, Reolink's webhook and QTECH."""

from __future__ import annotations

from typing import Any

import pytest

from camera_push.envelope import FoundPicture
from camera_push.push import Kind
from tests.camera_envelopes import LARGE, SMALL, document, read, roles, time


def test_vigi_with_several_types() -> None:
    tree = {
        "ip": "10.0.0.7",
        "mac": "20-23-51-00-11-22",
        "device_name": "Yard",
        "event_list": [
            {"dateTime": "20260302070809", "event_type": ["PEOPLE", "VEHICLE"]},
            {"dateTime": "20260302070810", "event_type": "LINE_CROSSING"},
        ],
    }
    push = read(document(tree, "event"), pictures=[FoundPicture(LARGE, "20260302070809")])
    assert (push.vendor, push.kind, push.event_type, push.camera_id) == (
        "vigi",
        Kind.EVENT,
        "PEOPLE",
        "20-23-51-00-11-22",
    )
    assert dict(push.ids) == {"mac": "20-23-51-00-11-22", "ip": "10.0.0.7", "name": "Yard"}
    assert time(push) == ("20260302070809", "none", None)
    assert (roles(push), push.pictures[0].name) == (["background"], "20260302070809")
    assert push.claims == {"events": ["VEHICLE", "LINE_CROSSING"]}


@pytest.mark.parametrize("events", [[], [{}], [None], [{"event_type": []}]])
def test_vigi_without_any_event(events: list[Any]) -> None:
    assert read({"event_list": events}).kind is Kind.HEARTBEAT


def _trigger(key: str, device: str, event_id: str = "e1", **more: Any) -> dict[str, Any]:
    return {"key": key, "device": device, "eventId": event_id, "timestamp": 1772421200929, **more}


def test_unifi_with_several_triggers() -> None:
    triggers = [
        _trigger("license_plate_known", "942A6F000102", value="KX12ABC"),
        _trigger("vehicle", "942A6F000103"),
    ]
    push = read({"alarm": {"name": "Gate", "triggers": triggers}, "timestamp": 1}, pictures=[LARGE])
    assert (push.vendor, push.kind, push.event_type, push.camera_id) == (
        "unifi", Kind.EVENT, "license_plate_known", "942A6F000102"
    )  # fmt: skip
    assert dict(push.ids) == {"mac": "942A6F000102", "event_id": "e1"}
    assert time(push) == ("1772421200929", "epoch", "2026-03-02T03:13:20Z")
    assert roles(push) == ["background"]
    assert push.claims == {"alarm": "Gate", "plate": "KX12ABC", "events": ["vehicle"], "devices": ["942A6F000103"]}


def test_unifi_without_triggers_names_its_condition() -> None:
    alarm = {
        "sources": [{"device": "942A6F000102"}],
        "conditions": [{"condition": {"type": "is", "source": "device_issue"}}],
    }
    push = read({"alarm": alarm, "timestamp": 1772421200929})
    assert (push.event_type, push.camera_id, push.kind) == ("device_issue", "942A6F000102", Kind.EVENT)


def test_unifi_test_and_an_empty_alarm() -> None:
    assert read({"alarm": {"triggers": [_trigger("motion", "942A6F000102", "testEventId")]}}).kind is Kind.TEST
    assert read({"alarm": {"triggers": []}}).kind is Kind.HEARTBEAT


def test_reolink_webhook() -> None:
    alarm = {
        "alarmTime": "2026-03-02T07:08:09.000-0500",
        "channel": 2,
        "channelName": "Door",
        "deviceModel": "RLN16",
        "type": "PEOPLE",
    }
    push = read({"alarm": alarm})
    assert (push.vendor, push.kind, push.event_type, push.channel) == ("reolink", Kind.EVENT, "PEOPLE", "2")
    assert (push.camera_id, dict(push.ids)) == (None, {"name": "Door"})
    assert time(push) == ("2026-03-02T07:08:09.000-0500", "offset", "2026-03-02T12:08:09Z")
    assert read({"alarm": {**alarm, "type": "TEST"}}).kind is Kind.TEST


def test_qtech_pictures_by_their_keys() -> None:
    face = {f"Image{number}": f"picture:{number - 1}" for number in range(1, 5)}
    plate = {
        "Id": "",
        "SnapId": "KX12ABC",
        "PlateImg": "picture:4",
        "BgImg": "picture:5",
        "Owner": "Ada",
        "StrChn": "CH3",
    }
    tree = {
        "EventType": "LPD",
        "EventAction": "Start",
        "EventTime": "2026-3-2 7:08:09",
        "MacAddress": "00-23-63-00-11-22",
        "IPAddress": "10.0.0.8",
        "PicData": {"FaceInfo": [{**face, "Age": 30, "Name": "Ada"}], "PlateInfo": plate},
    }
    push = read(tree, pictures=[SMALL] * 6)
    assert (push.vendor, push.event_type, push.event_state, push.channel) == ("qtech", "LPD", "Start", "CH3")
    assert (push.camera_id, dict(push.ids)) == ("00-23-63-00-11-22", {"mac": "00-23-63-00-11-22", "ip": "10.0.0.8"})
    assert time(push) == ("2026-3-2 7:08:09", "none", None)
    assert roles(push) == ["crop", "crop", "object", "background", "crop", "background"]
    assert push.claims == {"plate": "KX12ABC", "age": 30}  # no names


def test_qtech_without_pictures_and_its_keepalive() -> None:
    device = {"DeviceName": "IPC", "MACAddress": "00-23-63-00-11-22", "IPAddress": "10.0.0.8"}
    push = read({"EventType": "VideoMotion", "EventAction": "stop", "ChannelName": "CH1", **device})
    assert (push.kind, push.event_type, push.event_state, push.channel) == (Kind.EVENT, "VideoMotion", "stop", "CH1")
    for tree in (device, {"EventType": "KeepAlive", **device}, {"data": device}):
        push = read(tree)
        assert (push.vendor, push.kind) == ("qtech", Kind.HEARTBEAT)


def test_qtech_recorders_wrap_their_lists() -> None:
    alarms = [{"channel_alarm": [{"channel": "CH2", "int_alarm": {"int_subtype": "pd"}}]}]
    push = read({"data": {"alarm_list": alarms}})
    assert (push.vendor, push.kind, push.event_type, push.channel) == ("qtech", Kind.EVENT, "pd", "CH2")
    snaps = {"SnapedObjInfo": [{"StrChn": "CH5", "StartTime": 1772421200, "ObjectImage": "picture:0"}]}
    push = read({"data": {"ai_snap_picture": snaps}}, pictures=[SMALL])
    assert (push.vendor, push.channel, roles(push)) == ("qtech", "CH5", ["crop"])
    assert time(push) == ("1772421200", "epoch", "2026-03-02T03:13:20Z")
