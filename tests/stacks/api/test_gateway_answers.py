"""API Gateway's own answers, for each way of authorization."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.places import REPOSITORY
from tests.stacks.rendering import of_type, rendered

DOCS = REPOSITORY / "docs"
# By type of API Gateway's: status, code, and the seconds after which to try again.
EXPECTED = {
    "INVALID_API_KEY": ("403", "InvalidApiKey", None),
    "WAF_FILTERED": ("403", "$context.error.responseType", None),
    "UNAUTHORIZED": ("401", "Unauthorized", None),
    "ACCESS_DENIED": ("403", "$context.error.responseType", None),
    "AUTHORIZER_FAILURE": ("503", "ServiceUnavailable", "'1'"),
    "AUTHORIZER_CONFIGURATION_ERROR": ("503", "ServiceUnavailable", "'1'"),
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


def test_a_camera_without_a_credential_is_told_to_use_basic(template: dict[str, Any]) -> None:
    """Many send one only after this challenge, and the function cannot: API Gateway renames its header."""
    answers = _answers(template, apiAuthorization="CAMERA")
    header = "gatewayresponse.header.WWW-Authenticate"
    assert answers["UNAUTHORIZED"]["ResponseParameters"][header] == "'Basic realm=\"camera\"'"
    assert [kind for kind, answer in answers.items() if header in answer["ResponseParameters"]] == ["UNAUTHORIZED"]


def test_a_denied_camera_is_told_what_the_authorizer_says(template: dict[str, Any]) -> None:
    denied = _answers(template, apiAuthorization="CAMERA")["ACCESS_DENIED"]
    assert denied["StatusCode"] == "403"
    error = _error(denied)
    assert (error["code"], error["message"]) == ("$context.authorizer.code", "$context.authorizer.message")


@pytest.mark.parametrize("page", ["api.md", "api_CN.md", "openapi.yaml"])
def test_every_code_is_documented(template: dict[str, Any], page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for kind, answer in _answers(template).items():
        code = _error(answer)["code"].replace("$context.error.responseType", kind)
        assert kind.startswith("DEFAULT") or code in text, code
