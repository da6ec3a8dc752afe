from __future__ import annotations

import base64
import json
import re
import tracemalloc
from typing import Any

import pytest

from inference_api.errors import ApiError, InvalidImageError, InvalidRequestError, UnsupportedMediaTypeError
from inference_api.messages import Frame
from inference_api.parsing.frames import parse
from tests.detection_options import (
    DETECTION_OPTIONS,
    NAMES,
    REFUSALS,
    REFUSED,
    REFUSED_IN_URL,
    VALID,
    WHOLE_NUMBERS,
    in_url,
)
from tests.lambda_events import as_request, older_client_event, proxy_event

JPEG = b"\xff\xd8\xff\xe0 a frame"
PNG = b"\x89PNG\r\n\x1a\n a frame"


def test_the_image_itself() -> None:
    event = proxy_event(JPEG, content_type="image/jpeg", X_Camera_Id="gate-1", X_Request_Id="7")
    request = parse(as_request(event), "face-detection")
    assert request.frames == {"frame": Frame(JPEG)}
    assert (request.camera_id, request.client_request_id) == ("gate-1", "7")


def test_existing_clients_requests() -> None:
    request = parse(as_request(older_client_event(JPEG)), "body-detection")
    assert request.frames["frame"].body == JPEG
    assert (request.client_request_id, request.timestamp, request.camera_id) == ("1242322", "1614000000.0", "unknown")


@pytest.mark.parametrize("content_type", ["application/json", "APPLICATION/JSON; charset=utf-8", "text/json"])
def test_json_with_a_content_type(content_type: str) -> None:
    event = older_client_event(JPEG, camera_id="door") | {"headers": {"content-type": content_type}}
    assert parse(as_request(event), "body-detection").camera_id == "door"


def test_curl_without_a_content_type_of_its_own() -> None:
    event = older_client_event(JPEG) | {"headers": {"content-type": "application/x-www-form-urlencoded"}}
    assert parse(as_request(event), "face-detection").frames["frame"].body == JPEG


def test_options_of_an_image_and_of_json() -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {name: in_url(value) for name, value in VALID.items()}
    # An AWS signature in the URL, which API Gateway has checked.
    event["queryStringParameters"] |= {"X-Amz-Signature": "f00", "x-amz-date": "20260101T000000Z"}
    assert parse(as_request(event), "face-detection").options == VALID
    event = older_client_event(JPEG, min_confidence=0.5, max_results=3, normalized=False)
    expected = {"min_confidence": 0.5, "max_results": 3, "normalized": False}
    assert parse(as_request(event), "face-detection").options == expected


TEXTS = ["a b", "1; x=2", "1\r\nX: y", "", "9" * 40, "9" * 5000, "[" * 5000, "NaN", "Infinity", "1e400", "null"]
"""Query parameters that no option takes."""


@pytest.mark.parametrize("name", [name for name in DETECTION_OPTIONS if name not in NAMES])
@pytest.mark.parametrize("text", [*TEXTS, "'1'", '"0.5"', "True", "yes", "0x1", " "])
def test_a_query_parameter_that_is_no_option(name: str, text: str) -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {name: text}
    with pytest.raises(InvalidRequestError, match=f"^{REFUSALS[name]}$"):
        parse(as_request(event), "face-detection")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", " ", ",", "person,a\r\nX: y", "9" * 101, "a," * 101])
def test_a_query_parameter_that_is_no_name(name: str, text: str) -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {name: text}
    with pytest.raises(InvalidRequestError, match=f"^{REFUSALS[name]}$"):
        parse(as_request(event), "face-detection")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", ("7",)),
        ("true", ("true",)),
        ("null", ("null",)),
        (" person , traffic light,", ("person", "traffic light")),
    ],
)
def test_names_in_the_url_are_text(text: str, expected: tuple[str, ...]) -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {"classes": text}
    assert parse(as_request(event), "object-detection").options == {"classes": expected}


@pytest.mark.parametrize(("name", "value"), REFUSED_IN_URL, ids=lambda value: repr(value)[:12])
def test_a_value_in_the_url_that_is_no_option(name: str, value: object) -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {name: json.dumps(value)}
    with pytest.raises(InvalidRequestError, match=f"^{REFUSALS[name]}$"):
        parse(as_request(event), "face-detection")


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=lambda value: repr(value)[:12])
def test_a_value_that_is_no_option(name: str, value: object) -> None:
    for document in ({"image_base64_enc": "AAAA"}, {"images_base64_enc": ["AAAA"]}, {"images": ["s3://bucket/key"]}):
        event = proxy_event(json.dumps(document | {name: value}))
        with pytest.raises(InvalidRequestError, match=f"^{REFUSALS[name]}$"):
            parse(as_request(event), "face-detection")


