"""Whole requests, byte by byte, through the reader to each vendor's words."""

from __future__ import annotations

import base64
import json
import zlib

import pytest

from camera_push import reader
from camera_push.push import Kind, Push, Sent
from tests.camera_envelopes import roles, time
from tests.camera_pictures import multipart, part, picture

SCENE, CUT = picture(size=32), picture(size=8)
FORM = {"content-type": "multipart/form-data; boundary=boundary"}
NAMED = 'Content-Disposition: form-data; name="{}"'


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _read(body: bytes, path: str = "", **headers: str) -> Push:
    return reader.read(Sent("POST", path, {}, {key.replace("_", "-"): value for key, value in headers.items()}, body))


def test_hikvision_in_gb2312() -> None:
    alert = (
        '<?xml version="1.0" encoding="GB2312"?><EventNotificationAlert xmlns="http://www.isapi.org/ver20/XMLSchema">'
        "<macAddress>aa:bb:cc:00:11:22</macAddress><channelID>2</channelID><dateTime>2026-03-02T07:08:09Z</dateTime>"
        "<eventType>linedetection</eventType><eventState>active</eventState><channelName>大门</channelName>"
        "</EventNotificationAlert>"
    ).encode("gb2312")
    body = multipart(
        part(alert, NAMED.format("linedetection.xml"), "Content-Type: application/xml"),
        part(SCENE, NAMED.format("linedetectionImage"), "Content-Type: image/jpeg"),
    )
    push = _read(body, content_type=FORM["content-type"])
    assert (push.vendor, push.event_type, push.camera_id, push.channel) == (
        "hikvision", "linedetection", "aa:bb:cc:00:11:22", "2"
    )  # fmt: skip
    assert [each.body for each in push.pictures] == [SCENE]
    assert time(push) == ("2026-03-02T07:08:09Z", "offset", "2026-03-02T07:08:09Z")


def test_hikvision_with_several_pictures_in_one_part_whose_name_is_that_of_a_scene() -> None:
    alert = b"<EventNotificationAlert><eventType>linedetection</eventType></EventNotificationAlert>"
    name = 'Content-Disposition: form-data; name="linedetectionImage"; filename="linedetectionImage.jpg"'
    push = _read(multipart(part(alert), part(SCENE + CUT + CUT, name)), **FORM)
    assert (push.vendor, roles(push)) == ("hikvision", ["background", "crop", "crop"])


def test_dahua_with_two_pictures_in_one_part() -> None:
    lines = (
        "Events[0].EventBaseInfo.Code=FaceDetection\r\nEvents[0].EventBaseInfo.Action=Pulse\r\n"
        "Events[0].EventBaseInfo.Index=1\r\nEvents[0].RealUTC=1772421200\r\n"
        f"Events[0].ImageInfo[0].Type=1\r\nEvents[0].ImageInfo[0].Offset=0\r\nEvents[0].ImageInfo[0].Length={len(CUT)}\r\n"
        f"Events[0].ImageInfo[1].Type=0\r\nEvents[0].ImageInfo[1].Offset={len(CUT)}\r\n"
        "Events[0].Object.ObjectType=Face\r\nEvents[0].Object.BoundingBox[0]=10\r\nEvents[0].Object.BoundingBox[1]=20\r\n"
        "Events[0].Object.BoundingBox[2]=30\r\nEvents[0].Object.BoundingBox[3]=60\r\n"
    )
    body = multipart(
        part(lines.encode(), "Content-Type: text/plain"),
        part(CUT + SCENE, "Content-Type: image/jpeg"),
        boundary="myboundary",
    )
    push = _read(b"\r\n\r\n" + body, content_type="multipart/x-mixed-replace; boundary=myboundary")
    assert (push.vendor, push.event_type, push.event_state, push.channel) == ("dahua", "FaceDetection", "Pulse", "1")
    assert (roles(push), [each.body for each in push.pictures]) == (["crop", "background"], [CUT, SCENE])
    assert push.claims["rectangles"] == [{"label": "Face", "x": 10, "y": 20, "width": 20, "height": 40}]
    assert time(push) == ("1772421200", "epoch", "2026-03-02T03:13:20Z")


@pytest.mark.parametrize("unpacked", [False, True])
def test_dahua_packed_or_already_unpacked(unpacked: bool) -> None:
    event = {"Action": "Start", "Code": "VideoMotion", "Index": 0, "Data": {"UTC": 1772421200}}
    body = json.dumps(event).encode()
    push = _read(body if unpacked else zlib.compress(body), content_encoding="deflate")
    assert (push.vendor, push.kind, push.event_type, push.channel) == ("dahua", Kind.EVENT, "VideoMotion", "0")


def test_a_line_of_dahua() -> None:
    push = _read(b"Code=VideoMotion;action=Start;index=3\r\n", content_type="text/plain")
    assert (push.vendor, push.event_type, push.event_state, push.channel) == ("dahua", "VideoMotion", "Start", "3")
    data = b'Code=CrossLineDetection;action=Stop;index=0;data={\n  "RealUTC" : 1772421200\n}\n'
    assert time(_read(data)) == ("1772421200", "epoch", "2026-03-02T03:13:20Z")


def test_cp_plus_puts_a_vehicle_and_its_plate_into_one_string() -> None:
    body = json.dumps({"Picture": {"Plate": {"PlateNumber": "KX12ABC"}, "VehiclePic": {"Content": _text(SCENE + CUT)}}})
    push = _read(body.encode(), "/NotificationInfo/TollgateInfo")
    assert (push.event_type, roles(push), push.claims) == ("TollgateInfo", ["background", "crop"], {"plate": "KX12ABC"})
    assert [each.body for each in push.pictures] == [SCENE, CUT]


def test_tvt_with_base64_in_cdata() -> None:
    body = (
        '<?xml version="1.0"?><config version="1.7" xmlns="http://www.ipc.com/ver10"><smartType>VFD</smartType>'
        f"<mac><![CDATA[58:5B:69:00:11:22]]></mac><sourceDataInfo><sourceBase64Data><![CDATA[{_text(SCENE)}]]>"
        "</sourceBase64Data></sourceDataInfo><listInfo><item><targetImageData><targetBase64Data>"
        f"<![CDATA[{_text(CUT)}]]></targetBase64Data></targetImageData></item></listInfo></config>"
    )
    push = _read(body.encode())
    assert (push.vendor, push.event_type, push.camera_id) == ("tvt", "VFD", "58:5B:69:00:11:22")
    assert (roles(push), [each.body for each in push.pictures]) == (["background", "crop"], [SCENE, CUT])


def test_a_form_of_software() -> None:
    body = b"camera=front+door&trigger=motion&time=2026-03-02T11%3A13%3A20%2B0800"
    push = _read(body, content_type="application/x-www-form-urlencoded", user_agent="curl/8.0")
    assert (push.vendor, push.kind, push.camera_id, push.event_type) == ("software", Kind.EVENT, "front door", "motion")
    assert time(push) == ("2026-03-02T11:13:20+0800", "offset", "2026-03-02T03:13:20Z")


def test_a_broken_picture_beside_a_whole_one() -> None:
    body = json.dumps({"EventType": "PD_VD", "MACAddress": "00-23", "PicData": {"SnapedObjInfo": [
        {"ObjectImage": _text(CUT)[:60] + "*" + _text(CUT)[60:], "Background": _text(SCENE)}
    ]}})  # fmt: skip
    push = _read(body.encode())
    assert (push.vendor, push.kind, len(push.broken)) == ("qtech", Kind.EVENT, 1)
    assert (roles(push), [each.body for each in push.pictures]) == (["background"], [SCENE])
