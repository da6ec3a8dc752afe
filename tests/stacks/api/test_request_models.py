"""API Gateway refuses what the function would refuse, and nothing that it would answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from inference_api.errors import ApiError
from inference_api.frames import parse
from stacks.api.request_schemas import DETECTION_OPTIONS
from tests.detection_options import REFUSED, TAKEN, ends
from tests.lambda_events import as_request, older_client_event, proxy_event
from tests.stacks.rendering import only, rendered
from workbench.template.rendered_api import RenderedMethod
from workbench.template.rendered_stack import render

IMAGE = base64.b64encode(b"\xff\xd8\xff\xe0 a frame").decode()
CUSTOM = {"applicationType": "custom", "modelDataUrl": "s3://bucket/model.tar.gz"}
# Keywords of draft 4; API Gateway's notes name oneOf, anyOf, allOf, additionalProperties, minItems, maxItems, pattern
# and exclusiveMinimum as not supported or not checked.
KEYWORDS = {"$schema", "type", "properties", "required", "items", "minimum", "maximum"}

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


def _post(template: dict[str, Any], application: str) -> RenderedMethod:
    extra = CUSTOM if application == "custom" else {"applicationType": application}
    (method,) = (method for method in render(template, extra, "us-east-1").methods if method.http_method == "POST")
    return method


@pytest.fixture(scope="module")
def schemas(template: dict[str, Any]) -> dict[str, Any]:
    """The schema for JSON, by application."""
    return {application: dict(_post(template, application).models["application/json"]) for application in VALID}


def _is_answered(document: Any, application: str) -> bool:
    """Ask the function itself."""
    try:
        parse(as_request(proxy_event(json.dumps(document))), application)
    except ApiError:
        return False
    return True


def _keywords(schema: dict[str, Any]) -> Iterator[str]:
    yield from schema
    for part in [*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])]:
        yield from _keywords(part)


@pytest.mark.parametrize("application", VALID)
def test_the_models_are_of_draft_4_with_what_api_gateway_checks(schemas: dict[str, Any], application: str) -> None:
    Draft4Validator.check_schema(schemas[application])
    assert set(_keywords(schemas[application])) <= KEYWORDS


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1"])
@pytest.mark.parametrize("application", [*VALID, "body-detection"])
def test_bodies_and_parameters_are_looked_at(template: dict[str, Any], region: str, application: str) -> None:
    detector = {"body-detection": "yolox_nano"}.get(application, "yunet_n")
    resources = rendered(template, region, applicationType=application, detectorModelName=detector)
    validator = only(resources, "AWS::ApiGateway::RequestValidator")
    assert (validator["ValidateRequestBody"], validator["ValidateRequestParameters"]) == (True, True)


def test_a_users_own_application_gets_whatever_was_sent(template: dict[str, Any]) -> None:
    assert _post(template, "custom").models == {}


@pytest.mark.parametrize(
    ("application", "document"), [(name, document) for name, documents in VALID.items() for document in documents]
)
def test_what_the_function_answers_is_let_through(schemas: dict[str, Any], application: str, document: Any) -> None:
    assert _is_answered(document, application)
    Draft4Validator(schemas[application]).validate(document)


@pytest.mark.parametrize(
    ("application", "document"), [(name, document) for name, documents in WRONG.items() for document in documents]
)
def test_what_is_of_another_type_is_refused(schemas: dict[str, Any], application: str, document: Any) -> None:
    assert not _is_answered(document, application)
    assert not Draft4Validator(schemas[application]).is_valid(document)


_BOUNDS = [float(end) for schema in DETECTION_OPTIONS.values() for end in ends(schema)]
_LEAST, _MOST = int(min(_BOUNDS)) - 2, int(max(_BOUNDS)) + 2
_LEAF = (
    st.none()
    | st.booleans()
    | st.integers(_LEAST, _MOST)
    | st.floats(_LEAST, _MOST)
    | st.sampled_from([IMAGE, "", "0.5", "person,car", *_BOUNDS])
)
_VALUE = _LEAF | st.lists(_LEAF, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), _LEAF, max_size=2)
_KEYS = {
    "face-detection": [
        *["image_base64_enc", "images_base64_enc", "images", *DETECTION_OPTIONS, "clip"],
        *["camera_id", "request_id", "timestamp", "other"],
    ],
    "face-comparison": [
        *["source_image", "target_image", "target_images", "similarity_threshold", "min_confidence", "max_results"],
        *["camera_id", "other"],
    ],
}


@pytest.mark.parametrize("application", VALID)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
@given(data=st.data())
def test_no_body_is_refused_that_the_function_answers(
    schemas: dict[str, Any], application: str, data: st.DataObject
) -> None:
    start = data.draw(st.sampled_from(VALID[application]))
    changes = data.draw(st.dictionaries(st.sampled_from(_KEYS[application]), _VALUE, max_size=4))
    document = {**start, **changes}
    if _is_answered(document, application):
        Draft4Validator(schemas[application]).validate(document)
