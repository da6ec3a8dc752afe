"""A new fleet beside the old one, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, of_type, only, rendered

ENDPOINT = "AWS::SageMaker::Endpoint"


def _deployment(template: dict[str, Any], region: str = "us-east-1", **given: str) -> dict[str, Any]:
    deployment: dict[str, Any] = only(rendered(template, region, **given), ENDPOINT)["DeploymentConfig"]
    return deployment


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("largest", ["1", "4"])
def test_one_instance_has_no_half_for_a_canary(template: dict[str, Any], region: str, largest: str) -> None:
    policy = _deployment(template, region, maxInstanceCount=largest)["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"] == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(("smallest", "largest"), [("2", "2"), ("2", "9"), ("5", "20")])
def test_of_two_or_more_one_goes_first(template: dict[str, Any], region: str, smallest: str, largest: str) -> None:
    deployment = _deployment(template, region, minInstanceCount=smallest, maxInstanceCount=largest)
    routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert (routing["Type"], routing["CanarySize"]["Type"]) == ("CANARY", "INSTANCE_COUNT")
    assert routing["CanarySize"]["Value"] <= int(smallest) / 2


@pytest.mark.parametrize("smallest", ["1", "2"])
def test_the_alarms_have_time_to_go_off(template: dict[str, Any], smallest: str) -> None:
    resources = rendered(template, minInstanceCount=smallest, maxInstanceCount=smallest)
    policy = only(resources, ENDPOINT)["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    needed = max(
        alarm["Period"] * alarm["EvaluationPeriods"] for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
    )
    waits = [policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"], policy["TerminationWaitInSeconds"]]
    assert all(wait > needed for wait in waits if wait)
    assert waits[1] > needed
    assert policy["MaximumExecutionTimeoutInSeconds"] > sum(waits)


@pytest.mark.parametrize("region", REGIONS)
def test_the_newest_fleets_alarms_roll_back_and_the_role_may_look_at_them(
    template: dict[str, Any], region: str
) -> None:
    resources = rendered(template, region)
    guards = {alarm["AlarmName"] for alarm in _deployment(template, region)["AutoRollbackConfiguration"]["Alarms"]}
    assert guards == {
        name
        for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items()
        if "EndpointConfigName" in {dimension["Name"] for dimension in alarm["Dimensions"]}
    }
    ((name, policy),) = (
        (name, policy)
        for name, policy in of_type(resources, "AWS::IAM::Policy").items()
        if policy["PolicyDocument"]["Statement"][0]["Action"] == "cloudwatch:DescribeAlarms"
    )
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert set(statement["Resource"]) == {f"{guard}.Arn" for guard in guards}
    assert policy["Roles"] == [only(resources, "AWS::SageMaker::Model")["ExecutionRoleArn"].split(".")[0]]
    (endpoint,) = (entry for entry in template["Resources"].values() if entry["Type"] == ENDPOINT)
    assert name in endpoint["DependsOn"]