@pytest.mark.parametrize(("name", "least", "most"), WHOLE_NUMBERS)
def test_whole_numbers_have_two_ends(name: str, least: int, most: int) -> None:
    for value in (least, most):
        assert parse(as_request(older_client_event(JPEG, **{name: value})), "face-detection").options == {name: value}
    for value in (least - 1, most + 1):
        with pytest.raises(InvalidRequestError, match=f"^{REFUSALS[name]}$"):
            parse(as_request(older_client_event(JPEG, **{name: value})), "face-detection")


def test_a_query_parameter_that_is_there_twice() -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {"max_results": "2"}
    event["multiValueQueryStringParameters"] = {"max_results": ["1", "2"]}
    with pytest.raises(InvalidRequestError, match="'max_results' is in the URL more than once"):
        parse(as_request(event), "face-detection")
    event["multiValueQueryStringParameters"]["max_results"] = ["2"]
    assert parse(as_request(event), "face-detection").options == {"max_results": 2}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("min_confidance", "'min_confidance', did you mean 'min_confidence'?"),
        ("Max_Results", "'Max_Results', did you mean 'max_results'?"),
        ("MIN_CONFIDENCE", "'MIN_CONFIDENCE', did you mean 'min_confidence'?"),
        ("normalised", "'normalised', did you mean 'normalized'?"),
        ("other", "'other'"),
        ("", "''"),
        ("门" * 500, f"'{'门' * 64}'"),
    ],
)
def test_a_query_parameter_that_there_is_not(name: str, says: str) -> None:
    known = "it takes min_confidence, max_results, normalized, classes"
    image = proxy_event(JPEG, content_type="image/jpeg")
    for event in (image, older_client_event(JPEG)):
        event["queryStringParameters"] = {name: "1"}
        with pytest.raises(InvalidRequestError, match=f"^{re.escape(f'the URL has no parameter {says}; {known}')}$"):
            parse(as_request(event), "face-detection")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("similarity_treshold", ", did you mean 'similarity_threshold'?; a comparison takes "),
        ("MIN_CONFIDENCE", "'MIN_CONFIDENCE', did you mean 'min_confidence'?; a comparison takes "),
        ("min_confidence", "'min_confidence'; a comparison takes similarity_threshold, min_confidence, "),
        ("normalized", "'normalized'; a comparison"),
        ("x", "'x'; a comparison"),
    ],
)
def test_a_comparison_takes_no_query_parameters(name: str, says: str) -> None:
    event = proxy_event(json.dumps({"source_image": "AAAA", "target_image": "AAAA"}))
    event["queryStringParameters"] = {name: "1", "X-Amz-Signature": "f00"}
    with pytest.raises(InvalidRequestError, match=re.escape(says)):
        parse(as_request(event), "face-comparison")


def test_the_query_of_a_custom_application_is_left_alone() -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {"anything": "1"}
    assert parse(as_request(event), "custom").frames["frame"].body == JPEG


def test_headers_name_a_request_in_json_that_does_not_name_itself() -> None:
    event = proxy_event(json.dumps({"image_base64_enc": "AAAA"}), X_Request_Id="of-mine", X_Timestamp="noon")
    request = parse(as_request(event), "face-detection")
    assert (request.client_request_id, request.timestamp) == ("of-mine", "noon")
    assert parse(as_request(older_client_event(JPEG)), "face-detection").client_request_id == "1242322"


def test_several_frames_of_a_detection() -> None:
    encoded = [base64.b64encode(image).decode() for image in (JPEG, PNG)]
    document = {"images_base64_enc": encoded, "max_results": 3, "clip": True, "image_base64_enc": None}
    request = parse(as_request(proxy_event(json.dumps(document))), "body-detection")
    assert request.frames == {"frame-0": Frame(JPEG), "frame-1": Frame(PNG)}
    assert (request.options, request.uris) == ({"max_results": 3, "clip": True}, ())


