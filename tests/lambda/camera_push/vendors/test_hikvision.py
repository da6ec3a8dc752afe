from __future__ import annotations

import pytest

from camera_push.envelope import FoundPicture
from camera_push.push import Kind, Reply
from tests.camera_envelopes import LARGE, SMALL, document, read, roles, time, xml


def _alert(event_type: str, state: str = "active", more: str = "", namespace: str = "urn:psialliance-org") -> str:
    return (
        f'<EventNotificationAlert version="2.0" xmlns="{namespace}"><ipAddress>10.0.0.5</ipAddress>'
        "<macAddress>aa:bb:cc:00:11:22</macAddress><channelID>33</channelID>"
        f"<dateTime>2026-03-02T07:08:09-5:00</dateTime><eventType>{event_type}</eventType>"
        f"<eventState>{state}</eventState>{more}</EventNotificationAlert>"
    )


@pytest.mark.parametrize(
    "event_type", ["linedetection", "regionEntrance", "shelteralarm", "diskfull", "nicbroken", "IO"]
)
def test_an_alarm_without_a_picture_is_an_event(event_type: str) -> None:
    push = read(xml(_alert(event_type)))
    assert (push.vendor, push.kind, push.event_type, push.event_state) == (
        "hikvision", Kind.EVENT, event_type, "active"
    )  # fmt: skip
    assert (push.camera_id, push.channel) == ("aa:bb:cc:00:11:22", "33")
    assert dict(push.ids) == {"mac": "aa:bb:cc:00:11:22", "ip": "10.0.0.5"}
    assert time(push) == ("2026-03-02T07:08:09-5:00", "offset", "2026-03-02T12:08:09Z")
    assert push.repeats
    assert push.reply == Reply()


@pytest.mark.parametrize(
    ("event_type", "state", "kind"),
    [
        ("heartBeat", "active", Kind.HEARTBEAT),
        ("heartbeat", "inactive", Kind.HEARTBEAT),
        ("videoloss", "inactive", Kind.HEARTBEAT),
        ("videoloss", "active", Kind.EVENT),
        ("VMD", "inactive", Kind.EVENT),
    ],
)
def test_heartbeats_are_told_from_alarms(event_type: str, state: str, kind: Kind) -> None:
    assert read(xml(_alert(event_type, state))).kind is kind
    assert read({"eventType": event_type, "eventState": state, "dateTime": "2026-03-02T07:08:09+08:00"}).kind is kind


def test_a_heartbeat_before_an_alarm_does_not_hide_it() -> None:
    push = read(xml(_alert("videoloss", "inactive")), xml(_alert("VMD")))
    assert (push.kind, push.event_type) == (Kind.EVENT, "VMD")


def test_alerts_in_a_list_or_a_wrapper_are_read() -> None:
    several = [
        {"eventType": "AIOP", "eventState": "active", "channelID": 2, "macAddress": "aa:bb:cc:00:11:22"},
        {"eventType": "VMD", "eventState": "active"},
    ]
    push = read(several)
    assert (push.event_type, push.channel, push.claims["events"]) == ("AIOP", "2", ["VMD"])
    assert read({"EventNotificationAlert": several[0]}).event_type == "AIOP"


def test_a_plate_with_its_pictures() -> None:
    anpr = (
        "<ANPR><licensePlate>KX12ABC</licensePlate><confidenceLevel>88</confidenceLevel><direction>reverse</direction>"
        "<plateRect><X>100</X><Y>200</Y><width>50</width><height>20</height></plateRect></ANPR>"
    )
    names = [
        "licensePlatePicture.jpg",
        "detectionPicture_1.jpg",
        "vehiclePicture.jpg",
        "pilotPicture",
        "featurePicture",
    ]
    push = read(
        document(xml(_alert("ANPR", more=anpr)), "anpr.xml"),
        pictures=[FoundPicture(SMALL, name, name) for name in names],
    )
    assert roles(push) == ["crop", "background", "object", "crop", "object"]
    assert [picture.name for picture in push.pictures] == names
    assert (push.claims["plate"], push.claims["confidence"], push.claims["units"]) == ("KX12ABC", 88, "1/1000")
    assert push.claims["rectangles"] == [{"label": "plate", "x": 100, "y": 200, "width": 50, "height": 20}]


def test_pictures_are_found_by_their_content_ids_before_names_that_repeat() -> None:
    tree = {
        "eventType": "mixedTargetDetection",
        "macAddress": "aa:bb:cc:00:11:22",
        "CaptureResult": [
            {
                "Human": {
                    "Rect": {"x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4},
                    "contentID1": "a",
                    "contentID2": "b",
                },
                "Face": {"contentID1": "c", "pId1": "d"},
            }
        ],
    }
    name = "mixedTargetDetection"
    pictures = [FoundPicture(SMALL, name, content_id=each) for each in "abc"] + [FoundPicture(SMALL, "d")]
    push = read(tree, pictures=pictures)
    assert roles(push) == ["object", "background", "crop", "crop"]
    assert push.claims["rectangles"] == [{"label": "Human", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}]
    assert push.claims["units"] == "1"


def test_of_pictures_of_one_name_the_largest_is_the_scene() -> None:
    push = read(xml(_alert("faceSnap")), pictures=[FoundPicture(each, "faceCapture") for each in (SMALL, LARGE)])
    assert roles(push) == ["crop", "background"]
    assert roles(read(xml(_alert("faceCapture")), pictures=[FoundPicture(SMALL, "faceCapture")])) == ["crop"]


def test_an_address_in_place_of_a_picture_is_a_claim_without_its_credential() -> None:
    push = read({"eventType": "VMD", "eventState": "active", "imageUrl": "http://u:secret@10.0.0.5/p.jpg?token=secret"})
    assert push.claims["picture_urls"] == ["http://10.0.0.5/p.jpg"]


def test_pictures_alone_are_told_by_their_names() -> None:
    push = read(pictures=[FoundPicture(LARGE, "Picture", "Picture.jpg")])
    assert (push.vendor, push.kind, push.event_type, roles(push)) == ("hikvision", Kind.EVENT, None, ["background"])
    assert read(pictures=[FoundPicture(LARGE, "fielddetectionImage")]).vendor == "hikvision"
    assert read(pictures=[FoundPicture(LARGE, "Picture")], agent="curl/8").vendor == "software"
    assert read(pictures=[FoundPicture(LARGE, "image")]).vendor == "generic"


def test_an_empty_multipart_body_keeps_alive() -> None:
    push = read(content_type="multipart/form-data; boundary=boundary")
    assert (push.vendor, push.kind, push.event_type) == ("hikvision", Kind.HEARTBEAT, None)


def test_a_broken_picture_is_an_event_with_its_fault() -> None:
    push = read(xml(_alert("heartBeat")), broken=["ends before its end"])
    assert (push.kind, push.broken) == (Kind.EVENT, ("ends before its end",))


def test_names_and_cards_of_people_are_no_claims() -> None:
    event = {"name": "Ada Lovelace", "cardNo": "0123456789", "employeeNoString": "42", "majorEventType": 5}
    push = read(
        {"eventType": "AccessControllerEvent", "dateTime": "2026-03-02T07:08:09", "AccessControllerEvent": event}
    )
    assert push.claims == {"major_event_type": 5}
    assert time(push) == ("2026-03-02T07:08:09", "none", None)
