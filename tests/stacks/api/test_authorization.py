"""Who may call the API, in each partition and for each value of the parameter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.errors import ParameterError
from workbench.template.parameters import check
from workbench.template.rendered_stack import render
from workbench.template.rendered_template import render_template, synthesize

# The meaning of AUTO, by region.
REGIONS = {"us-east-1": "API_KEY", "cn-north-1": "AWS_IAM", "us-gov-west-1": "API_KEY"}
WAYS = ("API_KEY", "AWS_IAM", "NONE", "CAMERA", "CAMERA_IAM")
SIGNED = ("AWS_IAM", "CAMERA_IAM")
AUTHORIZER = "inference_api.identity.authorizer.handler"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return synthesize()


def _render(template: dict[str, Any], region: str = "us-east-1", **given: str) -> dict[str, Any]:
    return render_template(template, check(template, given), region)


def _of_type(rendered: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    resources = rendered["Resources"].items()
    return {name: resource["Properties"] for name, resource in resources if resource["Type"] == kind}


def _proofs(rendered: dict[str, Any]) -> list[tuple[str, bool, bool]]:
    """For every method but preflights: its type of authorization, whether an authorizer is named, whether a key is."""
    return [
        (method["AuthorizationType"], "AuthorizerId" in method, method["ApiKeyRequired"])
        for method in _of_type(rendered, "AWS::ApiGateway::Method").values()
        if method["HttpMethod"] != "OPTIONS"
    ]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("asked", ["AUTO", *WAYS])
def test_each_way(template: dict[str, Any], region: str, asked: str) -> None:
    rendered = _render(template, region, apiAuthorization=asked)
    way = REGIONS[region] if asked == "AUTO" else asked
    kind = "AWS_IAM" if way in SIGNED else "CUSTOM" if way == "CAMERA" else "NONE"
    assert _proofs(rendered) == [(kind, way == "CAMERA", way == "API_KEY")] * 14
    (api,) = _of_type(rendered, "AWS::ApiGateway::RestApi").values()
    # A policy that is left out of an update stays on the API, so each way says its own.
    principals = [statement["Principal"] for statement in api["Policy"]["Statement"]]
    assert (principals == ["*"]) == (way not in SIGNED)
    for kind in ("ApiKey", "UsagePlan", "UsagePlanKey"):
        assert len(_of_type(rendered, f"AWS::ApiGateway::{kind}")) == (way == "API_KEY")
    # An output whose condition does not hold is not made.
    conditions = rendered["Conditions"]
    assert conditions[template["Outputs"]["ApiKeyId"]["Condition"]] == (way == "API_KEY")


def test_the_default_is_safe(template: dict[str, Any]) -> None:
    assert check(template, {})["apiAuthorization"] == "AUTO"


def test_preflights_of_browsers_are_never_asked_for_proof(template: dict[str, Any]) -> None:
    for way in WAYS:
        methods = _of_type(_render(template, apiAuthorization=way), "AWS::ApiGateway::Method").values()
        preflights = [method for method in methods if method["HttpMethod"] == "OPTIONS"]
        assert [(each["AuthorizationType"], each["ApiKeyRequired"]) for each in preflights] == [("NONE", False)] * 4
        assert all("AuthorizerId" not in each for each in preflights)


@pytest.mark.parametrize("region", REGIONS)
def test_the_authorizer_is_asked_about_every_request(template: dict[str, Any], region: str) -> None:
    """API Gateway keeps no answer, and names no header: a credential may be in the query alone."""
    rendered = _render(template, region, apiAuthorization="CAMERA")
    ((name, authorizer),) = _of_type(rendered, "AWS::ApiGateway::Authorizer").items()
    assert (authorizer["Type"], authorizer["AuthorizerResultTtlInSeconds"]) == ("REQUEST", 0)
    assert "IdentitySource" not in authorizer
    methods = _of_type(rendered, "AWS::ApiGateway::Method").values()
    assert {method["AuthorizerId"] for method in methods if method["HttpMethod"] != "OPTIONS"} == {name}
    ((function, properties),) = (
        (function, entry)
        for function, entry in _of_type(rendered, "AWS::Lambda::Function").items()
        if entry["Handler"] == AUTHORIZER
    )
    assert f"functions/{function}.Arn/invocations" in authorizer["AuthorizerUri"]
    partition = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}.get(region, "aws")
    assert authorizer["AuthorizerUri"].startswith(f"arn:{partition}:apigateway:{region}:lambda:path/")
    (asks,) = (
        entry
        for entry in _of_type(rendered, "AWS::Lambda::Permission").values()
        if entry["FunctionName"] == f"{function}.Arn"
    )
    assert asks["SourceArn"].startswith(f"arn:{partition}:execute-api:{region}:")
    assert asks["SourceArn"].endswith(f"/authorizers/{name}")
    assert properties["Timeout"] == 5
    assert "ReservedConcurrentExecutions" not in properties


@pytest.mark.parametrize("way", [way for way in WAYS if way != "CAMERA"])
def test_the_other_ways_have_no_authorizer(template: dict[str, Any], way: str) -> None:
    rendered = _render(template, apiAuthorization=way)
    assert not _of_type(rendered, "AWS::ApiGateway::Authorizer")
    assert AUTHORIZER not in {entry["Handler"] for entry in _of_type(rendered, "AWS::Lambda::Function").values()}


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("way", SIGNED)
def test_with_iam_only_principals_of_the_account_get_in(template: dict[str, Any], region: str, way: str) -> None:
    (api,) = _of_type(_render(template, region, apiAuthorization=way), "AWS::ApiGateway::RestApi").values()
    callers, preflight = api["Policy"]["Statement"]
    partition = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}.get(region, "aws")
    assert callers["Principal"]["AWS"].startswith(f"arn:{partition}:iam::")
    assert callers["Principal"]["AWS"].endswith(":root")
    assert (preflight["Principal"], preflight["Resource"]) == ("*", "execute-api:/*/OPTIONS/*")


@pytest.mark.parametrize("way", ["API_KEY", "NONE", "CAMERA"])
def test_without_iam_the_policy_lets_every_caller_in(template: dict[str, Any], way: str) -> None:
    (api,) = _of_type(_render(template, apiAuthorization=way), "AWS::ApiGateway::RestApi").values()
    assert api["Policy"]["Statement"] == [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    ]


def test_limits(template: dict[str, Any]) -> None:
    rendered = _render(template, apiThrottleRate="50", apiThrottleBurst="70", apiMonthlyQuota="1000000")
    (plan,) = _of_type(rendered, "AWS::ApiGateway::UsagePlan").values()
    assert {key: int(value) for key, value in plan["Throttle"].items()} == {"RateLimit": 50, "BurstLimit": 70}
    assert (int(plan["Quota"]["Limit"]), plan["Quota"]["Period"]) == (1_000_000, "MONTH")
    (stage,) = _of_type(rendered, "AWS::ApiGateway::Stage").values()
    (settings,) = stage["MethodSettings"]
    assert (int(settings["ThrottlingRateLimit"]), int(settings["ThrottlingBurstLimit"])) == (50, 70)
    (plan,) = _of_type(_render(template), "AWS::ApiGateway::UsagePlan").values()
    assert "Quota" not in plan


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("apiThrottleRate", "0"),
        ("apiThrottleRate", "fast"),
        ("apiThrottleBurst", "5001"),
    ],
)
def test_a_limit_that_is_none(template: dict[str, Any], name: str, value: str) -> None:
    with pytest.raises(ParameterError, match=f"{name} cannot be '{value}'; it takes a number from"):
        check(template, {name: value})


@pytest.mark.parametrize("value", ["-1", "00", "1e6", ""])
def test_a_quota_that_is_none(template: dict[str, Any], value: str) -> None:
    with pytest.raises(ParameterError, match=f"apiMonthlyQuota cannot be '{value}'; it takes a whole number from 0"):
        check(template, {"apiMonthlyQuota": value})


def test_no_key_is_in_the_template(template: dict[str, Any]) -> None:
    (key,) = _of_type(_render(template), "AWS::ApiGateway::ApiKey").values()
    assert "Value" not in key
    assert "Name" not in key


@pytest.mark.parametrize("way", WAYS)
def test_refusals_of_the_gateway_say_what_to_send(template: dict[str, Any], way: str) -> None:
    responses = render(template, {"apiAuthorization": way}, "us-east-1").gateway_responses
    unknown = responses["MISSING_AUTHENTICATION_TOKEN"]
    error = json.loads(unknown["ResponseTemplates"]["application/json"].replace("$context.requestId", "id"))["error"]
    expected = ("403", "NotSigned") if way in SIGNED else ("404", "NotFound")
    assert (unknown["StatusCode"], error["code"]) == expected
    assert responses["INVALID_API_KEY"]["StatusCode"] == "403"
    assert "x-api-key" in responses["INVALID_API_KEY"]["ResponseTemplates"]["application/json"]