def test_frames_that_lie_in_s3() -> None:
    document = {"images": ["s3://bucket/a.jpg", "s3://bucket/b.jpg"], "camera_id": "gate", "normalized": False}
    request = parse(as_request(proxy_event(json.dumps(document))), "face-detection")
    assert (request.frames, request.uris) == ({}, ("s3://bucket/a.jpg", "s3://bucket/b.jpg"))
    assert (request.options, request.camera_id) == ({"normalized": False}, "gate")


def test_clip_means_nothing_beside_one_image() -> None:
    assert parse(as_request(older_client_event(JPEG, clip="as ever")), "face-detection").options == {}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"images_base64_enc": []}, "'images_base64_enc' must be a list of 1 to 20 images"),
        ({"images_base64_enc": "AAAA"}, "'images_base64_enc' must be a list of 1 to 20 images"),
        ({"images_base64_enc": ["AAAA"] * 21}, "'images_base64_enc' must be a list of 1 to 20 images"),
        ({"images_base64_enc": ["AAAA", 3]}, r"'images_base64_enc\[1\]' must be a string"),
        ({"images_base64_enc": ["AAAA", "%"]}, r"'images_base64_enc\[1\]' is not valid base64"),
        ({"images_base64_enc": ["AAAA"], "image_base64_enc": "AAAA"}, "only one of the keys 'image_base64_enc' and"),
        (
            {"images": ["s3://bucket/a"], "image_base64_enc": "AAAA"},
            "only one of the keys 'image_base64_enc' and 'images'",
        ),
        ({"images": []}, "'images' must be a list of 1 to 16 S3 URIs"),
        ({"images": "s3://bucket/a"}, "'images' must be a list of 1 to 16 S3 URIs"),
        ({"images": [3]}, "'images' must be a list of 1 to 16 S3 URIs"),
        ({"images": ["s3://bucket/a"] * 17}, "'images' must be a list of 1 to 16 S3 URIs"),
        ({"images": ["s3://bucket/a"], "clip": 1}, "'clip' must be true or false"),
    ],
)
def test_lists_that_are_none(document: dict[str, object], says: str) -> None:
    with pytest.raises(ApiError, match=says) as raised:
        parse(as_request(proxy_event(json.dumps(document))), "face-detection")
    assert raised.value.status == 400


def test_a_comparison_takes_no_uris() -> None:
    with pytest.raises(InvalidRequestError, match="face comparison takes no S3 URIs"):
        parse(as_request(proxy_event('{"images": ["s3://bucket/a"]}')), "face-comparison")


def test_a_comparison_has_no_classes() -> None:
    document = {"source_image": "aaaa", "target_image": "aaaa", "classes": ["face"]}
    with pytest.raises(InvalidRequestError, match="face comparison has no classes to choose from; leave 'classes' out"):
        parse(as_request(proxy_event(json.dumps(document))), "face-comparison")
    parse(as_request(proxy_event(json.dumps(document | {"classes": None}))), "face-comparison")


def test_both_images_of_a_comparison() -> None:
    document = {"source_image": base64.b64encode(JPEG).decode(), "target_image": base64.b64encode(PNG).decode()}
    request = parse(as_request(proxy_event(json.dumps(document))), "face-comparison")
    assert request.frames == {"source": Frame(JPEG), "target": Frame(PNG)}


@pytest.mark.parametrize(
    ("frame", "content_type", "extension"),
    [(JPEG, "image/jpeg", "jpg"), (PNG, "image/png", "png"), (b"?", "application/x-image", "bin")],
)
def test_the_format_is_what_the_bytes_say(frame: bytes, content_type: str, extension: str) -> None:
    assert (Frame(frame).content_type, Frame(frame).extension) == (content_type, extension)


@pytest.mark.parametrize(
    ("body", "content_type", "expected", "says"),
    [
        (None, None, InvalidRequestError, "empty"),
        ("", "image/jpeg", InvalidRequestError, "empty"),
        ("{}", None, InvalidRequestError, "'image_base64_enc' is missing"),
        ("hello there", None, InvalidRequestError, "not valid JSON"),
        ("[1]", None, InvalidRequestError, "not list"),
        ("[" * 100_000, None, InvalidRequestError, "not valid JSON"),
        ('{"image_base64_enc": 3}', None, InvalidRequestError, "not int"),
        ('{"image_base64_enc": null}', None, InvalidRequestError, "not NoneType"),
        ('{"image_base64_enc": "%%%"}', None, InvalidImageError, "not valid base64"),
        ('{"image_base64_enc": ""}', None, InvalidImageError, "empty"),
        ("hello", "text/plain", UnsupportedMediaTypeError, "text/plain"),
        (b"\x00\x01", "video/mp4", UnsupportedMediaTypeError, "video/mp4"),
        ("\ufffd\ufffd", "IMAGE/JPEG", UnsupportedMediaTypeError, "arrives as text"),
    ],
)
def test_unreadable_bodies(
    body: bytes | str | None, content_type: str | None, expected: type[ApiError], says: str
) -> None:
    with pytest.raises(expected, match=says):
        parse(as_request(proxy_event(body, content_type=content_type)), "face-detection")


