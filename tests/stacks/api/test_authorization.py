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
WAYS = ("API_KEY", "AWS_IAM", "NONE")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return synthesize()


def _render(template: dict[str, Any], region: str = "us-east-1", **given: str) -> dict[str, Any]:
    return render_template(template, check(template, given), region)


def _of_type(rendered: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    resources = rendered["Resources"].items()
    return {name: resource["Properties"] for name, resource in resources if resource["Type"] == kind}


def _post(rendered: dict[str, Any]) -> dict[str, Any]:
    methods = _of_type(rendered, "AWS::ApiGateway::Method").values()
    (post,) = (method for method in methods if method["HttpMethod"] == "POST")
    return post


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("asked", ["AUTO", *WAYS])
def test_each_way(template: dict[str, Any], region: str, asked: str) -> None:
    rendered = _render(template, region, apiAuthorization=asked)
    way = REGIONS[region] if asked == "AUTO" else asked
    post = _post(rendered)
    assert (post["AuthorizationType"], post["ApiKeyRequired"]) == (
        "AWS_IAM" if way == "AWS_IAM" else "NONE",
        way == "API_KEY",
    )
    (api,) = _of_type(rendered, "AWS::ApiGateway::RestApi").values()
    # A policy that is left out of an update stays on the API, so each way says its own.
    principals = [statement["Principal"] for statement in api["Policy"]["Statement"]]
    assert (principals == ["*"]) == (way != "AWS_IAM")
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
        assert [(each["AuthorizationType"], each["ApiKeyRequired"]) for each in preflights] == [("NONE", False)] * 2


def test_who_fetches_an_answer_proves_the_same_as_who_asks_for_it(template: dict[str, Any]) -> None:
    for way in WAYS:
        methods = _of_type(_render(template, apiAuthorization=way), "AWS::ApiGateway::Method").values()
        asked = {
            method["HttpMethod"]: (method["AuthorizationType"], method["ApiKeyRequired"])
            for method in methods
            if method["HttpMethod"] != "OPTIONS"
        }
        assert asked["GET"] == asked["POST"]


@pytest.mark.parametrize("region", REGIONS)
def test_with_iam_only_principals_of_the_account_get_in(template: dict[str, Any], region: str) -> None:
    (api,) = _of_type(_render(template, region, apiAuthorization="AWS_IAM"), "AWS::ApiGateway::RestApi").values()
    callers, preflight = api["Policy"]["Statement"]
    partition = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}.get(region, "aws")
    assert callers["Principal"]["AWS"].startswith(f"arn:{partition}:iam::")
    assert callers["Principal"]["AWS"].endswith(":root")
    assert (preflight["Principal"], preflight["Resource"]) == ("*", "execute-api:/*/OPTIONS/*")


@pytest.mark.parametrize("way", ["API_KEY", "NONE"])
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
    expected = ("403", "NotSigned") if way == "AWS_IAM" else ("404", "NotFound")
    assert (unknown["StatusCode"], error["code"]) == expected
    assert responses["INVALID_API_KEY"]["StatusCode"] == "403"
    assert "x-api-key" in responses["INVALID_API_KEY"]["ResponseTemplates"]["application/json"]
