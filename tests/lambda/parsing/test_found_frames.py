"""Pictures in bodies that are neither an image nor our JSON, on ``POST /inference``."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest

from inference_api.errors import InvalidImageError, InvalidRequestError, UnsupportedMediaTypeError
from inference_api.messages import Frame
from inference_api.parsing.frames import parse
from tests.jpegs import jpeg
from tests.lambda_events import as_request, multipart_event, proxy_event, with_query

ONE, TWO, THREE = jpeg(b"1"), jpeg(b"2"), jpeg(b"3")
IN_BASE64 = base64.b64encode(ONE).decode()
DETECTION, COMPARISON = "face-detection", "face-comparison"


def test_a_form_with_one_picture_is_the_picture() -> None:
    words = {"X_Camera_Id": "gate-1", "X_Request_Id": "7", "X_Timestamp": "noon"}
    form = with_query(multipart_event(("text", b"words"), ("photo", ONE), **words), min_confidence="0.5")
    alone = with_query(proxy_event(ONE, content_type="image/jpeg", **words), min_confidence="0.5")
    assert parse(as_request(form), DETECTION) == parse(as_request(alone), DETECTION)


def test_a_form_with_several_pictures_is_several_frames() -> None:
    form = parse(as_request(multipart_event(("a", ONE), ("a", TWO))), DETECTION)
    listed = {"images_base64_enc": [base64.b64encode(each).decode() for each in (ONE, TWO)]}
    assert form == parse(as_request(proxy_event(json.dumps(listed))), DETECTION)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", ONE),
        ("", ONE),
        ("application/json", ONE),
        ("IMAGE/JPEG", ONE),
        ("image/jpeg; charset=binary", ONE),
        ("image/gif", ONE),
        ("video/mp4", ONE),
        ("text/plain", ONE),
        ("application/json", json.dumps({"event": "x", "snapshot": IN_BASE64}).encode()),
        ("", json.dumps({"thumbnail": f"data:image/jpeg;base64,{IN_BASE64}"}).encode()),
        ("application/xml", f"<a><image>{IN_BASE64}</image></a>".encode()),
        ("image/jpeg", b"\r\n" + ONE),
        ("application/octet-stream", json.dumps({"picture": IN_BASE64}).encode()),
        ("application/octet-stream", zlib.compress(json.dumps({"picture": IN_BASE64}).encode())),
    ],
)
def test_a_picture_is_found_in_whatever_a_client_sends(content_type: str, body: bytes) -> None:
    assert parse(as_request(proxy_event(body, content_type=content_type)), DETECTION).frames == {"frame": Frame(ONE)}


@pytest.mark.parametrize("event", [{"image_base64_enc": IN_BASE64, "min_confidence": 7}, {"image_base64_enc": "%"}])
def test_mistakes_of_our_own_clients_are_told_as_ever(event: dict[str, Any]) -> None:
    body = json.dumps(event | {"other": IN_BASE64})
    for sent in (body, body.encode()):
        with pytest.raises((InvalidRequestError, InvalidImageError), match=r"min_confidence|image_base64_enc"):
            parse(as_request(proxy_event(sent)), DETECTION)


@pytest.mark.parametrize(
    ("event", "expected", "says"),
    [
        (multipart_event(("a", b"words")), InvalidRequestError, "no part of the body holds a picture"),
        (multipart_event(("a", ONE[:-6])), InvalidImageError, "."),
        (multipart_event(*[("a", ONE)] * 21), InvalidRequestError, "at most 20"),
        (with_query(multipart_event(("a", ONE)), min_confidence="2"), InvalidRequestError, "min_confidence"),
        (proxy_event(b"<a/>", content_type="application/xml"), UnsupportedMediaTypeError, "application/xml"),
        (proxy_event(b"<!DOCTYPE a><a/>", content_type="application/xml"), InvalidRequestError, "."),
        (proxy_event(b'{"a": 1}', content_type="application/json"), InvalidRequestError, "image_base64_enc"),
        (proxy_event(b"<!DOCTYPE a><a/>"), InvalidRequestError, "not valid JSON"),
    ],
)
def test_bodies_without_a_whole_picture(event: dict[str, Any], expected: type[Exception], says: str) -> None:
    with pytest.raises(expected, match=says):
        parse(as_request(event), DETECTION)


@pytest.mark.parametrize("content_type", ["text/plain;charset=UTF-8", "application/vnd.x+json", "image/jpeg", "a/b"])
def test_our_json_is_read_as_such_under_any_type(content_type: str) -> None:
    """With its options and its camera; a browser's ``fetch`` declares text."""
    body = {"image_base64_enc": IN_BASE64, "min_confidence": 0.5, "camera_id": "gate-1", "request_id": 7}
    declared = parse(as_request(proxy_event(json.dumps(body).encode(), content_type="application/json")), DETECTION)
    event = proxy_event(json.dumps(body).encode(), content_type=content_type)
    assert parse(as_request(event), DETECTION) == declared
    wrong = proxy_event(json.dumps({**body, "min_confidence": "x"}).encode(), content_type=content_type)
    with pytest.raises(InvalidRequestError, match="min_confidence"):
        parse(as_request(wrong), DETECTION)