@pytest.mark.parametrize(
    ("content_type", "body", "declared", "extension"),
    [
        ("application/x-image", JPEG, "application/x-image", "jpg"),
        ("text/csv", "1,2", "text/csv", "csv"),
        ("application/x-npy", b"\x93NUMPY", "application/x-npy", "npy"),
        (None, '{"instances": []}', "application/json", "json"),
        ("application/json", "[1, 2]", "application/json", "json"),
        ("application/x-mine", "?", "application/x-mine", "bin"),
    ],
)
def test_a_users_own_application_gets_what_was_sent(
    content_type: str | None, body: str | bytes, declared: str, extension: str
) -> None:
    request = parse(as_request(proxy_event(body, content_type=content_type)), "custom")
    frame = request.frames["frame"]
    assert frame.body == (body.encode() if isinstance(body, str) else body)
    assert (frame.content_type, frame.extension) == (declared, extension)


def test_one_source_against_several_targets() -> None:
    encoded = [base64.b64encode(image).decode() for image in (JPEG, PNG, JPEG)]
    document = {"source_image": encoded[0], "target_images": encoded[1:], "max_results": 3, "other": 1}
    request = parse(as_request(proxy_event(json.dumps(document))), "face-comparison")
    assert request.frames == {"source": Frame(JPEG), "target-0": Frame(PNG), "target-1": Frame(JPEG)}
    assert request.options == {"max_results": 3}


@pytest.mark.parametrize("targets", [[], "text", [3], [""], None])
def test_targets_that_are_none(targets: object) -> None:
    document = {"source_image": base64.b64encode(JPEG).decode(), "target_images": targets}
    with pytest.raises(ApiError, match="target_images"):
        parse(as_request(proxy_event(json.dumps(document))), "face-comparison")


def test_an_image_alone_is_no_comparison() -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="send application/json"):
        parse(as_request(proxy_event(JPEG, content_type="image/jpeg")), "face-comparison")


def test_a_camera_id_that_cannot_be_written() -> None:
    assert parse(as_request(older_client_event(JPEG, camera_id="\ud800x")), "face-detection").camera_id == "?x"


def test_a_huge_camera_id_is_cut_wherever_it_stands() -> None:
    in_header = proxy_event(JPEG, content_type="image/jpeg", X_Camera_Id="x" * 10_000)
    for event in (in_header, older_client_event(JPEG, camera_id="x" * 10_000)):
        assert len(parse(as_request(event), "face-detection").camera_id) == 256


def test_a_huge_client_id_is_cut() -> None:
    request = parse(as_request(older_client_event(JPEG, request_id="x" * 10_000)), "face-detection")
    assert request.client_request_id is not None
    assert len(request.client_request_id) == 256


def test_base64_with_line_breaks_and_json_with_a_byte_order_mark() -> None:
    document = json.dumps({"image_base64_enc": base64.encodebytes(JPEG * 20).decode()})
    request = parse(as_request(proxy_event(f"\ufeff{document}")), "face-detection")
    assert request.frames["frame"].body == JPEG * 20


LARGE = b"\xff\xd8\xff" * 300_000


@pytest.mark.parametrize(
    ("event", "copies"),
    [
        (proxy_event(LARGE, content_type="image/jpeg"), len(LARGE)),
        (older_client_event(LARGE), len(LARGE) + len(base64.b64encode(LARGE))),
    ],
    ids=["image", "json"],
)
def test_a_frame_is_copied_no_more_often_than_needed(event: dict[str, Any], copies: int) -> None:
    parse(as_request(event), "face-detection")  # warm up: caches that Python fills once
    tracemalloc.start()
    request = parse(as_request(event), "face-detection")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert request.frames["frame"].body == LARGE
    assert copies <= peak < copies + 50_000
