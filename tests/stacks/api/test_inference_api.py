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
        headers = {name.removeprefix(prefix): text.strip("'") for name, text in answer["ResponseParameters"].items()}
        allowed.add(headers["Allow-Methods"])
        assert headers["Max-Age"] == "3600"
        assert "Allow-Credentials" not in headers  # so that any origin is safe
        assert set(headers["Allow-Headers"].split(",")) == {
            *["Content-Type", "Prefer", "Idempotency-Key", "X-Camera-Id", "X-Request-Id", "X-Timestamp", "X-Api-Key"],
            *["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"],
        }
    assert allowed == {"POST", "GET"}  # a frame, and the answer of an asynchronous endpoint


def test_the_stage_has_no_variables(template: dict[str, Any]) -> None:
    assert "Variables" not in only(rendered(template), "AWS::ApiGateway::Stage")
