"""The size limit of the function's response, and texts of other charsets."""

from __future__ import annotations

import json

import pytest

from inference_api.answers import MAX_RESPONSE_BYTES, inference, require_room_for
from inference_api.errors import AnswerTooLargeError
from inference_api.messages import EventFate, Inference


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x" * 6_200_000, "text/plain"),
        (json.dumps({"boxes": ["a"] * 800_000}).encode(), "application/json"),
        (b"\0" * 4_600_000, "application/x-npy"),
    ],
)
def test_answers_that_fit(body: bytes, content_type: str) -> None:
    require_room_for(Inference(body, content_type))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x" * 6_300_000, "text/plain"),
        (b'"' * 3_200_000, "text/plain"),  # two bytes each in the response
        (b"\0" * 4_800_000, "application/x-npy"),  # a third more in base64
    ],
)
def test_answers_over_lambdas_limit(body: bytes, content_type: str) -> None:
    with pytest.raises(AnswerTooLargeError, match="bytes in the function's response, which has room for"):
        require_room_for(Inference(body, content_type))


def test_the_limit_is_that_of_the_response_as_lambda_counts_it() -> None:
    """The handler's response with the largest text accepted."""
    body = b"x" * (MAX_RESPONSE_BYTES - 8192 - 2)
    require_room_for(Inference(body, "text/plain"))
    response = {"statusCode": 200, "multiValueHeaders": {"A": ["b" * 4096]}, "body": body.decode()}
    assert len(json.dumps(response)) <= MAX_RESPONSE_BYTES


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("größer".encode(), "text/plain", ("größer", "text/plain")),
        ("größer".encode("latin-1"), "text/plain; charset=latin-1", ("größer", "text/plain; charset=utf-8")),
        ("größer".encode("latin-1"), "text/plain", ("gr\ufffd\ufffder", "text/plain")),
        (b"a", "text/plain; charset=klingon", ("a", "text/plain; charset=utf-8")),
        (b"{}", "application/json; charset=UTF-8", ("{}", "application/json; charset=UTF-8")),
    ],
)
def test_texts_go_on_as_utf_8(body: bytes, content_type: str, expected: tuple[str, str]) -> None:
    answer = inference(Inference(body, content_type), "request-1", EventFate.NOT_KEPT)
    assert (answer.body, answer.content_type) == expected


def test_a_programs_own_status_and_headers_reach_the_client() -> None:
    created = Inference(b"{}", status=201, headers={"X-Model": "7", "X-Request-Id": "mine"})
    answer = inference(created, "request-1", EventFate.STORED)
    assert answer.status == 201
    assert answer.headers == {"X-Model": "7", "X-Request-Id": "request-1", "X-Event-Stored": "true"}
    assert inference(Inference(b"", "image/png", status=204), "r", EventFate.NOT_KEPT).status == 204
