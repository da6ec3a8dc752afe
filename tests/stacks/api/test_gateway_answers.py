"""API Gateway's own answers, for each way of authorization and each kind of application."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.api.request_schemas import DETECTION_OPTIONS
from stacks.places import REPOSITORY
from tests.stacks.rendering import of_type, rendered

DOCS = REPOSITORY / "docs"
# By type of API Gateway's: status, code, and the seconds after which to try again.
EXPECTED = {
    "INVALID_API_KEY": ("403", "InvalidApiKey", None),
    "WAF_FILTERED": ("403", "$context.error.responseType", None),
    "BAD_REQUEST_BODY": ("400", "InvalidRequest", None),
    "BAD_REQUEST_PARAMETERS": ("400", "InvalidRequest", None),
    "REQUEST_TOO_LARGE": ("413", "PayloadTooLarge", None),
    "THROTTLED": ("429", "$context.error.responseType", "'1'"),
    "QUOTA_EXCEEDED": ("429", "$context.error.responseType", None),
    "INTEGRATION_FAILURE": ("503", "ServiceUnavailable", "'1'"),
    "INTEGRATION_TIMEOUT": ("504", "Timeout", None),
}


def _answers(template: dict[str, Any], region: str = "us-east-1", **given: str) -> dict[str, dict[str, Any]]:
    return {
        answer["ResponseType"]: answer
        for answer in of_type(rendered(template, region, **given), "AWS::ApiGateway::GatewayResponse").values()
    }


def _error(answer: dict[str, Any]) -> dict[str, str]:
    text = answer["ResponseTemplates"]["application/json"].replace("$context.error.messageString", '"said"')
    error: dict[str, str] = json.loads(text)["error"]
    return error


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1"])
@pytest.mark.parametrize("application", ["face-detection", "face-comparison"])
def test_status_code_and_when_to_try_again(template: dict[str, Any], region: str, application: str) -> None:
    answers = _answers(template, region, applicationType=application)
    for kind, (status, code, retry_after) in EXPECTED.items():
        error, headers = _error(answers[kind]), answers[kind]["ResponseParameters"]
        assert (answers[kind]["StatusCode"], error["code"]) == (status, code), kind
        assert headers.get("gatewayresponse.header.Retry-After") == retry_after, kind
        assert ("gatewayresponse.header.Access-Control-Expose-Headers" in headers) == (retry_after is not None)


def test_the_refusal_of_a_body_says_what_this_application_takes(template: dict[str, Any]) -> None:
    for application, names in (
        ("face-detection", ["image_base64_enc", "images", *DETECTION_OPTIONS]),
        ("face-comparison", ["source_image", "target_images"]),
    ):
        said = _error(_answers(template, applicationType=application)["BAD_REQUEST_BODY"])["message"]
        assert all(name in said for name in names)


@pytest.mark.parametrize("page", ["api.md", "api_CN.md", "openapi.yaml"])
def test_every_code_is_documented(template: dict[str, Any], page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for kind, answer in _answers(template).items():
        code = _error(answer)["code"].replace("$context.error.responseType", kind)
        assert kind.startswith("DEFAULT") or code in text, code
