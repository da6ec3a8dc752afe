"""Answers to pushes."""

from __future__ import annotations

import json

import pytest

from camera_push.push import Reply
from inference_api.messages import EventFate, Inference
from inference_api.pushes import replies

RESULT = Inference(b'{"bbox_scores": []}')
XML = Reply("application/xml", "<status>success</status>")
ENVELOPE = Reply("application/json", '{"Response": {"ResponseCode": 0}}')


@pytest.mark.parametrize(
    ("reply", "pace", "body"),
    [
        (Reply(), None, ""),
        (Reply(), 500, '{"next_frame_after_ms": 500}'),
        (XML, None, "<status>success</status>"),
        (XML, 500, "<status>success</status>"),
        (ENVELOPE, None, ENVELOPE.body),
        (ENVELOPE, 500, '{"Response": {"ResponseCode": 0},"next_frame_after_ms": 500}'),
    ],
)
def test_a_reply_without_detections(reply: Reply, pace: int | None, body: str) -> None:
    response = replies.bare(reply, "request-1", EventFate.STORED, pace)
    assert (response.status, response.body) == (200, body)
    assert response.headers == {"X-Request-Id": "request-1", "X-Event-Stored": "true"}


@pytest.mark.parametrize(
    ("reply", "answer", "body"),
    [
        (Reply(), RESULT, '{"bbox_scores": []}'),
        (XML, RESULT, "<status>success</status>"),
        (ENVELOPE, RESULT, '{"Response": {"ResponseCode": 0},"result": {"bbox_scores": []}}'),
        (ENVELOPE, Inference(b"{"), ENVELOPE.body),
        (ENVELOPE, Inference(b"1,2", "text/csv"), ENVELOPE.body),
        (ENVELOPE, Inference(b"\x00\xff", "application/x-npy"), ENVELOPE.body),
    ],
)
def test_a_reply_with_detections(reply: Reply, answer: Inference, body: str) -> None:
    assert replies.result(reply, answer, "request-1", EventFate.STORED).body == body


def test_a_devices_own_result_stays_beside_the_detections() -> None:
    """Byte for byte: firmware may look for it without a parser."""
    ok = Reply("application/json", '{"result":true}')
    body = replies.result(ok, RESULT, "request-1", EventFate.STORED, 500).body
    assert body == '{"result":true,"detections": {"bbox_scores": []}, "next_frame_after_ms": 500}'


def test_the_pace_is_beside_the_detections() -> None:
    response = replies.result(ENVELOPE, RESULT, "request-1", EventFate.NOT_KEPT, 500)
    assert isinstance(response.body, str)
    assert json.loads(response.body)["next_frame_after_ms"] == 500


def test_a_programs_own_status_is_kept_where_no_device_expects_another() -> None:
    answer = Inference(b"", "text/plain", status=204)
    assert replies.result(Reply(), answer, "request-1", EventFate.STORED).status == 204
    assert replies.result(ENVELOPE, answer, "request-1", EventFate.STORED).status == 200