@pytest.mark.parametrize("content_type", ["text/plain", "image/jpeg"])
def test_pictures_under_a_name_of_ours_in_json_of_others(content_type: str) -> None:
    body = json.dumps({"images": [IN_BASE64, IN_BASE64]}).encode()
    assert len(parse(as_request(proxy_event(body, content_type=content_type)), DETECTION).frames) == 2


@pytest.mark.parametrize(
    "parts",
    [
        [("source_image", ONE), ("target_image", TWO)],
        [("target_image", TWO), ("source_image", ONE)],
        [("target", TWO), ("source", ONE)],
        [("target_image", TWO), ("b", ONE)],
        [("a", ONE), ("b", TWO)],
    ],
)
def test_a_comparison_takes_a_form_of_two(parts: list[tuple[str, bytes]]) -> None:
    assert parse(as_request(multipart_event(*parts)), COMPARISON).frames == {"source": Frame(ONE), "target": Frame(TWO)}


def test_a_comparison_takes_several_targets() -> None:
    event = multipart_event(("target", TWO), ("source", ONE), ("target", THREE))
    assert parse(as_request(event), COMPARISON).frames == {
        "source": Frame(ONE),
        "target-0": Frame(TWO),
        "target-1": Frame(THREE),
    }


def test_a_comparison_needs_two_and_takes_no_query() -> None:
    with pytest.raises(InvalidRequestError, match="takes two pictures"):
        parse(as_request(multipart_event(("a", ONE))), COMPARISON)
    with pytest.raises(InvalidRequestError, match="a comparison takes"):
        parse(as_request(with_query(multipart_event(("a", ONE), ("b", TWO)), max_results="1")), COMPARISON)


def test_a_form_reaches_a_program_unread_with_its_boundary() -> None:
    event = multipart_event(("a", ONE))
    frame = parse(as_request(event), "custom").frames["frame"]
    assert frame.body == base64.b64decode(event["body"])
    assert frame.content_type == 'multipart/form-data; boundary="boundary"'


@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded", "application/json"])
def test_a_picture_under_a_type_of_json_reaches_a_program_as_a_picture(content_type: str) -> None:
    frame = parse(as_request(proxy_event(ONE, content_type=content_type)), "custom").frames["frame"]
    assert (frame.body, frame.content_type) == (ONE, "image/jpeg")


def test_bytes_under_a_type_of_json_reach_no_program() -> None:
    with pytest.raises(InvalidRequestError, match="not valid JSON"):
        parse(as_request(proxy_event(b"\xff\x00\xfe")), "custom")
    assert parse(as_request(proxy_event(b'["\xc3\xa4"]')), "custom").frames["frame"].content_type == "application/json"


def test_a_container_of_the_older_json_gets_the_picture_of_a_form() -> None:
    event = multipart_event(("a", ONE))
    assert parse(as_request(event), "custom", as_older_json=True).frames == {"frame": Frame(ONE)}


@pytest.mark.parametrize("application", [DETECTION, "custom"])
@pytest.mark.parametrize("content_type", [None, "image/jpeg", "multipart/form-data; boundary=b", "text/plain"])
def test_an_event_whose_body_is_not_as_it_says(content_type: str | None, application: str) -> None:
    event = proxy_event("%%%", content_type=content_type) | {"isBase64Encoded": True}
    with pytest.raises(InvalidRequestError, match="isBase64Encoded"):
        parse(as_request(event), application)


def test_all_bodies_in_base64_are_as_their_texts() -> None:
    document = json.dumps({"image_base64_enc": IN_BASE64, "request_id": 7, "min_confidence": 0.5})
    for content_type in (None, "application/json", "text/json", "application/x-www-form-urlencoded"):
        told = [
            parse(as_request(proxy_event(body, content_type=content_type)), DETECTION)
            for body in (document, document.encode(), b"\xef\xbb\xbf" + document.encode())
        ]
        assert told[0] == told[1] == told[2]
