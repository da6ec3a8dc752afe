"""The event store, rendered as CloudFormation would render it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_sns import Topic

from stacks.errors import ContextValueError
from stacks.event_store import CONTEXT, EventStore
from stacks.parameters import Parameters
from workbench.errors import ParameterError
from workbench.parameters import check
from workbench.rendered_stack import render_template

REGIONS = ["us-east-1", "cn-north-1"]
KEPT = {"saveRequestEvents": "Yes"}


def _of_type(template: Mapping[str, Any], kind: str, region: str, **given: str) -> list[dict[str, Any]]:
    resources = render_template(template, check(template, given), region)["Resources"]
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


@pytest.mark.parametrize("region", REGIONS)
def test_the_bucket_is_private_encrypted_and_has_no_versions(template: dict[str, Any], region: str) -> None:
    (bucket,) = _of_type(template, "AWS::S3::Bucket", region)
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "VersioningConfiguration" not in bucket


@pytest.mark.parametrize("region", REGIONS)
def test_the_bucket_refuses_connections_without_tls(template: dict[str, Any], region: str) -> None:
    (policy,) = _of_type(template, "AWS::S3::BucketPolicy", region)
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", {"AWS": "*"}, "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(statement["Resource"]) == 2  # the bucket and its objects


@pytest.mark.parametrize("region", REGIONS)
def test_events_are_kept_for_ever_unless_days_are_given(template: dict[str, Any], region: str) -> None:
    (bucket,) = _of_type(template, "AWS::S3::Bucket", region)
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert [rule["Prefix"] for rule in rules if any("Expir" in name for name in rule)] == ["async/"]
    (bucket,) = _of_type(template, "AWS::S3::Bucket", region, eventRetentionDays="30")
    kept = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"] if rule not in rules}
    assert all(rule in bucket["LifecycleConfiguration"]["Rules"] for rule in rules)
    retention = {"Id": "Retention", "Status": "Enabled", "Prefix": "events/", "ExpirationInDays": "30"}
    assert kept["Retention"] == retention
    assert kept["CaptureRetention"] == retention | {"Id": "CaptureRetention", "Prefix": "capture/"}


@pytest.mark.parametrize("days", ["", "-1", "1.5", "00", "030", "forever", "100000"])
def test_days_that_are_none(template: dict[str, Any], days: str) -> None:
    with pytest.raises(ParameterError, match=f"eventRetentionDays cannot be '{days}'; it takes a whole number of days"):
        check(template, {"eventRetentionDays": days})


@pytest.mark.parametrize("region", REGIONS)
def test_the_function_may_write_where_events_are_kept_and_nowhere_else(template: dict[str, Any], region: str) -> None:
    def of_s3(**given: str) -> list[dict[str, Any]]:
        policies = _of_type(template, "AWS::IAM::Policy", region, **given)
        statements = [entry for policy in policies for entry in policy["PolicyDocument"]["Statement"]]
        return [entry for entry in statements if "s3:" in str(entry["Action"])]

    assert of_s3() == []
    (statement,) = of_s3(**KEPT)
    assert statement["Action"] == ["s3:DeleteObject", "s3:PutObject"]
    assert statement["Resource"].endswith("/events/*")
    (policy,) = (
        entry for entry in _of_type(template, "AWS::IAM::Policy", region, **KEPT) if "s3:PutObject" in str(entry)
    )
    (function,) = _of_type(template, "AWS::Lambda::Function", region, **KEPT)
    assert function["Role"].split(".")[0] in policy["Roles"]


def _failure_alarms(template: Mapping[str, Any], region: str, **given: str) -> list[dict[str, Any]]:
    alarms = _of_type(template, "AWS::CloudWatch::Alarm", region, **given)
    return [alarm for alarm in alarms if alarm["Namespace"] == "IpcAiSaas"]


@pytest.mark.parametrize("region", REGIONS)
def test_an_alarm_watches_for_lost_events(template: dict[str, Any], region: str) -> None:
    assert _failure_alarms(template, region) == []
    (alarm,) = _failure_alarms(template, region, **KEPT)
    assert len(alarm["AlarmActions"]) == 1
    (function,) = _of_type(template, "AWS::Lambda::Function", region, **KEPT)
    variables = function["Environment"]["Variables"]
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("EventStoreFailures", "Sum")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (300, 1, "notBreaching")
    assert "AlarmName" not in alarm


def _event_store(stack: Stack) -> None:
    parameters = Parameters(stack, has_customized_image=False)
    EventStore(stack, "Events", parameters=parameters, alarm_topic=Topic(stack, "Topic"))


@pytest.mark.parametrize(
    ("context", "policy"),
    [({}, "Retain"), ({CONTEXT: "false"}, "Retain"), ({CONTEXT: "true"}, "Delete"), ({CONTEXT: True}, "Delete")],
)
def test_the_bucket_outlives_the_stack_unless_asked_otherwise(context: dict[str, Any], policy: str) -> None:
    stack = Stack(App(context=context), "stack")
    _event_store(stack)
    Template.from_stack(stack).has_resource("AWS::S3::Bucket", {"DeletionPolicy": policy})


def test_a_context_that_is_neither_true_nor_false() -> None:
    stack = Stack(App(context={CONTEXT: "yes"}), "stack")
    with pytest.raises(ContextValueError, match="deleteEvents=yes is neither true nor false; write deleteEvents=true"):
        _event_store(stack)
