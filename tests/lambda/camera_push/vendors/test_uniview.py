from __future__ import annotations

from typing import Any

import pytest

from camera_push.envelope import FoundPicture
from camera_push.push import Kind
from tests.camera_envelopes import LARGE, SMALL, read, roles, time

NOTIFICATION = "/LAPI/V1.0/System/Event/Notification"


@pytest.mark.parametrize(
    ("alarm", "state"), [("MotionAlarmOn", "On"), ("MotionAlarmOff", "Off"), ("FieldDetectorObjectsInside", None)]
)
def test_an_alarm(alarm: str, state: str | None) -> None:
    info = {"AlarmType": alarm, "TimeStamp": 1772421200, "AlarmSrcID": 4}
    push = read({"Reference": "r/1", "AlarmInfo": info}, path=f"{NOTIFICATION}/Alarm")
    assert (push.vendor, push.kind, push.event_type, push.event_state) == ("uniview", Kind.EVENT, alarm, state)
    assert (push.camera_id, dict(push.ids), push.channel) == (None, {"reference": "r/1"}, "4")
    assert time(push) == ("1772421200", "epoch", "2026-03-02T03:13:20Z")
    assert '"ResponseCode":0' in push.reply.body


@pytest.mark.parametrize(
    ("objects", "images", "expected"),
    [
        ({}, [1, 2], ["background", "crop"]),
        ({"FaceInfoList": [{"SmallPicAttachIndex": 1, "LargePicAttachIndex": 2}]}, [9, 9], ["crop", "background"]),
        ({"VehicleInfoList": [{"PlatePicAttachIndex": 2}]}, [1, 9], ["background", "crop"]),
        ({}, [9, 9], ["background", "crop"]),
    ],
)
def test_roles_by_type_and_by_the_objects(objects: dict[str, Any], images: list[int], expected: list[str]) -> None:
    listed = [{"Index": number + 1, "Type": kind, "Data": f"picture:{number}"} for number, kind in enumerate(images)]
    tree = {"Reference": "r/1", "SrcID": 2, "StructureDataInfo": {"ObjInfo": objects, "ImageInfoList": listed}}
    push = read(tree, pictures=[LARGE, SMALL])
    assert (push.vendor, push.event_type, push.channel, roles(push)) == ("uniview", "Structure", "2", expected)


def test_pictures_in_parts_of_their_own() -> None:
    tree = {
        "Reference": "r/1",
        "AlarmType": "MotionAlarmOn",
        "SourceID": 1,
        "AlarmPicture": {"ImageNum": 2, "ImageList": [{"Index": 1, "Type": 2}, {"Index": 2, "Type": 1}]},
    }
    pictures = [FoundPicture(SMALL, "imageindex1"), FoundPicture(SMALL, "imageindex2")]
    push = read(tree, pictures=pictures, path="/LAPI/V1.1/System/Event/Notification")
    assert (push.event_type, push.channel, roles(push)) == ("MotionAlarmOn", "1", ["crop", "background"])


def test_a_face_at_a_door() -> None:
    face = {"PanoImage": {"Data": "picture:0"}, "FaceImage": {"Data": "picture:1"}}
    tree = {"Reference": "r/1", "DeviceCode": "U1", "Timestamp": 1772421200, "FaceInfoList": [face]}
    push = read(tree, pictures=[SMALL, SMALL])
    assert (push.event_type, push.camera_id, roles(push)) == ("PersonVerification", "U1", ["background", "crop"])


def test_claims() -> None:
    vehicle = {"Position": "1000,2000;3000,9000", "Confidence": 90, "PlateAttributeInfo": {"PlateNo": "KX12ABC"}}
    tree = {"Reference": "r", "StructureDataInfo": {"ObjInfo": {"VehicleNum": 1, "VehicleInfoList": [vehicle]}}}
    assert read(tree).claims == {
        "plate": "KX12ABC",
        "confidence": 90,
        "vehicles": 1,
        "rectangles": [{"label": "vehicle", "x": 1000, "y": 2000, "width": 2000, "height": 7000}],
        "units": "1/10000",
    }


@pytest.mark.parametrize("name", ["Keepalive", "Register", "Unregister"])
def test_signs_of_life(name: str) -> None:
    push = read({"DeviceID": "U1"}, path=f"/LAPI/V1.0/System/UpServer/{name}")
    assert (push.vendor, push.kind, push.event_type, push.camera_id) == ("uniview", Kind.HEARTBEAT, name, "U1")


def test_statistics_are_events_of_their_own_name() -> None:
    push = read({"Reference": "r", "ObjectIn": 3}, path=f"{NOTIFICATION}/PeopleCount/LineRuleData")
    assert (push.kind, push.event_type, push.claims) == (Kind.EVENT, "LineRuleData", {"entered": 3})
