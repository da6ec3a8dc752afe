from __future__ import annotations

import base64
import json

import pytest

from inference_api.errors import ApiError, InvalidImageError, InvalidRequestError, UnsupportedMediaTypeError
from inference_api.frames import Frame, parse
from tests.lambda_events import as_powertools, older_client_event, proxy_event

JPEG = b"\xff\xd8\xff\xe0 a frame"
PNG = b"\x89PNG\r\n\x1a\n a frame"


def test_the_image_itself() -> None:
    event = proxy_event(JPEG, content_type="image/jpeg", X_Camera_Id="gate-1", X_Request_Id="7")
    request = parse(as_powertools(event), "face-detection")
    assert request.frames == {"frame": Frame(JPEG)}
    assert (request.camera_id, request.client_request_id) == ("gate-1", "7")


def test_what_existing_clients_send() -> None:
    request = parse(as_powertools(older_client_event(JPEG)), "body-detection")
    assert request.frames["frame"].body == JPEG
    assert (request.client_request_id, request.timestamp, request.camera_id) == ("1242322", "1614000000.0", "unknown")


@pytest.mark.parametrize("content_type", ["application/json", "APPLICATION/JSON; charset=utf-8", "text/json"])
def test_json_with_a_content_type(content_type: str) -> None:
    event = older_client_event(JPEG, camera_id="door") | {"headers": {"content-type": content_type}}
    assert parse(as_powertools(event), "body-detection").camera_id == "door"


def test_curl_without_a_content_type_of_its_own() -> None:
    event = older_client_event(JPEG) | {"headers": {"content-type": "application/x-www-form-urlencoded"}}
    assert parse(as_powertools(event), "face-detection").frames["frame"].body == JPEG


def test_options_of_an_image_and_of_json() -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {"min_confidence": "0.5", "normalized": "true", "other": "x"}
    assert parse(as_powertools(event), "face-detection").options == {"min_confidence": "0.5", "normalized": "true"}
    event = older_client_event(JPEG, min_confidence=0.5, max_results=3, normalized=True)
    expected = {"min_confidence": "0.5", "max_results": "3", "normalized": "true"}
    assert parse(as_powertools(event), "face-detection").options == expected


@pytest.mark.parametrize("value", ["a b", "1; x=2", "1\r\nX: y", "", "9" * 40])
def test_an_option_cannot_leave_its_header(value: str) -> None:
    event = proxy_event(JPEG, content_type="image/jpeg")
    event["queryStringParameters"] = {"min_confidence": value}
    with pytest.raises(InvalidRequestError, match="min_confidence"):
        parse(as_powertools(event), "face-detection")
    with pytest.raises(InvalidRequestError, match="min_confidence"):
        parse(as_powertools(older_client_event(JPEG, min_confidence=[value])), "face-detection")


def test_both_images_of_a_comparison() -> None:
    document = {"source_image": base64.b64encode(JPEG).decode(), "target_image": base64.b64encode(PNG).decode()}
    request = parse(as_powertools(proxy_event(json.dumps(document))), "face-comparison")
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
        ("\ufffd\ufffd", "IMAGE/JPEG", InvalidRequestError, "lower case"),
    ],
)
def test_what_cannot_be_read(
    body: bytes | str | None, content_type: str | None, expected: type[ApiError], says: str
) -> None:
    with pytest.raises(expected, match=says):
        parse(as_powertools(proxy_event(body, content_type=content_type)), "face-detection")


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
    request = parse(as_powertools(proxy_event(body, content_type=content_type)), "custom")
    frame = request.frames["frame"]
    assert frame.body == (body.encode() if isinstance(body, str) else body)
    assert (frame.content_type, frame.extension) == (declared, extension)


def test_one_source_against_several_targets() -> None:
    encoded = [base64.b64encode(image).decode() for image in (JPEG, PNG, JPEG)]
    document = {"source_image": encoded[0], "target_images": encoded[1:], "max_results": 3, "other": 1}
    request = parse(as_powertools(proxy_event(json.dumps(document))), "face-comparison")
    assert request.frames == {"source": Frame(JPEG), "target-0": Frame(PNG), "target-1": Frame(JPEG)}
    assert request.options == {"max_results": 3}


@pytest.mark.parametrize("targets", [[], "text", [3], [""], None])
def test_targets_that_are_none(targets: object) -> None:
    document = {"source_image": base64.b64encode(JPEG).decode(), "target_images": targets}
    with pytest.raises(ApiError, match="target_images"):
        parse(as_powertools(proxy_event(json.dumps(document))), "face-comparison")


def test_an_image_alone_is_no_comparison() -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="send application/json"):
        parse(as_powertools(proxy_event(JPEG, content_type="image/jpeg")), "face-comparison")


def test_a_camera_id_that_cannot_be_written() -> None:
    assert parse(as_powertools(older_client_event(JPEG, camera_id="\ud800x")), "face-detection").camera_id == "?x"


def test_a_huge_camera_id_is_cut_wherever_it_stands() -> None:
    in_header = proxy_event(JPEG, content_type="image/jpeg", X_Camera_Id="x" * 10_000)
    for event in (in_header, older_client_event(JPEG, camera_id="x" * 10_000)):
        assert len(parse(as_powertools(event), "face-detection").camera_id) == 256


def test_a_huge_client_id_is_cut() -> None:
    request = parse(as_powertools(older_client_event(JPEG, request_id="x" * 10_000)), "face-detection")
    assert request.client_request_id is not None
    assert len(request.client_request_id) == 256
