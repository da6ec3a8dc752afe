"""Logs of API Gateway, and its permissions for them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stacks.api.logs import LINE
from tests.stacks.rendering import of_type, only, rendered

# By region: its partition.
REGIONS = {"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}
ACCOUNT = "AWS::ApiGateway::Account"
STAGE = "AWS::ApiGateway::Stage"
GROUP = "AWS::Logs::LogGroup"


def _role(resources: dict[str, Any]) -> dict[str, Any]:
    """The role that API Gateway logs with."""
    (role,) = (
        role
        for role in of_type(resources, "AWS::IAM::Role").values()
        if "apigateway.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])
    )
    return role


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("asked", ["Yes", "UseAccountRole"])
def test_every_request_is_a_line_in_a_log_that_ends(template: dict[str, Any], region: str, asked: str) -> None:
    resources = rendered(template, region, apiAccessLogs=asked)
    stage = only(resources, STAGE)
    destination = stage["AccessLogSetting"]["DestinationArn"]
    start, group = destination.rsplit(":", 1)
    assert start.startswith(f"arn:{REGIONS[region]}:logs:{region}:")
    assert of_type(resources, GROUP)[group]["RetentionInDays"] == "30"
    assert json.loads(stage["AccessLogSetting"]["Format"]) == LINE
    assert {"request_id", "ip", "api_key_id", "status", "latency_ms", "integration_latency_ms", "error"} <= set(LINE)


def test_no_line_has_a_secret_or_what_a_client_wrote() -> None:
    """A key's value, a header, a path or a message that quotes one. None of them is escaped, either.

    Of the authorizer's words the camera's name alone is told, which is the registry's.
    """
    told = " ".join(variable for variable in LINE.values() if variable != "$context.authorizer.principalId")
    for variable in ("apiKey ", "error.message", "userAgent", "context.path", "validationErrorString", "authorizer"):
        assert variable not in f"{told} "
    assert "querystring" not in told.lower()
    assert "\n" not in json.dumps(LINE)  # API Gateway takes one line


@pytest.mark.parametrize("region", REGIONS)
def test_errors_are_logged_without_frames_and_not_for_ever(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    (settings,) = only(resources, STAGE)["MethodSettings"]
    assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("ERROR", False)
    (api,) = of_type(resources, "AWS::ApiGateway::RestApi")
    name = f"API-Gateway-Execution-Logs_{api}/{only(resources, STAGE)['StageName']}"
    (group,) = (group for group in of_type(resources, GROUP).values() if group.get("LogGroupName") == name)
    assert group["RetentionInDays"] == "30"


@pytest.mark.parametrize("region", REGIONS)
def test_nothing_is_logged_when_it_is_off(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, apiAccessLogs="No")
    stage = only(resources, STAGE)
    assert "AccessLogSetting" not in stage
    assert stage["MethodSettings"][0]["LoggingLevel"] == "OFF"
    assert not of_type(resources, ACCOUNT)
    assert not [name for name in of_type(resources, GROUP) if name.startswith("InferenceLogs")]


def test_the_accounts_role_is_left_alone_unless_the_operator_says_otherwise(template: dict[str, Any]) -> None:
    resources = rendered(template)
    assert not of_type(resources, ACCOUNT)
    assert "apigateway.amazonaws.com" not in json.dumps(of_type(resources, "AWS::IAM::Role"))


@pytest.mark.parametrize("region", REGIONS)
def test_the_role_may_write_logs_of_this_account_and_region(template: dict[str, Any], region: str) -> None:
    role = _role(rendered(template, region, apiAccessLogs="Yes"))
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert all(action.startswith("logs:") for action in statement["Action"])
    assert not {action for action in statement["Action"] if "Delete" in action or "*" in action}
    assert statement["Resource"].startswith(f"arn:{REGIONS[region]}:logs:{region}:")


def test_other_apis_of_the_account_keep_their_logs_when_the_stack_goes(template: dict[str, Any]) -> None:
    resources = rendered(template, apiAccessLogs="Yes")
    setting = next(resource for resource in resources.values() if resource["Type"] == ACCOUNT)
    role = resources[setting["Properties"]["CloudWatchRoleArn"].split(".")[0]]
    for kept in (setting, role):
        assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_stage_waits_for_the_role_and_for_the_log_that_ends(template: dict[str, Any]) -> None:
    """Or API Gateway refuses the stage, or makes a log of its own that is kept for ever."""
    (stage,) = (resource for resource in template["Resources"].values() if resource["Type"] == STAGE)
    named = json.dumps(stage["Properties"]["Description"])
    for kind in (ACCOUNT, GROUP):
        needed = [name for name, entry in template["Resources"].items() if entry["Type"] == kind]
        assert any(f'{{"Ref": "{name}"}}' in named for name in needed), kind
