"""Container and function take the same options with the same words, and the pages say so."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from inference_api.errors import ApiError
from inference_api.parsing.frames import parse
from inference_api.sagemaker.payloads import payload
from ipc_ai_serving.applications import detection, face_comparison
from ipc_ai_serving.errors import ClientError
from tests import detection_options
from tests.detection_options import DETECTION_OPTIONS, words
from tests.lambda_events import as_request, proxy_event
from workbench.places import REPOSITORY

API_PAGES = ["docs/api.md", "docs/api_CN.md"]
IMAGE = base64.b64encode(b"\xff\xd8\xff\xe0 a frame").decode()
DETECTED = {"image_base64_enc": IMAGE}
# Fields of the requests that are no options of the API.
_OF_THE_CONTAINER_ALONE = {"short_size"}
_NO_OPTIONS = {"source", "targets", "counts_targets"}
DESCRIBED: dict[str, Any] = yaml.safe_load((REPOSITORY / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS = DESCRIBED["components"]["schemas"]
DETECTION_REQUESTS = ["DetectionRequest", "SeveralFramesRequest", "ObjectsRequest"]


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    return found


COMPARISON_OPTIONS = {
    name: _resolved(SCHEMAS["ComparisonRequest"]["properties"][name])
    for name in ("similarity_threshold", "min_confidence", "max_results")
}


def _text(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def _of_the_function(document: dict[str, Any], application: str) -> dict[str, float | bool]:
    return dict(parse(as_request(proxy_event(json.dumps(document))), application).options)


def _of_a_detection(name: str, value: Any) -> Any:
    document = json.dumps({"image_bytes": IMAGE, name: value}).encode()
    return getattr(detection.input_fn(document, "application/json").wanted, name)


def _of_a_comparison(name: str, value: Any) -> Any:
    document = json.dumps({"source_image_bytes": IMAGE, "target_image_bytes": IMAGE, name: value}).encode()
    return getattr(face_comparison.input_fn(document, "application/json"), name)


def test_every_part_has_the_same_options_of_a_detection() -> None:
    container = {field.name for field in dataclasses.fields(detection.DetectionOptions)} - _OF_THE_CONTAINER_ALONE
    assert set(_of_the_function(DETECTED | detection_options.VALID, "face-detection")) == set(DETECTION_OPTIONS)
    assert container == set(DETECTION_OPTIONS)


def test_every_part_has_the_same_options_of_a_comparison() -> None:
    container = {field.name for field in dataclasses.fields(face_comparison.ComparisonRequest)} - _NO_OPTIONS
    document = {"source_image": IMAGE, "target_image": IMAGE} | dict.fromkeys(container, 1)
    assert set(_of_the_function(document, "face-comparison")) == container
    assert container == set(COMPARISON_OPTIONS)


@pytest.mark.parametrize(("name", "value"), detection_options.TAKEN)
def test_every_part_takes_both_ends(name: str, value: Any) -> None:
    assert _of_the_function(DETECTED | {name: value}, "face-detection") == {name: detection_options.understood(value)}
    assert _of_a_detection(name, value) == detection_options.understood(value)


@pytest.mark.parametrize(("name", "value"), detection_options.REFUSED, ids=lambda value: repr(value)[:20])
def test_every_part_refuses_the_rest_with_the_same_words(name: str, value: Any) -> None:
    with pytest.raises(ApiError) as by_the_function:
        _of_the_function(DETECTED | {name: value}, "face-detection")
    with pytest.raises(ClientError) as by_the_container:
        _of_a_detection(name, value)
    assert str(by_the_function.value) == str(by_the_container.value) == detection_options.REFUSALS[name]


@pytest.mark.parametrize("name", detection_options.NAMES)
@pytest.mark.parametrize("value", detection_options.NAMES_REFUSED, ids=lambda value: repr(value)[:20])
def test_texts_that_are_no_names_are_refused_with_the_same_words(name: str, value: Any) -> None:
    with pytest.raises(ApiError) as by_the_function:
        _of_the_function(DETECTED | {name: value}, "face-detection")
    with pytest.raises(ClientError) as by_the_container:
        _of_a_detection(name, value)
    assert str(by_the_function.value) == str(by_the_container.value) == detection_options.REFUSALS[name]


@pytest.mark.parametrize("value", [value for name, value in detection_options.TAKEN if name in detection_options.NAMES])
def test_names_reach_the_container_as_they_were_sent(value: Any) -> None:
    request = parse(as_request(proxy_event(json.dumps(DETECTED | {"classes": value}))), "object-detection")
    body, content_type = payload(request)
    assert (
        len(content_type) <= 1024
    )  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
    assert detection.input_fn(body, content_type).wanted.classes == detection_options.understood(value)


@pytest.mark.parametrize("name", COMPARISON_OPTIONS)
def test_the_container_takes_the_options_of_a_comparison_that_are_documented(name: str) -> None:
    option = COMPARISON_OPTIONS[name]
    for value in (option["minimum"], option["maximum"]):
        assert _of_a_comparison(name, value) == value
    for value in (option["minimum"] - 1, option["maximum"] + 1, True, "1"):
        with pytest.raises(ClientError, match=f"^'{name}' must be {words(option)}$"):
            _of_a_comparison(name, value)
    assert option.get("default") == _of_a_comparison(name, None)


def test_openapi_has_every_option_wherever_one_may_stand() -> None:
    operation = DESCRIBED["paths"]["/inference"]["post"]
    query = {entry["name"]: entry["schema"] for entry in operation["parameters"] if entry["in"] == "query"}
    assert set(query) == set(DETECTION_OPTIONS)
    for name, option in DETECTION_OPTIONS.items():
        wanted = {key: value for key, value in option.items() if key != "type"} | {"type": option["type"][0]}
        for properties in (query, *(SCHEMAS[request]["properties"] for request in DETECTION_REQUESTS)):
            documented = _resolved(properties[name])
            documented = _resolved(documented.get("oneOf", [documented])[0])
            assert {key: documented.get(key) for key in wanted} == wanted, name
            default = None if name in detection_options.NAMES else _of_a_detection(name, None)
            assert documented.get("default") == default, name


@pytest.mark.parametrize("page", API_PAGES)
@pytest.mark.parametrize(
    ("options", "only_here"),
    [(DETECTION_OPTIONS, "normalized"), (COMPARISON_OPTIONS, "similarity_threshold")],
    ids=["detection", "comparison"],
)
def test_every_option_has_a_row_with_its_ends(page: str, options: dict[str, dict[str, Any]], only_here: str) -> None:
    (table,) = (part for part in _text(page).split("\n\n") if f"| `{only_here}` |" in part)
    rows = {line.split("|")[1].strip(" `"): line for line in table.splitlines()}
    for name, option in options.items():
        least, most = detection_options.ends(option)
        ends = "`true`" if least is False else rf"(?<![\d.-]){least} (?:to|到) {most}(?![\d.])"
        assert re.search(ends, rows[name]), name


@pytest.mark.parametrize("page", API_PAGES)
def test_the_keys_of_json_have_every_option(page: str) -> None:
    named = [
        set(re.findall(r"`(\w+)`", line.split("|")[1])) for line in _text(page).splitlines() if line.startswith("| `")
    ]
    assert set(DETECTION_OPTIONS) in named


def _says(document: Any, content_type: str | None = None) -> str:
    """Message of the function's refusal."""
    with pytest.raises(ApiError) as refusal:
        parse(as_request(proxy_event(document, content_type=content_type)), "face-detection")
    return str(refusal.value)


def _says_of_images(*images: bytes) -> str:
    """Message of the container's refusal."""
    encoded = [base64.b64encode(image).decode() for image in images]
    document = {"images_bytes": encoded} if len(images) > 1 else {"image_bytes": encoded[0]}
    with pytest.raises(ClientError) as refusal:
        detection.input_fn(json.dumps(document).encode(), "application/json").frames(
            lambda width, height: (width, height)
        )
    return str(refusal.value)


@pytest.mark.parametrize("page", [*API_PAGES, "README.md", "README_CN.md"])
def test_quoted_errors_are_those_of_the_service(page: str) -> None:
    png, jpeg = (cv2.imencode(kind, np.zeros((20, 20, 3), np.uint8))[1].tobytes() for kind in (".png", ".jpg"))
    said = {
        _says("hello", "text/plain"),
        _says('{"image_base64_enc": 3}'),
        _says_of_images(png, png[:-12]),
        _says_of_images(jpeg[:-2]),
    }
    quoted = [json.loads(line)["error"] for line in _text(page).splitlines() if line.startswith('{"error"')]
    assert quoted
    # The test of the object store has its sentence.
    assert {error["message"] for error in quoted if error["code"] != "ObjectNotFound"} <= said
