"""Types beside the usual ones, and images that are text, as in an event sent directly."""

from __future__ import annotations

from typing import Any

import pytest

from inference_api.errors import InvalidRequestError, UnsupportedMediaTypeError
from inference_api.parsing.frames import parse
from tests.lambda_events import as_request, proxy_event

JPEG = b"\xff\xd8\xff\xe0 a frame"
APPLICATIONS = ["face-detection", "custom"]


def _as_text(content_type: str, body: bytes = JPEG) -> dict[str, Any]:
    event = proxy_event(body, content_type=content_type)
    return event | {"body": body.decode(errors="replace"), "isBase64Encoded": False}


@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize(
    "content_type",
    ["image/x-image", "image/pjpeg", "image/x-png", "image/x-ms-bmp", "IMAGE/JPEG", "image/jpeg; charset=binary"],
)
def test_types_of_images_that_cameras_send(content_type: str, application: str) -> None:
    request = parse(as_request(proxy_event(JPEG, content_type=content_type)), application)
    assert request.frames["frame"].body == JPEG


@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize("content_type", ["IMAGE/JPEG", "image/jpeg; charset=binary", "Application/Octet-Stream"])
def test_an_image_as_text_is_refused_however_its_type_is_written(content_type: str, application: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="arrives as text"):
        parse(as_request(_as_text(content_type)), application)


@pytest.mark.parametrize("application", APPLICATIONS)
@pytest.mark.parametrize("content_type", ["image/gif", "image/heic", "image/*", "image/tiff; q=1"])
def test_other_types_of_images_are_refused(content_type: str, application: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="arrives as text"):
        parse(as_request(_as_text(content_type)), application)


@pytest.mark.parametrize(
    "content_type", ["video/mp4", "audio/wav", "multipart/form-data; boundary=x", "application/zip"]
)
def test_bytes_of_other_types_do_not_reach_a_program_as_text(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="application/octet-stream"):
        parse(as_request(_as_text(content_type)), "custom")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", ""])
def test_an_image_without_a_type_does_not_reach_a_program_as_json(content_type: str) -> None:
    with pytest.raises(InvalidRequestError, match="an image with its Content-Type"):
        parse(as_request(_as_text(content_type)), "custom")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("image/svg+xml", b"<svg/>"),
        ("text/csv", "größer,1".encode("latin-1")),
        ("application/json", '["\ufffd"]'.encode()),
        ("application/vnd.camera+json", b"{}"),
    ],
)
def test_texts_reach_a_program(content_type: str, body: bytes) -> None:
    request = parse(as_request(_as_text(content_type, body)), "custom")
    assert request.frames["frame"].body == body.decode(errors="replace").encode()


def test_a_comparison_is_told_to_send_json() -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="send application/json"):
        parse(as_request(_as_text("IMAGE/JPEG")), "face-comparison")
