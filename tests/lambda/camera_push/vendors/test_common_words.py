"""Axis, ESP32, software, Hanwha's GET and everything else: pictures and facts by common names."""

from __future__ import annotations

from typing import Any

import pytest

from camera_push import vendors
from camera_push.envelope import FoundPicture
from camera_push.push import Kind, Sent
from tests.camera_envelopes import LARGE, SMALL, document, envelope, read, roles, time


def test_the_test_button_of_axis_is_a_get() -> None:
    push = read(method="GET", agent="Axis", query={"camera": "gate"})
    assert (push.vendor, push.kind, push.event_type, push.camera_id) == ("axis", Kind.TEST, "test", "gate")
    push = read(method="GET", agent="Axis", query={"event": "motion"})
    assert (push.kind, push.event_type) == (Kind.EVENT, "motion")


@pytest.mark.parametrize(
    ("filename", "raw"),
    [
        ("image26-03-02_07-08-09-12_1.jpg", "26-03-02_07-08-09-12"),
        ("gate2026-03-02_07-08-09.jpg", "2026-03-02_07-08-09"),
    ],
)
@pytest.mark.parametrize("agent", ["Axis", None])
def test_the_file_name_of_axis_is_its_time(filename: str, raw: str, agent: str | None) -> None:
    headers = {"content-disposition": f'attachment; filename="{filename}"'} | ({"user-agent": agent} if agent else {})
    query = {"camera": "gate", "trigger": "tripwire"}
    push = vendors.recognise(Sent("POST", "", query, headers), envelope(pictures=[LARGE]))
    assert (push.vendor, push.kind, push.event_type, push.camera_id) == ("axis", Kind.EVENT, "tripwire", "gate")
    assert (time(push), roles(push)) == ((raw, "none", None), ["background"])


def test_a_plate_of_the_verifier_of_axis() -> None:
    images = [
        {"ImageType": kind, "BinaryImage": f"picture:{number}"} for number, kind in enumerate(["plate", "vehicle"])
    ]
    tree = {
        "plateText": "KX12ABC",
        "carID": "7",
        "plateConfidence": "0.97",
        "capture_timestamp": "1772421200929",
        "camera_info": {"SerialNumber": "ACCC8E"},
        "ImageArray": images,
    }
    push = read(tree, pictures=[SMALL, LARGE])
    assert (push.vendor, push.kind, push.camera_id, roles(push)) == (
        "axis",
        Kind.EVENT,
        "ACCC8E",
        ["crop", "background"],
    )
    assert push.claims == {"plate": "KX12ABC", "confidence": 0.97}
    assert time(push) == ("1772421200929", "epoch", "2026-03-02T03:13:20Z")


@pytest.mark.parametrize("agent", ["ESP32 HTTP Client/1.0", "ESP32HTTPClient", None])
def test_the_sketch_of_esp32(agent: str | None) -> None:
    push = read(pictures=[FoundPicture(LARGE, "imageFile", "esp32-cam.jpg")], agent=agent)
    assert (push.vendor, push.kind, roles(push), push.time) == ("esp32", Kind.EVENT, ["background"], None)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (
            {"camera": "Gate", "trigger": "MOTION_A", "time": "3/2/2026 7:08:09 AM"},
            ("Gate", {"name": "Gate"}, "MOTION_A", ("3/2/2026 7:08:09 AM", "none", None)),
        ),
        (
            {"event": {"type": "motion", "camera": {"name": "Gate", "id": 4}}, "ts": 1772421200},
            ("Gate", {"name": "Gate", "device_id": "4"}, "motion", ("1772421200", "epoch", "2026-03-02T03:13:20Z")),
        ),
        (
            {"camera_id": "c7", "mac": "aa:bb", "alarm_type": "LPR", "timestamp": "2026-03-02T07:08:09Z"},
            (
                "c7",
                {"device_id": "c7", "mac": "aa:bb"},
                "LPR",
                ("2026-03-02T07:08:09Z", "offset", "2026-03-02T07:08:09Z"),
            ),
        ),
    ],
)
def test_facts_by_common_names(tree: dict[str, Any], expected: tuple[Any, ...]) -> None:
    push = read(tree, agent="BlueIris")
    assert (push.vendor, push.kind) == ("software", Kind.EVENT)
    assert (push.camera_id, dict(push.ids), push.event_type, time(push)) == expected
    assert read(tree).vendor == "generic"


