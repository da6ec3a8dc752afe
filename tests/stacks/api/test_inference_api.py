"""The function's share of the account, what a browser may ask, and the web ACL in front."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import of_type, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check

# By region: its partition.
REGIONS = {"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}
ACL = "wafv2:{}:210987654321:regional/webacl/cameras/01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize("region", REGIONS)
def test_a_web_acl_is_linked_to_the_stage(template: dict[str, Any], region: str) -> None:
    arn = f"arn:{REGIONS[region]}:{ACL.format(region)}"
    resources = rendered(template, region, webAclArn=arn)
    link = only(resources, "AWS::WAFv2::WebACLAssociation")
    (api,) = of_type(resources, "AWS::ApiGateway::RestApi")
    (stage,) = of_type(resources, "AWS::ApiGateway::Stage")
    assert link["WebACLArn"] == arn
    assert link["ResourceArn"] == f"arn:{REGIONS[region]}:apigateway:{region}::/restapis/{api}/stages/{stage}"


@pytest.mark.parametrize("region", REGIONS)
def test_without_one_there_is_no_link(template: dict[str, Any], region: str) -> None:
    assert not of_type(rendered(template, region), "AWS::WAFv2::WebACLAssociation")


@pytest.mark.parametrize(
    "arn",
    [
        "cameras",
        "arn:aws:wafv2:us-east-1:210987654321:global/webacl/cameras/01234567-89ab-cdef-0123-456789abcdef",
        "arn:aws:wafv2:us-east-1:210987654321:regional/rulegroup/cameras/01234567-89ab-cdef-0123-456789abcdef",
        "arn:aws:waf-regional:us-east-1:210987654321:webacl/01234567-89ab-cdef-0123-456789abcdef",
    ],
)
def test_what_is_no_regional_web_acl_is_refused(template: dict[str, Any], arn: str) -> None:
    with pytest.raises(ParameterError, match="it takes the ARN of a regional web ACL"):
        check(template, {"webAclArn": arn})


@pytest.mark.parametrize("region", REGIONS)
def test_concurrency_is_reserved_when_asked_for(template: dict[str, Any], region: str) -> None:
    function = only(rendered(template, region, functionReservedConcurrency="50"), "AWS::Lambda::Function")
    assert int(function["ReservedConcurrentExecutions"]) == 50
    assert "ReservedConcurrentExecutions" not in only(rendered(template, region), "AWS::Lambda::Function")


@pytest.mark.parametrize("value", ["-1", "00", "1.5", "", "100000"])
def test_a_concurrency_that_is_none(template: dict[str, Any], value: str) -> None:
    with pytest.raises(ParameterError, match=r"functionReservedConcurrency cannot be .* a whole number from 0"):
        check(template, {"functionReservedConcurrency": value})


@pytest.mark.parametrize("region", REGIONS)
def test_a_browser_may_send_frames_and_who_it_is(template: dict[str, Any], region: str) -> None:
    methods = of_type(rendered(template, region), "AWS::ApiGateway::Method").values()
    allowed = set()
    for preflight in (method for method in methods if method["HttpMethod"] == "OPTIONS"):
        (answer,) = preflight["Integration"]["IntegrationResponses"]
        prefix = "method.response.header.Access-Control-"
        # Without these, API Gateway answers 500: it takes the body for binary.
        assert preflight["Integration"]["ContentHandling"] == answer["ContentHandling"] == "CONVERT_TO_TEXT"
        headers = {name.removeprefix(prefix): text.strip("'") for name, text in answer["ResponseParameters"].items()}
        allowed.add(headers["Allow-Methods"])
        assert headers["Max-Age"] == "3600"
        assert "Allow-Credentials" not in headers  # so that any origin is safe
        assert set(headers["Allow-Headers"].split(",")) == {
            *["Content-Type", "Prefer", "Idempotency-Key", "X-Camera-Id", "X-Request-Id", "X-Timestamp", "X-Api-Key"],
            *["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"],
        }
    # A frame, the answer of an asynchronous endpoint, and pushes.
    assert allowed == {"POST", "GET", "GET,POST,PUT"}


def _paths(resources: dict[str, Any]) -> dict[str, set[str]]:
    """The methods of each path, without preflights."""
    parts = of_type(resources, "AWS::ApiGateway::Resource")

    def path(name: str) -> str:
        return f"{path(parts[name]['ParentId'])}/{parts[name]['PathPart']}" if name in parts else ""

    found: dict[str, set[str]] = {}
    for method in of_type(resources, "AWS::ApiGateway::Method").values():
        if method["HttpMethod"] != "OPTIONS":
            found.setdefault(path(method["ResourceId"]) or "/", set()).add(method["HttpMethod"])
    return found


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("way", ["AUTO", "NONE", "CAMERA", "CAMERA_IAM"])
def test_cameras_may_push_wherever_their_menus_let_them(template: dict[str, Any], region: str, way: str) -> None:
    pushing = {"GET", "POST", "PUT"}
    assert _paths(rendered(template, region, apiAuthorization=way)) == {
        "/inference": {"POST"},
        "/inference/{request_id}": {"GET"},
        **dict.fromkeys(("/push", "/push/{proxy+}", "/", "/{proxy+}"), pushing),
    }


@pytest.mark.parametrize("region", REGIONS)
def test_every_body_reaches_the_function_as_it_was_sent(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    assert only(resources, "AWS::ApiGateway::RestApi")["BinaryMediaTypes"] == ["*/*"]
    assert not of_type(resources, "AWS::ApiGateway::Model")
    assert not of_type(resources, "AWS::ApiGateway::RequestValidator")
    for method in of_type(resources, "AWS::ApiGateway::Method").values():
        assert "RequestValidatorId" not in method
        if method["HttpMethod"] != "OPTIONS":
            assert method["Integration"]["Type"] == "AWS_PROXY"
            assert "ContentHandling" not in method["Integration"]


@pytest.mark.parametrize("region", REGIONS)
def test_api_gateway_may_call_the_function_for_its_stage_alone(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    (api,) = of_type(resources, "AWS::ApiGateway::RestApi")
    permission = only(resources, "AWS::Lambda::Permission")
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"].startswith(f"arn:{REGIONS[region]}:execute-api:{region}:")
    assert permission["SourceArn"].endswith(f":{api}/prod/*/*")


def test_the_stage_has_no_variables(template: dict[str, Any]) -> None:
    assert "Variables" not in only(rendered(template), "AWS::ApiGateway::Stage")
