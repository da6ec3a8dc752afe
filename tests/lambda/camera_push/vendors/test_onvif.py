from __future__ import annotations

import pytest

from camera_push.documents import Element
from camera_push.push import Kind, Reply
from tests.camera_envelopes import read, time, xml


def _message(topic: str, state: str, operation: str = "Changed", token: str = "VideoSource_1") -> str:
    return (
        f"<n:NotificationMessage><n:Topic> {topic} </n:Topic><n:Message><t:Message UtcTime='2026-03-02T07:08:09Z'"
        f" PropertyOperation='{operation}'><t:Source><t:SimpleItem Name='Rule' Value='R1'/>"
        f"<t:SimpleItem Name='VideoSourceConfigurationToken' Value='{token}'/></t:Source><t:Data>"
        f"<t:SimpleItem Name='State' Value='{state}'/></t:Data></t:Message></n:Message></n:NotificationMessage>"
    )


def _notify(*messages: str, block: str = "n:Notify") -> Element:
    return xml(
        "<s:Envelope xmlns:s='s' xmlns:n='n' xmlns:t='t'><s:Header/><s:Body>"
        f"<{block}>{''.join(messages)}</{block}></s:Body></s:Envelope>"
    )


@pytest.mark.parametrize("block", ["n:Notify", "n:PullMessagesResponse"])
def test_the_first_change_counts(block: str) -> None:
    push = read(
        _notify(
            _message("tns1:VideoSource/MotionAlarm", "false", "Initialized"),
            _message("tns1:RuleEngine/FieldDetector/ObjectsInside", "true"),
            block=block,
        )
    )
    assert (push.vendor, push.kind, push.event_type, push.event_state, push.channel) == (
        "onvif", Kind.EVENT, "tns1:RuleEngine/FieldDetector/ObjectsInside", "true", "VideoSource_1"
    )  # fmt: skip
    assert (push.camera_id, dict(push.ids), push.reply) == (None, {}, Reply())
    assert time(push) == ("2026-03-02T07:08:09Z", "offset", "2026-03-02T07:08:09Z")
    assert push.claims == {"rule": "R1", "events": ["tns1:VideoSource/MotionAlarm"]}


@pytest.mark.parametrize(
    ("topic", "token", "vendor"),
    [
        ("tns1:RuleEngine/CellMotionDetector/Motion", "000", "reolink"),
        ("tns1:RuleEngine/MyRuleDetector/PeopleDetect", "T", "reolink"),
        ("tns1:VideoAnalytics/tnssamsung:MotionDetection", "T", "hanwha"),
        ("tnsaxis:CameraApplicationPlatform/ObjectAnalytics", "T", "axis"),
        ("tns1:RuleEngine/CellMotionDetector/Motion", "00000", "onvif"),
    ],
)
def test_makers_are_told_by_their_topics_and_tokens(topic: str, token: str, vendor: str) -> None:
    assert read(_notify(_message(topic, "true", token=token))).vendor == vendor


@pytest.mark.parametrize(
    ("messages", "kind"),
    [
        ([], Kind.HEARTBEAT),
        ([_message("tns1:VideoSource/MotionAlarm", "false", "Initialized")], Kind.HEARTBEAT),
        ([_message("tns1:VideoSource/MotionAlarm", "true", "Initialized")], Kind.EVENT),
        ([_message("tns1:VideoSource/MotionAlarm", "false")], Kind.EVENT),
    ],
)
def test_first_states_in_which_nothing_happened_are_no_event(messages: list[str], kind: Kind) -> None:
    assert read(_notify(*messages)).kind is kind
