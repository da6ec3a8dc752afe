from __future__ import annotations

import pytest

from camera_push.documents import Element
from camera_push.push import Kind
from tests.camera_envelopes import LARGE, SMALL, read, roles, time, xml


def _config(inner: str, version: str = "1.7") -> Element:
    return xml(f'<config version="{version}" xmlns="http://www.ipc.com/ver10">{inner}</config>')


DEVICE = (
    "<deviceInfo><deviceName>Gate</deviceName><ip>10.0.0.6</ip><mac>58:5B:69:00:11:22</mac><channelId>4</channelId>"
    "</deviceInfo>"
)
TARGET = "<targetImageData><targetBase64Data>picture:{0}</targetBase64Data></targetImageData>"
SOURCE = "<sourceDataInfo><sourceBase64Data>picture:0</sourceBase64Data></sourceDataInfo>"


def test_a_face_of_a_recorder() -> None:
    inner = (
        f"<messageType>alarmData</messageType>{DEVICE}<smartType>videoFaceDetect</smartType>"
        f"<currentTime>1772421200929000</currentTime>{SOURCE}<faceListInfo><item><targetId>5</targetId>"
        "<rect><x1>854</x1><y1>176</y1><x2>978</x2><y2>300</y2></rect><age>middleAged</age><mask>no</mask>"
        "<glasses>unknown</glasses>" + TARGET.format(1) + "</item></faceListInfo>"
    )
    push = read(_config(inner, "2.0.0"), pictures=[LARGE, SMALL])
    assert (push.vendor, push.kind, push.event_type, push.channel) == ("tvt", Kind.EVENT, "videoFaceDetect", "4")
    assert (push.camera_id, dict(push.ids)) == ("58:5B:69:00:11:22", {"mac": "58:5B:69:00:11:22", "ip": "10.0.0.6"})
    assert time(push) == ("1772421200929000", "epoch", "2026-03-02T03:13:20Z")
    assert roles(push) == ["background", "crop"]
    assert push.claims == {
        "age": "middleAged",
        "mask": "no",
        "rectangles": [{"label": "target", "x": 854, "y": 176, "width": 124, "height": 124}],
        "units": "pixel",
    }
    assert "<status>success</status>" in push.reply.body
    assert push.reply.content_type == "application/xml"
    assert not push.repeats


def test_a_plate_of_a_camera_sends_the_scene_as_its_first_target() -> None:
    inner = (
        "<smartType>VEHICE</smartType><mac>58:5B:69:00:11:22</mac><listInfo><item>" + TARGET.format(0) + "</item>"
        '<item><plateNumber>KX12ABC</plateNumber><PlateConfidence count="9900"/>'
        + TARGET.format(1)
        + "</item></listInfo>"
    )
    push = read(_config(inner), pictures=[LARGE, SMALL])
    assert (roles(push), push.claims) == (["background", "crop"], {"plate": "KX12ABC", "confidence": 99.0})


def test_a_lone_target_is_a_crop() -> None:
    inner = "<smartType>VFD</smartType><listInfo><item>" + TARGET.format(0) + "</item></listInfo>"
    assert roles(read(_config(inner), pictures=[SMALL])) == ["crop"]


def test_the_state_of_an_intrusion() -> None:
    inner = (
        "<smartType>PEA</smartType><perimeter><perInfo><item><status>SMART_START</status></item></perInfo></perimeter>"
    )
    assert read(_config(inner)).event_state == "SMART_START"


@pytest.mark.parametrize(
    ("inner", "kind", "event_type", "state"),
    [
        ("<alarmStatusInfo><motionAlarm>true</motionAlarm></alarmStatusInfo>", Kind.EVENT, "motionAlarm", "true"),
        (
            "<alarmStatusInfo><motionAlarm>false</motionAlarm><oscAlarm>false</oscAlarm></alarmStatusInfo>",
            Kind.HEARTBEAT,
            "alarmStatusInfo",
            "false",
        ),
        ("<dataTime>2026-03-02 07:08:09</dataTime>", Kind.HEARTBEAT, "keepalive", None),
        ("<messageType>keepalive</messageType>", Kind.HEARTBEAT, "keepalive", None),
        ("<messageType>test</messageType>", Kind.TEST, "test", None),
        ("<traject><item><targetId>4</targetId></item></traject>", Kind.HEARTBEAT, "traject", None),
        ("<smartType>AVD</smartType>", Kind.EVENT, "AVD", None),
    ],
)
def test_what_is_no_alarm(inner: str, kind: Kind, event_type: str, state: str | None) -> None:
    push = read(_config(inner + DEVICE))
    assert (push.kind, push.event_type, push.event_state) == (kind, event_type, state)


def test_several_alarms_at_once() -> None:
    status = "<alarmStatusInfo><motionAlarm>true</motionAlarm><oscAlarm>true</oscAlarm></alarmStatusInfo>"
    assert read(_config(status)).claims == {"events": ["oscAlarm"]}
