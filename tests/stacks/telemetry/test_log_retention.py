"""Logs end, and belong to the stack, but for the one that says why the endpoint did not start."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, of_type, only, rendered

LOG_GROUP = "AWS::Logs::LogGroup"


@pytest.mark.parametrize("region", REGIONS)
def test_every_log_group_ends_its_lines_and_most_end_with_the_stack(template: dict[str, Any], region: str) -> None:
    for given, days in (({}, "30"), ({"logRetentionDays": "365"}, "365")):
        groups = of_type(rendered(template, region, **given), LOG_GROUP)
        assert len(groups) >= 2
        assert {group["RetentionInDays"] for group in groups.values()} == {days}
    for name, entry in template["Resources"].items():
        if entry["Type"] == LOG_GROUP and not name.startswith("ModelLogs"):
            assert entry["DeletionPolicy"] == "Delete"


def test_the_endpoints_log_outlives_a_first_deployment_that_fails(template: dict[str, Any]) -> None:
    """A rollback deletes all else, and the log has the reason. A change of the kind must not find its name taken."""
    (group,) = (entry for name, entry in template["Resources"].items() if name.startswith("ModelLogs"))
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("Retain", "Delete")


@pytest.mark.parametrize("region", REGIONS)
def test_the_endpoints_group_is_there_before_it_and_the_only_one_it_may_write_to(
    template: dict[str, Any], region: str
) -> None:
    resources = rendered(template, region)
    endpoint = only(resources, "AWS::SageMaker::Endpoint")["EndpointName"]
    (group,) = (
        name
        for name, properties in of_type(resources, LOG_GROUP).items()
        if properties.get("LogGroupName") == f"/aws/sagemaker/Endpoints/{endpoint}"
    )
    (resource,) = (entry for entry in template["Resources"].values() if entry["Type"] == "AWS::SageMaker::Endpoint")
    assert group in resource["DependsOn"]
    statements = [
        statement
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        if name.startswith("ModelExecutionRole")
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "logs:PutLogEvents" in statement["Action"]
    ]
    assert [statement["Resource"] for statement in statements] == [f"{group}.Arn"]
    assert "logs:DescribeLogStreams" in statements[0]["Action"]  # as SageMaker's page of roles asks
