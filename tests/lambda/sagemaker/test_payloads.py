"""The older JSON for containers that know no other form."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from inference_api.errors import ApiError, InvalidRequestError, PayloadTooLargeError
from inference_api.messages import Frame, InferenceRequest
from inference_api.parsing.frames import parse
from inference_api.sagemaker.endpoint import Endpoint
from inference_api.sagemaker.limits import largest
from inference_api.sagemaker.payloads import in_form
from tests.lambda_events import as_request, older_client_event, proxy_event

JPEG = b"\xff\xd8\xff\xe0 a frame"
BASE64 = base64.b64encode(JPEG).decode()
OLDER = in_form(512)


def _sent(event: dict[str, Any], application: str) -> tuple[Any, str]:
    body, content_type = OLDER(parse(as_request(event), application, as_older_json=True))
    return (json.loads(body) if content_type == "application/json" else body), content_type


def _json_event(document: object) -> dict[str, Any]:
    return older_client_event(JPEG) | {"body": json.dumps(document)}


@pytest.mark.parametrize("application", ["face-detection", "body-detection", "custom"])
@pytest.mark.parametrize(
    "event",
    [
        older_client_event(JPEG),
        proxy_event(JPEG, content_type="image/jpeg"),
        proxy_event(JPEG, content_type="image/x-image"),
        proxy_event(JPEG, content_type="application/octet-stream"),
        older_client_event(JPEG) | {"headers": {"content-type": "text/json"}},
    ],
)
def test_every_form_of_a_frame_becomes_the_older_json(event: dict[str, Any], application: str) -> None:
    assert _sent(event, application) == ({"image_bytes": BASE64, "short_size": 512}, "application/json")


@pytest.mark.parametrize("application", ["face-comparison", "custom"])
def test_a_pair_becomes_the_older_json(application: str) -> None:
    event = _json_event({"source_image": BASE64, "target_image": BASE64, "timestamp": "1", "request_id": 7})
    expected = {"source_image_bytes": BASE64, "target_image_bytes": BASE64}
    assert _sent(event, application) == (expected, "application/json")


@pytest.mark.parametrize(
    ("event", "body", "content_type"),
    [
        (_json_event([1, 2]), [1, 2], "application/json"),
        (_json_event({"image_bytes": "AA==", "short_size": 3}), {"image_bytes": "AA==", "short_size": 3}, None),
        (_json_event({"source_image_bytes": "AA==", "note": "x"}), {"source_image_bytes": "AA==", "note": "x"}, None),
        (_json_event({"note": "image_base64_enc, source_image"}), {"note": "image_base64_enc, source_image"}, None),
        (proxy_event("1,2", content_type="text/csv"), b"1,2", "text/csv"),
    ],
)
def test_a_custom_applications_own_bodies_stay(event: dict[str, Any], body: object, content_type: str | None) -> None:
    assert _sent(event, "custom") == (body, content_type or "application/json")


@pytest.mark.parametrize(
    ("application", "document", "says"),
    [
        ("body-detection", {"images_base64_enc": [BASE64, BASE64]}, "one image a request"),
        ("body-detection", {"images_base64_enc": [BASE64]}, "one image a request"),
        ("body-detection", {"images": ["s3://bucket/a.jpg"]}, "no S3 URIs"),
        ("body-detection", {"image_base64_enc": BASE64, "min_confidence": 0.5}, "leave 'min_confidence' out"),
        ("face-comparison", {"source_image": BASE64, "target_images": [BASE64]}, "one image a request, or a pair"),
        ("face-comparison", {"source_image": BASE64, "target_image": BASE64, "max_results": 1}, "'max_results' out"),
    ],
)
def test_requests_that_the_older_json_cannot_hold(application: str, document: object, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        _sent(_json_event(document), application)


def test_options_in_the_url_are_refused_too() -> None:
    event = proxy_event(JPEG, content_type="image/jpeg") | {"queryStringParameters": {"normalized": "true"}}
    with pytest.raises(InvalidRequestError, match="leave 'normalized' out"):
        _sent(event, "body-detection")


@pytest.mark.parametrize(
    ("content", "is_wrapped"),
    [
        (Frame(JPEG, "binary/octet-stream"), True),  # S3's own type of a file without one
        (Frame(b"AVIF", "image/avif"), True),
        (Frame(b"1,2", "text/csv"), False),
    ],
)
def test_an_uploaded_file_of_a_custom_application(content: Frame, is_wrapped: bool) -> None:
    body, content_type = OLDER(InferenceRequest({"frame": content}))
    assert (content_type == "application/json") == is_wrapped
    assert (body == content.body) != is_wrapped


def test_a_frame_that_base64_makes_too_large() -> None:
    endpoint = Endpoint(None, "name", payload=OLDER)  # type: ignore[arg-type]
    request = InferenceRequest({"frame": Frame(b"\xff\xd8\xff" * (largest("real-time") // 4))})
    assert len(request.frames["frame"].body) < largest("real-time")
    with pytest.raises(PayloadTooLargeError, match="in which base64 makes an image a third larger, has"):
        endpoint.infer(request, "r")


@pytest.mark.parametrize(
    ("names", "parameter"),
    [
        (("person", "traffic light"), "person%2Ctraffic%20light"),
        (("7",), "7"),
        (('行人; x="1"',), "%E8%A1%8C%E4%BA%BA%3B%20x%3D%221%22"),
    ],
)
def test_names_go_percent_encoded_in_the_content_type(names: tuple[str, ...], parameter: str) -> None:
    request = InferenceRequest({"frame": Frame(JPEG)}, options={"max_results": 3, "classes": names})
    assert in_form(None)(request) == (JPEG, f"image/jpeg; max_results=3; classes={parameter}")


@pytest.mark.parametrize("names", [("crane, bird",), tuple(f"name {number}" for number in range(100))])
def test_names_that_the_content_type_cannot_hold_go_in_json(names: tuple[str, ...]) -> None:
    request = InferenceRequest({"frame": Frame(JPEG)}, options={"max_results": 3, "classes": names})
    body, content_type = in_form(None)(request)
    assert content_type == "application/json"
    assert json.loads(body) == {"image_bytes": BASE64, "max_results": 3, "classes": list(names)}


def test_images_stay_images_by_default() -> None:
    assert in_form(None)(InferenceRequest({"frame": Frame(JPEG)})) == (JPEG, "image/jpeg")
    assert issubclass(InvalidRequestError, ApiError)
