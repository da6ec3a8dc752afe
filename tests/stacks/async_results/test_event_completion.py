"""SageMaker's notifications of asynchronous requests, rendered as CloudFormation would render them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from inference_api.settings import Settings
from tests.stacks.rendering import REGIONS, events_bucket, of_type, only, rendered

ON = {"endpointType": "async", "deployInstanceType": "ml.m5.xlarge"}
KEY = "arn:aws:kms:us-east-1:111122223333:key/my-key"
HANDLER = "inference_api.completion.handler"
Resources = dict[str, dict[str, Any]]


def _function(resources: Resources) -> tuple[str, dict[str, Any]]:
    ((logical_id, function),) = (
        (name, entry)
        for name, entry in of_type(resources, "AWS::Lambda::Function").items()
        if entry["Handler"] == HANDLER
    )
    return logical_id, function


def _topic(resources: Resources) -> tuple[str, dict[str, Any]]:
    """The topic of results; the other one is of alarms."""
    ((name, topic),) = (
        (name, entry) for name, entry in of_type(resources, "AWS::SNS::Topic").items() if name.startswith("Model")
    )
    return name, topic


@pytest.mark.parametrize("kind", ["real-time", "serverless"])
def test_nothing_of_it_is_there_for_other_kinds(template: dict[str, Any], kind: str) -> None:
    resources = rendered(template, endpointType=kind, deployInstanceType="ml.m5.xlarge")
    assert not [name for name in resources if name.startswith(("AsyncResults", "ModelResults"))]
    roles = set(of_type(resources, "AWS::IAM::Role"))
    assert all(set(policy["Roles"]) <= roles for policy in of_type(resources, "AWS::IAM::Policy").values())


@pytest.mark.parametrize("region", REGIONS)
def test_sagemaker_tells_the_function_of_answers_and_failures(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON)
    topic, _ = _topic(resources)
    config = only(resources, "AWS::SageMaker::EndpointConfig")["AsyncInferenceConfig"]["OutputConfig"]
    assert config["NotificationConfig"] == {"SuccessTopic": topic, "ErrorTopic": topic}
    function, _ = _function(resources)
    subscription = only(resources, "AWS::SNS::Subscription")
    assert subscription == {"Protocol": "lambda", "TopicArn": topic, "Endpoint": f"{function}.Arn"}
    (permission,) = (
        entry
        for entry in of_type(resources, "AWS::Lambda::Permission").values()
        if entry["Principal"] == "sns.amazonaws.com"
    )
    assert (permission["FunctionName"], permission["SourceArn"]) == (f"{function}.Arn", topic)


@pytest.mark.parametrize("region", REGIONS)
def test_the_endpoint_alone_publishes_and_may_before_it_is_made(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON)
    topic, _ = _topic(resources)
    publishing = [
        (name, statement["Resource"])
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "sns:Publish"
    ]
    ((role, named),) = publishing  # a policy inside the role exists as soon as the role does
    assert named == topic
    assert only(resources, "AWS::SageMaker::Model")["ExecutionRoleArn"] == f"{role}.Arn"
    policy = next(entry for entry in of_type(resources, "AWS::SNS::TopicPolicy").values() if entry["Topics"] == [topic])
    (denied,) = policy["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_operators_key_encrypts_the_topic(template: dict[str, Any]) -> None:
    assert "KmsMasterKeyId" not in _topic(rendered(template, **ON))[1]
    resources = rendered(template, **ON, kmsKeyArn=KEY)
    assert _topic(resources)[1]["KmsMasterKeyId"] == KEY
    (role,) = (role for role in of_type(resources, "AWS::IAM::Role").values() if "sns:Publish" in str(role))
    uses = [
        statement["Action"]
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Resource"] == KEY
    ]
    assert any({"kms:Decrypt", "kms:GenerateDataKey"} <= set(actions) for actions in uses)


@pytest.mark.parametrize("region", REGIONS)
def test_the_functions_role_may_do_this_and_nothing_else(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON, saveRequestEvents="Yes", eventsTable="Yes")
    function = _function(resources)[1]
    role = function["Role"].split(".")[0]
    bucket, _ = events_bucket(resources)
    granted = {
        (action, resource)
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        if policy["Roles"] == [role]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    }
    (logs,) = (name for name in of_type(resources, "AWS::Logs::LogGroup") if name.startswith("AsyncResults"))
    traced = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
    assert granted == {
        *(("s3:GetObject", f"{bucket}.Arn/async/{prefix}/*") for prefix in ("pending", "output", "failure")),
        ("s3:PutObject", f"{bucket}.Arn/events/*"),
        ("s3:PutObject", f"{bucket}.Arn/results/*"),
        ("s3:PutObject", f"{bucket}.Arn/async/failure/*"),
        ("s3:ListBucket", f"{bucket}.Arn"),
        ("logs:CreateLogStream", f"{logs}.Arn"),
        ("logs:PutLogEvents", f"{logs}.Arn"),
    } | (traced if region == "us-east-1" else set())
    assert "ManagedPolicyArns" not in resources[role]["Properties"]


@pytest.mark.parametrize("region", REGIONS)
def test_the_function_is_the_same_code_with_the_apis_settings(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON, saveRequestEvents="Yes")
    function = _function(resources)[1]
    (api,) = (entry for entry in of_type(resources, "AWS::Lambda::Function").values() if entry["Handler"] != HANDLER)
    assert function["Code"] == api["Code"]
    settings = [Settings.from_environment(entry["Environment"]["Variables"]) for entry in (function, api)]
    assert settings[0] == replace(settings[1], authorization=settings[0].authorization)  # nobody calls the first


@pytest.mark.parametrize("region", REGIONS)
def test_people_learn_of_failures(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON)
    function, entry = _function(resources)
    service = entry["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    (endpoint,) = of_type(resources, "AWS::SageMaker::Endpoint")
    dimensions = {
        "AsyncFailures": ("IpcAiSaas", {"service": service}),
        "NotificationFailures": (
            "AWS/SageMaker",
            {"EndpointName": f"{endpoint}.EndpointName", "VariantName": "AllTraffic"},
        ),
        "Errors": ("AWS/Lambda", {"FunctionName": function}),
    }
    alarms = {
        alarm["MetricName"]: alarm
        for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items()
        if name.startswith("AsyncResults")
    }
    assert set(alarms) == set(dimensions)
    for metric, alarm in alarms.items():
        named = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert (alarm["Namespace"], named) == dimensions[metric]
        assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Statistic"]) == (
            "GreaterThanThreshold",
            0,
            "Sum",
        )
        assert len(alarm["AlarmActions"]) == len(alarm["OKActions"]) == 1