def test_a_form_is_read_like_json_and_before_the_query() -> None:
    push = read(
        document("front-door", "camera"),
        document("2026-03-02T07:08:09+0800", "time"),
        document("0.9", "score"),
        pictures=[
            FoundPicture(LARGE, "image", "1.jpg"),
            FoundPicture(LARGE, "image", "2.jpg"),
            FoundPicture(SMALL, "face"),
        ],
        agent="curl/8.0",
        query={"camera": "other", "channel": "2"},
    )
    assert (push.vendor, push.camera_id, push.channel) == ("software", "front-door", "2")
    assert time(push) == ("2026-03-02T07:08:09+0800", "offset", "2026-03-01T23:08:09Z")
    assert roles(push) == ["background", "background", "crop"]
    assert push.claims == {"confidence": 0.9}


def test_pairs_are_read_like_json() -> None:
    push = read(document({"camera": "gate", "event": "motion"}, kind="pairs"))
    assert (push.camera_id, push.event_type, push.kind) == ("gate", "motion", Kind.EVENT)


def test_an_event_of_frigate() -> None:
    after = {
        "id": "1.a",
        "camera": "gate",
        "label": "person",
        "top_score": 0.8,
        "box": [1, 2, 31, 42],
        "start_time": 1772421200.5,
    }
    push = read({"type": "new", "before": after, "after": after})
    assert (push.vendor, push.kind, push.event_type, push.event_state, push.camera_id) == (
        "software", Kind.EVENT, "person", "new", "gate"
    )  # fmt: skip
    assert dict(push.ids) == {"name": "gate", "event_id": "1.a"}
    assert time(push) == ("1772421200.5", "epoch", "2026-03-02T03:13:20Z")
    assert push.claims["rectangles"] == [{"label": "person", "x": 1, "y": 2, "width": 30, "height": 40}]


@pytest.mark.parametrize(
    ("query", "kind", "event_type"),
    [({}, Kind.HEARTBEAT, None), ({"camera": "gate"}, Kind.HEARTBEAT, None), ({"event": "md"}, Kind.EVENT, "md")],
)
def test_a_bare_get_is_an_event_only_where_the_installer_named_one(
    query: dict[str, str], kind: Kind, event_type: str | None
) -> None:
    push = read(method="GET", query=query)
    assert (push.vendor, push.kind, push.event_type) == ("hanwha", kind, event_type)
    assert read(method="GET", query=query, agent="Mozilla/5.0").vendor == "generic"


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        ({"temperature": 20, "uptime": 7}, Kind.HEARTBEAT),
        ({}, Kind.HEARTBEAT),
        ({"message": "test"}, Kind.TEST),
        ({"type": "keep-alive"}, Kind.HEARTBEAT),
        ({"plate": "KX12ABC"}, Kind.EVENT),
        ({"event": "motion"}, Kind.EVENT),
    ],
)
def test_a_document_without_any_word_for_an_event_is_a_sign_of_life(tree: dict[str, Any], kind: Kind) -> None:
    assert read(tree).kind is kind
    assert read(tree, pictures=[LARGE]).kind is Kind.EVENT
    assert read(tree, broken=["no picture"]).kind is Kind.EVENT


def test_a_path_may_keep_alive() -> None:
    push = read({"event": "status"}, path="/gate/heartbeat")
    assert (push.vendor, push.kind) == ("generic", Kind.HEARTBEAT)
    assert read(path="/gate/P\x1fING").event_type != "P\x1fING"
