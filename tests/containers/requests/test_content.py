from __future__ import annotations

import base64

import pytest

from ipc_ai_serving.errors import ClientError, InvalidImageError, UnsupportedMediaTypeError
from ipc_ai_serving.requests import content

JPEG = b"\xff\xd8\xff\xe0rest"


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("image/jpeg", b"", "image/jpeg"),
        ("Application/JSON; charset=utf-8", b"", "application/json"),
        (None, JPEG, "application/x-image"),
        ("", b"{}", "application/json"),
        ("application/x-www-form-urlencoded", b"{}", "application/json"),
    ],
)
def test_media_type(content_type: str | None, body: bytes, expected: str) -> None:
    assert content.media_type(content_type, body) == expected


def test_options_beside_an_image() -> None:
    read = content.parameters("image/jpeg; min_confidence=0.5; max_results=3; normalized=true; name=gate")
    assert read == {"min_confidence": 0.5, "max_results": 3, "normalized": True, "name": "gate"}
    assert content.parameters(None) == {}


@pytest.mark.parametrize("text", ["[" * 5000, "9" * 5000, "1_0", "0x1", ".5", "''"])
def test_an_option_that_is_no_json_stays_text(text: str) -> None:
    assert content.parameters(f'image/jpeg; max_results="{text}"') == {"max_results": text}


def test_names_beside_an_image_are_text() -> None:
    sent = "image/jpeg; min_confidence=1; classes=7%2Ctraffic%20light"
    assert content.parameters(sent, texts=("classes",)) == {"min_confidence": 1, "classes": "7,traffic light"}
    assert content.parameters("image/jpeg; classes=7", texts=("classes",)) == {"classes": "7"}


ABSURD = [float("nan"), float("inf"), -0.001, 1.001, True, "0.5", "", [0.5], {}, 10**400, -(10**400)]


@pytest.mark.parametrize("value", ABSURD, ids=lambda value: repr(value)[:12])
def test_an_absurd_threshold_is_refused(value: object) -> None:
    with pytest.raises(ClientError, match="'min_confidence' must be a number from 0 to 1"):
        content.number({"min_confidence": value}, "min_confidence", minimum=0, maximum=1)


@pytest.mark.parametrize("value", ["true", 1, [True]])
def test_a_flag_is_true_or_false(value: object) -> None:
    assert content.flag({}, "flag") is False
    assert content.flag({"flag": True}, "flag") is True
    with pytest.raises(ClientError, match="true or false"):
        content.flag({"flag": value}, "flag")


def test_an_image_has_no_document() -> None:
    assert content.image_or_json("image/png", b"anything") is None


def test_another_content_type_is_refused() -> None:
    with pytest.raises(UnsupportedMediaTypeError, match="text/html"):
        content.image_or_json("text/html", b"<p>")


@pytest.mark.parametrize("body", [b"", b"  ", b"{", b"[1]", b"3", b"\xff\xfe{", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ClientError):
        content.json_object(body)


def test_base64_with_line_breaks_is_read() -> None:
    text = base64.encodebytes(b"x" * 100).decode()
    assert content.base64_image({"image": text}, "image") == b"x" * 100


@pytest.mark.parametrize("value", [None, 3, ["a"]])
def test_an_image_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(ClientError, match="base64"):
        content.base64_image({"image": value}, "image")


@pytest.mark.parametrize("value", ["a", "####", "data:image/jpeg;base64,AAAA", "ééé="])
def test_bad_base64_is_refused(value: str) -> None:
    with pytest.raises(InvalidImageError, match="base64"):
        content.base64_image({"image": value}, "image")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ClientError, match="'image_bytes' is missing"):
        content.base64_image({}, "image_bytes")


@pytest.mark.parametrize("value", [True, 1.5, "512", -1, 31, 2049, [512]])
def test_an_absurd_number_is_refused(value: object) -> None:
    with pytest.raises(ClientError, match="32 to 2048"):
        content.whole_number({"short_size": value}, "short_size", minimum=32, maximum=2048)


@pytest.mark.parametrize(("document", "expected"), [({}, None), ({"n": None}, None), ({"n": 416}, 416)])
def test_a_number_may_be_absent(document: dict[str, object], expected: int | None) -> None:
    assert content.whole_number(document, "n", minimum=32, maximum=2048) == expected
