from __future__ import annotations

from typing import Any

import pytest

from camera_push.envelope import FoundPicture
from camera_push.push import Kind
from tests.camera_envelopes import LARGE, SMALL, document, read, roles, time

UPLOAD = {
    "Channel": 3,
    "Events": [
        {
            "Action": "Start",
            "Code": "CrossRegionDetection",
            "Index": 7,
            "PhysicalAddress": "aa:bb:cc:00:11:22",
            "Data": {
                "Name": "IVS-2",
                "UTC": 1772450000,
                "RealUTC": 1772421200,
                "Object": {"ObjectType": "Human", "BoundingBox": [1000, 2000, 3000, 6000], "Confidence": 81},
            },
        },
        {"Action": "Pulse", "Code": "VideoMotion"},
    ],
    "Time": "02-03-2026 11:13:20",
}


def _passage(picture: dict[str, Any]) -> dict[str, Any]:
    info = {"DeviceID": "9B0", "AccurateTime": "2026-03-02 07:08:09.123", "TimeZone": 13}
    return {"Picture": {"Plate": {"PlateNumber": "KX12ABC", "Channel": 2}, "SnapInfo": info, **picture}}


def test_an_upload_with_a_picture() -> None:
    push = read(document(UPLOAD, "info"), pictures=[FoundPicture(LARGE, "file")])
    assert (push.vendor, push.kind, push.event_type, push.event_state, push.channel) == (
        "dahua", Kind.EVENT, "CrossRegionDetection", "Start", "3"
    )  # fmt: skip
    assert (push.camera_id, dict(push.ids)) == ("aa:bb:cc:00:11:22", {"mac": "aa:bb:cc:00:11:22"})
    assert time(push) == ("1772421200", "epoch", "2026-03-02T03:13:20Z")  # RealUTC, not the local one
    assert (push.reply.content_type, push.reply.body, push.repeats) == ("application/json", '{"result":true}', True)
    assert push.claims == {
        "target": "Human",
        "confidence": 81,
        "rule": "IVS-2",
        "events": ["VideoMotion"],
        "rectangles": [{"label": "Human", "x": 1000, "y": 2000, "width": 2000, "height": 4000}],
        "units": "1/8192",
    }


@pytest.mark.parametrize(
    ("code", "channel"), [("VideoMotion", "5"), ("AlarmLocal", None), ("DoorStatus", None), ("AccessControl", None)]
)
def test_the_index_of_a_door_or_an_input_is_no_channel(code: str, channel: str | None) -> None:
    push = read({"Action": "Pulse", "Code": code, "Index": 5, "Data": {}})
    assert (push.event_type, push.channel) == (code, channel)


@pytest.mark.parametrize(
    "root", ["Code=VideoMotion;action=Start;index=4", {"Code": "VideoMotion", "action": "Start", "index": 4}]
)
def test_a_line_of_an_event(root: object) -> None:
    push = read(root)
    assert (push.vendor, push.kind) == ("dahua", Kind.EVENT)
    assert (push.event_type, push.event_state, push.channel) == ("VideoMotion", "Start", "4")


def test_a_line_with_data() -> None:
    push = read('Code=SmartMotionHuman;action=Start;index=0;data={\n "RealUTC" : 1772421200 }')
    assert (push.event_type, time(push)) == ("SmartMotionHuman", ("1772421200", "epoch", "2026-03-02T03:13:20Z"))
    assert read("Code=SmartMotionHuman;action=Start;index=0;data={ broken }").event_type == "SmartMotionHuman"


def test_pictures_of_one_part_are_told_by_their_offsets() -> None:
    infos = [
        {"Type": "1", "Offset": "0", "Length": "9"},
        {"Type": "0", "Offset": "9", "Length": "30"},
        {"Type": "2", "Offset": "39", "Length": "9"},
    ]
    base = {"Action": "Pulse", "Code": "AccessControl", "Index": "0"}
    tree = {"Events": [{"EventBaseInfo": base, "ImageInfo": infos, "RealUTC": "1772421200"}]}
    pictures = [FoundPicture(SMALL, offset=offset) for offset in (0, 9, 39)]
    push = read(document(tree, kind="pairs"), pictures=pictures)
    assert (push.event_type, push.event_state, roles(push)) == (
        "AccessControl",
        "Pulse",
        ["crop", "background", "object"],
    )
    assert roles(read(document(tree, kind="pairs"), pictures=pictures[1:])) == ["background", "object"]
    parts = [FoundPicture(SMALL, place=place) for place in (1, 2, 3)]
    assert roles(read(document(tree, kind="pairs"), pictures=parts)) == ["crop", "background", "object"]


