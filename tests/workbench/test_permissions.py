"""The list of who may do what, and that it is as short as it can be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.__main__ import main
from workbench.parameters import check
from workbench.permissions import Grant, grants
from workbench.rendered_stack import render_template

REGIONS = ["us-east-1", "cn-north-1", "us-gov-west-1"]
# AWS has no finer resource for these: registry login, metrics, traces.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def _grants(template: dict[str, Any], region: str, **given: str) -> list[Grant]:
    return grants(render_template(template, check(template, given), region)["Resources"])


@pytest.mark.parametrize("region", REGIONS)
def test_no_wildcard_but_where_aws_has_no_finer_resource(template: dict[str, Any], region: str) -> None:
    everything = {"saveRequestEvents": "Yes", "frameBucketName": "frames", "apiAuthorization": "AWS_IAM"}
    for grant in _grants(template, region, **everything):
        if grant.effect == "Allow":
            assert not [action for action in grant.actions if "*" in action], grant
            if "*" in grant.resources:
                assert set(grant.actions) <= WITHOUT_RESOURCE, grant


def test_everyone_may_send_preflights_and_nothing_else(template: dict[str, Any]) -> None:
    allowed = [
        grant
        for grant in _grants(template, "cn-north-1", saveRequestEvents="Yes")
        if grant.who == "everyone" and grant.effect == "Allow"
    ]
    assert [(grant.actions, grant.resources) for grant in allowed] == [
        (("execute-api:Invoke",), ("execute-api:/*/OPTIONS/*",))
    ]


def test_resources_are_named_by_their_place_in_the_stack(template: dict[str, Any]) -> None:
    (grant,) = (
        grant
        for grant in _grants(template, "us-east-1", saveRequestEvents="Yes")
        if "s3:PutObject" in grant.actions and grant.who == "Inference/FunctionRole"
    )
    assert grant.resources == ("Events/Bucket/events/*",)


def test_the_verb_prints_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "--json", "--region", "cn-north-1", "--parameters", "saveRequestEvents=Yes"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"who", "effect", "actions", "resources", "conditions", "source"} == set(listed[0])
    assert any("s3:PutObject" in entry["actions"] for entry in listed)


def test_a_parameter_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "--parameters", "saveEvents=Yes"]) == 2
    assert "did you mean 'saveRequestEvents'" in capsys.readouterr().err
