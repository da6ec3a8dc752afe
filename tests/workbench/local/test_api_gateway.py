"""Refusals of the local API Gateway, which equal those of the rendered one."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from workbench.local.api_gateway import create_app
from workbench.local.lambda_service import FunctionError, LambdaFunction
from workbench.template.rendered_stack import render

COMPARISON = {"applicationType": "face-comparison"}
CUSTOM = {"applicationType": "custom", "modelDataUrl": "s3://bucket/model.tar.gz"}


class FakeFunction:
    """Function that answers 200 and keeps the events, or fails."""

    def __init__(self, failure: FunctionError | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self._failure = failure

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        self.events.append(event)
        if self._failure is not None:
            raise self._failure
        return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}


def _api(template: dict[str, Any], **given: str) -> tuple[FlaskClient, FakeFunction]:
    function = FakeFunction()
    stack = render(template, {"apiAuthorization": "NONE", **given}, "us-east-1")
    return create_app(stack, cast(LambdaFunction, function), "").test_client(), function


@pytest.mark.parametrize(
    "body",
    [
        b"hello there",
        b"\xff\xd8\xff\xe0 a frame",
        b'{"image_base64_enc": 3}',
        b'{"image_base64_enc": "AAAA", "timestamp": NaN}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body)[:40],
)
@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json; charset=utf-8"}])
def test_json_that_does_not_fit_never_reaches_the_function(
    template: dict[str, Any], headers: dict[str, str], body: bytes
) -> None:
    client, function = _api(template)
    answer = client.post("/inference", data=body, headers=headers)
    error = json.loads(answer.data)["error"]
    assert (answer.status_code, error["code"]) == (400, "InvalidRequest")
    assert "image_base64_enc is a string" in error["message"]
    assert function.events == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b'{"image_base64_enc": "AAAA"}'),
        (None, b""),
        ("image/jpeg", b"\xff\xd8\xff\xe0 a frame"),
        ("application/x-www-form-urlencoded", b"hello there"),
        ("text/json", b'{"image_base64_enc": 3}'),
        ("APPLICATION/JSON", b'{"image_base64_enc": 3}'),
    ],
)
def test_what_fits_or_has_no_model_is_the_functions(
    template: dict[str, Any], content_type: str | None, body: bytes
) -> None:
    client, function = _api(template)
    assert client.post("/inference", data=body, content_type=content_type).status_code == 200
    assert len(function.events) == 1


def test_each_kind_of_application_has_its_own_model(template: dict[str, Any]) -> None:
    client, function = _api(template, **COMPARISON)
    refused = client.post("/inference", data=b'{"image_base64_enc": "AAAA"}')
    assert "source_image" in json.loads(refused.data)["error"]["message"]
    assert client.post("/inference", data=b'{"source_image": "AAAA"}').status_code == 200
    client, function = _api(template, **CUSTOM)
    assert client.post("/inference", data=b"1,2,3").status_code == 200
    assert len(function.events) == 1