def test_no_events_keep_alive() -> None:
    push = read({"Events": [], "Time": "02-03-2026 11:13:20"})
    assert (push.vendor, push.kind) == ("dahua", Kind.HEARTBEAT)


def test_an_access_panel_leaves_the_code_out() -> None:
    push = read({"Events": [{"Data": {"CardNo": "ABC", "ErrorCode": 0}}], "Time": "02-03-2026 11:13:20"})
    assert (push.vendor, push.kind, push.event_type, push.claims) == ("dahua", Kind.EVENT, None, {"error_code": 0})


@pytest.mark.parametrize("path", ["/PictureHttpUpload/keepalive", "/EventHttpUpload/keepalive", "/keepalive"])
def test_a_get_keeps_alive(path: str) -> None:
    push = read(path=path, method="GET")
    assert (push.vendor, push.kind, push.event_type, push.reply.body) == (
        "dahua", Kind.HEARTBEAT, "keepalive", '{"result":true}'
    )  # fmt: skip


def test_a_passage_of_a_plate() -> None:
    pictures = {
        "NormalPic": {"PicName": "a.jpg", "Content": "picture:0"},
        "VehiclePic": {"PicName": "b.jpg", "Content": "picture:1"},
        "CutoutPic": {"PicName": "c.jpg", "Content": "picture:2"},
        "FacePic": [{"PicName": "d.jpg", "Content": "picture:3"}],
        "CombinPic": [{"PicName": "e.jpg", "Content": "picture:4"}],
    }
    push = read(_passage(pictures), pictures=[SMALL] * 5, path="/NotificationInfo/TollgateInfo")
    assert roles(push) == ["background", "object", "crop", "crop", "background"]
    assert [picture.name for picture in push.pictures] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]
    assert (push.vendor, push.event_type, push.camera_id, push.channel) == ("dahua", "TollgateInfo", "9B0", "2")
    assert time(push) == ("2026-03-02 07:08:09.123", "unclear", None)
    assert push.claims == {"plate": "KX12ABC"}
    assert (push.reply.body, push.repeats) == ('{"Result":true,"Message":"Success"}', True)


def test_two_pictures_in_one_string_are_a_vehicle_and_its_plate() -> None:
    push = read(_passage({"VehiclePic": {"Content": "picture:0,1"}}), pictures=[LARGE, SMALL], path="/anpr")
    assert (push.event_type, roles(push)) == ("TollgateInfo", ["background", "crop"])


@pytest.mark.parametrize(
    ("path", "tree", "kind", "event_type", "state", "camera_id"),
    [
        (
            "/NotificationInfo/KeepAlive",
            {"Active": "keepAlive", "DeviceID": "9B0"},
            "heartbeat",
            "KeepAlive",
            None,
            "9B0",
        ),
        ("/hb", {"Active": "keepAlive", "DeviceID": "9B0"}, "heartbeat", "KeepAlive", None, "9B0"),
        ("/NotificationInfo/KeepAlive", {}, "heartbeat", "KeepAlive", None, None),
        (
            "/NotificationInfo/DeviceInfo",
            {"DeviceName": "Gate", "DeviceID": "9B0", "MACAddress": "aa:bb"},
            "heartbeat",
            "DeviceInfo",
            None,
            "9B0",
        ),
        (
            "/NotificationInfo/AlarmInfo",
            {"AlarmInfo": {"State": "Start", "Type": 0}, "DeviceID": "9B0"},
            "event",
            "AlarmInfo",
            "Start",
            "9B0",
        ),
    ],
)
def test_other_messages_of_itsapi(
    path: str, tree: dict[str, Any], kind: str, event_type: str, state: str | None, camera_id: str | None
) -> None:
    push = read(tree, path=path)
    assert (push.vendor, push.kind.value, push.event_type, push.event_state, push.camera_id) == (
        "dahua", kind, event_type, state, camera_id
    )  # fmt: skip


def test_a_parked_vehicle() -> None:
    info = {"DeviceID": "9B0", "SnapTime": "2026-03-02 07:08:09", "Channel": 1, "ParkingStatus": 1, "TimeZone": 2}
    push = read({"Picture": {"Plate": {"IsExist": False, "PlateNumber": "x"}, "ParkingInfo": info}})
    assert (push.event_type, push.channel, push.claims) == ("ParkingInfo", "1", {"parking_status": 1})
