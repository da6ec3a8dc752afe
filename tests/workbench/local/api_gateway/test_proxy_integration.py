"""Headers that API Gateway keeps for itself."""

from __future__ import annotations

import base64

import pytest

from workbench.local.api_gateway import proxy_integration
from workbench.local.api_gateway.gateway_responses import RefusedError
from workbench.template.rendered_api import RenderedMethod


def test_a_challenge_of_the_function_does_not_reach_the_client() -> None:
    answer = {
        "statusCode": 401,
        "headers": {"WWW-Authenticate": "Basic", "Server": "x", "date": "y", "Retry-After": 1, "TE": "x"},
        "multiValueHeaders": {"Set-Cookie": ["a", "b"], "Connection": ["close"]},
        "body": "no",
    }
    headers = proxy_integration.response(answer).headers
    assert headers["x-amzn-Remapped-WWW-Authenticate"] == "Basic"
    assert headers["x-amzn-Remapped-Server"] == "x"
    assert headers["x-amzn-Remapped-date"] == "y"
    assert headers["x-amzn-Remapped-Connection"] == "close"
    assert headers.getlist("Set-Cookie") == ["a", "b"]
    assert headers["Retry-After"] == "1"
    assert not {"WWW-Authenticate", "Server", "Date", "Connection", "TE"} & set(headers.keys())


def test_bytes_of_an_answer_are_bytes_for_all() -> None:
    answer = {"statusCode": 200, "body": base64.b64encode(b"\xff\x00").decode(), "isBase64Encoded": True}
    assert proxy_integration.response(answer).get_data() == b"\xff\x00"


def test_a_preflight_that_stays_binary_fails_as_it_does_on_aws() -> None:
    integration = {"Type": "MOCK", "IntegrationResponses": [{"StatusCode": "204"}]}
    binary = RenderedMethod("/", "OPTIONS", integration, requires_key=False, authorization="NONE")
    with pytest.raises(RefusedError) as refused:
        proxy_integration.mock_response(binary)
    assert refused.value.status == 500
    converted = {**integration, "ContentHandling": "CONVERT_TO_TEXT"}
    text = RenderedMethod("/", "OPTIONS", converted, requires_key=False, authorization="NONE")
    assert proxy_integration.mock_response(text).status_code == 204
