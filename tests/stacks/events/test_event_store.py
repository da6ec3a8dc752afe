"""The event store, rendered as CloudFormation would render it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import App, CfnCondition, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_sns import Topic

from stacks.context import DELETE_EVENTS
from stacks.errors import ContextValueError
from stacks.events.event_store import EventStore
from stacks.parameters.stack_parameters import Parameters
from tests.stacks.rendering import events_bucket, of_type, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check
from workbench.template.rendered_template import render_template

REGIONS = ["us-east-1", "cn-north-1"]
KEPT = {"saveRequestEvents": "Yes"}


def _of_type(template: Mapping[str, Any], kind: str, region: str, **given: str) -> list[dict[str, Any]]:
    resources = render_template(template, check(template, given), region)["Resources"]
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def _events_bucket(template: Mapping[str, Any], region: str, **given: str) -> dict[str, Any]:
    return events_bucket(rendered(template, region, **given))[1]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("which", ["events", "access logs"])
def test_the_buckets_are_private_encrypted_and_have_no_versions(
    template: dict[str, Any], region: str, which: str
) -> None:
    (bucket,) = (
        bucket
        for bucket in _of_type(template, "AWS::S3::Bucket", region)
        if ("LoggingConfiguration" in bucket) == (which == "events")
    )
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
def test_the_buckets_refuse_connections_without_tls(template: dict[str, Any], region: str) -> None:
    policies = _of_type(template, "AWS::S3::BucketPolicy", region)
    assert len(policies) == 2
    for policy in policies:
        statement = policy["PolicyDocument"]["Statement"][0]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", {"AWS": "*"}, "s3:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert len(statement["Resource"]) == 2  # the bucket and its objects


@pytest.mark.parametrize("region", REGIONS)
def test_s3_logs_who_reads_events_for_90_days(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    name, bucket = events_bucket(resources)
    logs = bucket["LoggingConfiguration"]["DestinationBucketName"]
    (rule,) = of_type(resources, "AWS::S3::Bucket")[logs]["LifecycleConfiguration"]["Rules"]
    assert (rule["ExpirationInDays"], rule["Status"]) == (90, "Enabled")
    (policy,) = (entry for entry in of_type(resources, "AWS::S3::BucketPolicy").values() if entry["Bucket"] == logs)
    (allowed,) = (entry for entry in policy["PolicyDocument"]["Statement"] if entry["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == ("s3:PutObject", f"{logs}.Arn/events-bucket/*")
    assert allowed["Condition"]["ArnLike"] == {"aws:SourceArn": f"{name}.Arn"}


@pytest.mark.parametrize("region", REGIONS)
def test_events_are_kept_for_ever_unless_days_are_given(template: dict[str, Any], region: str) -> None:
    bucket = _events_bucket(template, region)
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert [rule["Prefix"] for rule in rules if "ExpirationInDays" in rule] == ["async/", "idempotency/"]
    expiring = _events_bucket(template, region, eventRetentionDays="30")["LifecycleConfiguration"]["Rules"]
    assert expiring[: len(rules)] == rules
    assert {rule["Prefix"] for rule in expiring[len(rules) :]} == {"events/", "results/", "incoming/", "capture/"}
    assert {(rule["Status"], rule["ExpirationInDays"]) for rule in expiring[len(rules) :]} == {("Enabled", "30")}


@pytest.mark.parametrize(
    ("days", "incoming"), [("1", "15"), ("9", "15"), ("14", "15"), ("15", "15"), ("16", "16"), ("100", "100")]
)
def test_files_outlive_the_messages_about_them(template: dict[str, Any], days: str, incoming: str) -> None:
    resources = rendered(template, eventRetentionDays=days, ingestFromS3="Yes")
    rules = events_bucket(resources)[1]["LifecycleConfiguration"]["Rules"]
    expiries = {
        rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if rule.get("Id", "").startswith("Retention")
    }
    assert expiries == {"events/": days, "results/": days, "capture/": days, "incoming/": incoming}
    longest = max(queue["MessageRetentionPeriod"] for queue in of_type(resources, "AWS::SQS::Queue").values())
    assert int(incoming) * 24 * 3600 > longest


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("days", ["0", "60"])
def test_a_profile_may_say_that_its_events_go_earlier(template: dict[str, Any], region: str, days: str) -> None:
    """By a tag of their objects, whatever the days of all others; S3 takes the earlier day."""

    def rules(**given: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = _events_bucket(template, region, eventRetentionDays=days, **given)[
            "LifecycleConfiguration"
        ]["Rules"]
        return found

    without, known = rules(), rules(apiAuthorization="CAMERA")
    tagged = known[len(without) :]
    assert known[: len(without)] == without
    assert not [rule for rule in without if "TagFilters" in rule]
    expiries = {(rule["Prefix"], rule["TagFilters"][0]["Value"], int(rule["ExpirationInDays"])) for rule in tagged}
    assert expiries == {(prefix, str(each), each) for prefix in ("events/", "results/") for each in (7, 30, 90)}
    assert {(rule["Status"], rule["TagFilters"][0]["Key"]) for rule in tagged} == {("Enabled", "retention")}
    assert len({rule["Id"] for rule in known if "Id" in rule}) == len([rule for rule in known if "Id" in rule])


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        (KEPT, 0),
        (KEPT | {"apiAuthorization": "CAMERA"}, 2),
        (KEPT | {"apiAuthorization": "CAMERA_IAM", "ingestFromS3": "Yes"}, 3),
    ],
)
def test_functions_that_write_events_may_tag_them(template: dict[str, Any], given: dict[str, str], tags: int) -> None:
    tagging = [
        statement
        for policy in _of_type(template, "AWS::IAM::Policy", "us-east-1", **given)
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "s3:PutObjectTagging"
    ]
    assert len(tagging) == tags
    for statement in tagging:
        assert {resource.partition(".Arn/")[2] for resource in statement["Resource"]} == {"events/*", "results/*"}


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
    granted = {
        (action, resource.partition(".Arn/")[2])
        for statement in of_s3(**KEPT)
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
    }
    answers = {("s3:GetObject", "events/*/result.json"), ("s3:GetObject", "events/*/answer")}  # and never a frame
    claims = {(f"s3:{action}Object", "idempotency/*") for action in ("Get", "Put", "Delete")}
    assert granted == {("s3:DeleteObject", "events/*"), ("s3:PutObject", "events/*")} | answers | claims
    (policy,) = (
        entry for entry in _of_type(template, "AWS::IAM::Policy", region, **KEPT) if "s3:PutObject" in str(entry)
    )
    (function,) = _of_type(template, "AWS::Lambda::Function", region, **KEPT)
    assert function["Role"].split(".")[0] in policy["Roles"]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _failure_alarms(template: Mapping[str, Any], region: str, **given: str) -> list[dict[str, Any]]:
    alarms = _of_type(template, "AWS::CloudWatch::Alarm", region, **given)
    return [alarm for alarm in alarms if alarm["Namespace"] == "IpcAiSaas"]


@pytest.mark.parametrize("region", REGIONS)
def test_an_alarm_watches_for_lost_events(template: dict[str, Any], region: str) -> None:
    assert _failure_alarms(template, region) == []
    (alarm,) = _failure_alarms(template, region, **KEPT)
    assert alarm["OKActions"] == alarm["AlarmActions"]
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
    has_registry = CfnCondition(stack, "HasRegistry")
    EventStore(stack, "Events", parameters=parameters, has_registry=has_registry, alarm_topic=Topic(stack, "Topic"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("context", "policy"),
    [
        ({}, "RetainExceptOnCreate"),
        ({DELETE_EVENTS: "false"}, "RetainExceptOnCreate"),
        ({DELETE_EVENTS: "true"}, "Delete"),
        ({DELETE_EVENTS: True}, "Delete"),
    ],
)
def test_the_bucket_outlives_the_stack_unless_asked_otherwise(context: dict[str, Any], policy: str) -> None:
    stack = Stack(App(context=context), "stack")
    _event_store(stack)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::S3::Bucket", 2)
    template.all_resources("AWS::S3::Bucket", {"DeletionPolicy": policy})


def test_a_context_that_is_neither_true_nor_false() -> None:
    stack = Stack(App(context={DELETE_EVENTS: "yes"}), "stack")
    with pytest.raises(ContextValueError, match="deleteEvents=yes is neither true nor false; write deleteEvents=true"):
        _event_store(stack)
