"""JSON of every kind that clients send is answered, and values of other types are refused: the function alone looks."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from inference_api.errors import ApiError
from inference_api.parsing.frames import parse
from tests.detection_options import DETECTION_OPTIONS, REFUSED, TAKEN
from tests.lambda_events import as_request, older_client_event, proxy_event

IMAGE = base64.b64encode(b"\xff\xd8\xff\xe0 a frame").decode()
VALID: dict[str, list[Any]] = {
    "face-detection": [
        json.loads(older_client_event(b"frame")["body"]),
        {"image_base64_enc": IMAGE},
        {"image_base64_enc": f"{IMAGE[:4]}\r\n{IMAGE[4:]}", "request_id": None, "timestamp": 1.5, "camera_id": [1]},
        {"image_base64_enc": IMAGE, "min_confidence": 0.5, "max_results": 3, "normalized": True},
        {"image_base64_enc": IMAGE} | dict.fromkeys(DETECTION_OPTIONS),
        *({"image_base64_enc": IMAGE, name: value} for name, value in TAKEN),
        {"image_base64_enc": IMAGE, "min_confidence": None, "images": None, "images_base64_enc": None},
        {"image_base64_enc": IMAGE, "clip": "as ever", "other": {"a": [1]}},
        {"images_base64_enc": [IMAGE] * 20, "max_results": 3, "clip": True, "image_base64_enc": None},
        {"images": ["s3://bucket/a.jpg", "s3://bucket/b.jpg"], "camera_id": "gate", "normalized": False},
    ],
    "face-comparison": [
        {"source_image": IMAGE, "target_image": IMAGE},
        {"source_image": IMAGE, "target_images": [IMAGE] * 3, "max_results": 3, "other": 1},
        {"source_image": IMAGE, "target_images": [IMAGE], "target_image": None, "similarity_threshold": "80"},
    ],
}


def _each(key: str, *values: Any, **others: Any) -> list[dict[str, Any]]:
    """A document for each value of the key."""
    return [{**others, key: value} for value in values]


WRONG: dict[str, list[Any]] = {
    "face-detection": [
        *[[], "text", 3, None, True],
        *_each("image_base64_enc", 3, [IMAGE], {}, True),
        *_each("images_base64_enc", "text", [3], [IMAGE, None], {}, 1),
        *_each("images", "s3://bucket/a", [3], {}, False),
        *({"image_base64_enc": IMAGE, name: value} for name, value in REFUSED if value == value),  # JSON has no NaN
    ],
    "face-comparison": [
        *[[], "text", {}, {"target_image": IMAGE}, {"images": ["s3://bucket/a"]}],
        *_each("source_image", 3, None, [IMAGE], target_image=IMAGE),
        *_each("target_images", IMAGE, [3], None, {}, source_image=IMAGE),
    ],
}


def _is_answered(document: Any, application: str) -> bool:
    """Ask the function itself."""
    try:
        parse(as_request(proxy_event(json.dumps(document))), application)
    except ApiError:
        return False
    return True


@pytest.mark.parametrize(
    ("application", "document"), [(name, document) for name, documents in VALID.items() for document in documents]
)
def test_what_a_client_may_send_is_answered(application: str, document: Any) -> None:
    assert _is_answered(document, application)


@pytest.mark.parametrize(
    ("application", "document"), [(name, document) for name, documents in WRONG.items() for document in documents]
)
def test_what_is_of_another_type_is_refused(application: str, document: Any) -> None:
    with pytest.raises(ApiError) as refusal:
        parse(as_request(proxy_event(json.dumps(document))), application)
    assert (refusal.value.status, refusal.value.code) == (400, "InvalidRequest")
