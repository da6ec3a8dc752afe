"""List of permissions, which grants no more than is needed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.__main__ import main
from workbench.places import REPOSITORY
from workbench.template.parameters import check
from workbench.template.rendered_template import render_template
from workbench.verbs.permissions import Grant, grants, markdown

REGIONS = ["us-east-1", "cn-north-1", "us-gov-west-1"]
# AWS has no finer resource for these: registry login, metrics, traces.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    # SageMaker needs these in a VPC, and only there.
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
}
EVERYTHING = {
    "apiAccessLogs": "Yes",
    "saveRequestEvents": "Yes",
    "deployInstanceType": "ml.m5.xlarge",  # whose volume takes the key
    "eventsTable": "Yes",
    "ingestFromS3": "Yes",
    "frameBucketName": "my-frames",
    "modelDataUrl": "s3://my-models/model.tar.gz",
    "shadowModelName": "candidate",
    "shadowModelDataUrl": "s3://my-models/candidate.tar.gz",
    "dataCapturePercentage": "1",
    "kmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/my-key",
    "vpcSubnetIds": "subnet-11111111",
    "vpcSecurityGroupIds": "sg-11111111",
}
MIXES: list[dict[str, str]] = [
    {},
    EVERYTHING,
    EVERYTHING
    | {"apiAuthorization": "AWS_IAM", "containerImageUri": f"{'1' * 12}.dkr.ecr.us-east-1.amazonaws.com/mine"},
    {"endpointType": "async", "saveRequestEvents": "Yes", "apiAccessLogs": "UseAccountRole"},
    EVERYTHING | {"apiAuthorization": "CAMERA", "pushAnswer": "accepted", "alarmSilentCameras": "5"},
    {"apiAuthorization": "CAMERA_IAM"},
    {"endpointType": "serverless", "deployInstanceType": "ml.m5.xlarge", "apiAuthorization": "NONE"},
]


def _grants(template: dict[str, Any], region: str, **given: str) -> list[Grant]:
    return grants(render_template(template, check(template, given), region)["Resources"])


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("given", MIXES)
def test_no_wildcard_but_where_aws_has_no_finer_resource(
    template: dict[str, Any], region: str, given: dict[str, str]
) -> None:
    for grant in _grants(template, region, **given):
        if grant.effect == "Allow":
            assert not [action for action in grant.actions if "*" in action], grant
            if "*" in grant.resources:
                assert set(grant.actions) <= WITHOUT_RESOURCE, grant


@pytest.mark.parametrize("page", ["docs/security.md", "docs/security_CN.md"])
def test_the_page_on_security_has_the_whole_list(template: dict[str, Any], page: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    shown = " ".join(f"{name}={value}" for name, value in EVERYTHING.items())
    assert f"ipc-ai permissions --markdown --parameters {shown}" in text.replace("\\\n  ", "")
    assert markdown(_grants(template, "us-east-1", **EVERYTHING)) in text


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
    assert grant.resources == ("Events/Bucket/events/*", "Events/Bucket/idempotency/*")


@pytest.mark.processes
def test_the_verb_prints_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "--json", "--region", "cn-north-1", "--parameters", "saveRequestEvents=Yes"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"who", "effect", "actions", "resources", "conditions", "source"} == set(listed[0])
    assert any("s3:PutObject" in entry["actions"] for entry in listed)


@pytest.mark.processes
def test_a_parameter_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "--parameters", "saveEvents=Yes"]) == 2
    assert "did you mean 'saveRequestEvents'" in capsys.readouterr().err
