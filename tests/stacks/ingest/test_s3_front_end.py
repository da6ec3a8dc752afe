"""The front end for uploaded files, rendered as CloudFormation would render it."""

from __future__ import annotations

from typing import Any

import pytest

from inference_api.settings import IngestSettings
from tests.stacks.rendering import REGIONS, events_bucket, of_type, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check
from workbench.template.rendered_stack import render
from workbench.template.rendered_template import render_template

ON = {"ingestFromS3": "Yes"}
HANDLER = "inference_api.ingest.handler"
PARTITIONS = {"us-east-1": "aws", "cn-north-1": "aws-cn"}


def _function(resources: dict[str, dict[str, Any]]) -> dict[str, Any]:
    (function,) = (
        entry for entry in of_type(resources, "AWS::Lambda::Function").values() if entry["Handler"] == HANDLER
    )
    return function


def _queues(resources: dict[str, dict[str, Any]]) -> tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]:
    """The queue and the dead-letter queue, each with its logical id."""
    queues = of_type(resources, "AWS::SQS::Queue")
    assert len(queues) == 2
    (queue,) = ((name, entry) for name, entry in queues.items() if "RedrivePolicy" in entry)
    (dead_letters,) = ((name, entry) for name, entry in queues.items() if "RedrivePolicy" not in entry)
    return queue, dead_letters


@pytest.mark.parametrize("region", REGIONS)
def test_nothing_of_it_is_there_by_default(template: dict[str, Any], region: str) -> None:
    off, on = rendered(template, region), rendered(template, region, **ON)
    assert len(of_type(off, "AWS::Lambda::Function")) == 1
    assert not any(resource["Type"].startswith("AWS::SQS") for resource in off.values())
    assert not of_type(off, "AWS::Lambda::EventSourceMapping")
    assert "NotificationConfiguration" not in events_bucket(off)[1]
    added = set(on) - set(off)
    assert set(off) - set(on) == set()
    assert {on[name]["Type"] for name in added} == {
        "AWS::CloudWatch::Alarm",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
    }
    # With the front end off, no policy names a role that is not there.
    roles = set(of_type(off, "AWS::IAM::Role"))
    assert all(set(policy["Roles"]) <= roles for policy in of_type(off, "AWS::IAM::Policy").values())


@pytest.mark.parametrize("region", REGIONS)
def test_s3_tells_the_queue_of_files_under_incoming(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON)
    (queue_id, _), _ = _queues(resources)
    (told,) = events_bucket(resources)[1]["NotificationConfiguration"]["QueueConfigurations"]
    assert told == {
        "Event": "s3:ObjectCreated:*",
        "Queue": f"{queue_id}.Arn",
        "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "incoming/"}]}},
    }
    # The unrendered template names the queue's policy beside the queue, so that it exists before the bucket asks.
    bucket, _ = events_bucket(resources)
    chosen = template["Resources"][bucket]["Properties"]["NotificationConfiguration"]["Fn::If"][1][
        "QueueConfigurations"
    ][0]["Queue"]
    policy_id = chosen["Fn::Select"][1][1]["Fn::GetAtt"][0]
    assert of_type(resources, "AWS::SQS::QueuePolicy")[policy_id]["Queues"] == [queue_id]


@pytest.mark.parametrize("region", REGIONS)
def test_queues_are_encrypted_and_take_only_tls_and_only_this_accounts_buckets(
    template: dict[str, Any], region: str
) -> None:
    resources = rendered(template, region, **ON)
    (queue_id, queue), (dead_letter_id, dead_letters) = _queues(resources)
    assert queue["SqsManagedSseEnabled"] is dead_letters["SqsManagedSseEnabled"] is True
    policies = {
        policy["Queues"][0]: policy["PolicyDocument"]["Statement"]
        for policy in of_type(resources, "AWS::SQS::QueuePolicy").values()
    }
    assert set(policies) == {queue_id, dead_letter_id}
    for statements in policies.values():
        assert statements[0]["Effect"] == "Deny"
        assert statements[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (allowed,) = (entry for entries in policies.values() for entry in entries if entry["Effect"] == "Allow")
    assert allowed in policies[queue_id]
    assert allowed["Principal"] == {"Service": "s3.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == ("sqs:SendMessage", f"{queue_id}.Arn")
    assert list(allowed["Condition"]["StringEquals"]) == ["aws:SourceAccount"]
    assert allowed["Condition"]["ArnLike"] == {"aws:SourceArn": f"arn:{PARTITIONS[region]}:s3:::*"}


def test_a_message_is_tried_again_and_then_kept_for_fourteen_days(template: dict[str, Any]) -> None:
    resources = rendered(template, **ON)
    (_, queue), (dead_letter_id, dead_letters) = _queues(resources)
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": f"{dead_letter_id}.Arn", "maxReceiveCount": 5}
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600 > queue["MessageRetentionPeriod"]
    assert queue["VisibilityTimeout"] >= 6 * _function(resources)["Timeout"]
    assert queue["ReceiveMessageWaitTimeSeconds"] == 20


def test_the_function_takes_small_batches_and_few_at_once(template: dict[str, Any]) -> None:
    resources = rendered(template, ingestMaxConcurrency="17", **ON)
    (queue_id, _), _ = _queues(resources)
    source = only(resources, "AWS::Lambda::EventSourceMapping")
    assert source["EventSourceArn"] == f"{queue_id}.Arn"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BatchSize"] == 4
    assert str(source["ScalingConfig"]["MaximumConcurrency"]) == "17"
    for wrong in ("1", "1001"):
        with pytest.raises(ParameterError, match="a number from 2 to 1000"):
            check(template, {"ingestMaxConcurrency": wrong})


@pytest.mark.parametrize("region", REGIONS)
def test_the_functions_role_may_do_this_and_nothing_else(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON)
    role = _function(resources)["Role"].split(".")[0]
    (queue_id, _), (dead_letter_id, _) = _queues(resources)
    bucket, _ = events_bucket(resources)
    granted = {
        (action, statement["Resource"])
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        if policy["Roles"] == [role]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    traced = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
    (logs,) = (name for name in of_type(resources, "AWS::Logs::LogGroup") if name.startswith("Ingest"))
    (endpoint,) = of_type(resources, "AWS::SageMaker::Endpoint")
    assert granted == {
        ("sagemaker:InvokeEndpoint", endpoint),
        ("s3:GetObject", f"{bucket}.Arn/incoming/*"),
        ("s3:DeleteObject", f"{bucket}.Arn/incoming/*"),
        ("s3:PutObject", f"{bucket}.Arn/events/*"),
        ("s3:ListBucket", f"{bucket}.Arn"),
        ("sqs:SendMessage", f"{dead_letter_id}.Arn"),
        *(
            (f"sqs:{action}", f"{queue_id}.Arn")
            for action in (
                "ReceiveMessage",
                "DeleteMessage",
                "ChangeMessageVisibility",
                "GetQueueAttributes",
                "GetQueueUrl",
            )
        ),
        ("logs:CreateLogStream", f"{logs}.Arn"),
        ("logs:PutLogEvents", f"{logs}.Arn"),
    } | (traced if region == "us-east-1" else set())
    assert "ManagedPolicyArns" not in resources[role]["Properties"]
    # The API's function has gained nothing.
    others = [policy for policy in of_type(resources, "AWS::IAM::Policy").values() if policy["Roles"] != [role]]
    assert "sqs:" not in str(others)
    assert "s3:" not in str(others)


@pytest.mark.parametrize("region", REGIONS)
def test_the_function_is_the_same_code_with_what_its_settings_read(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, applicationType="body-detection", detectorModelName="yolox_nano", **ON)
    function = _function(resources)
    (other,) = (entry for entry in of_type(resources, "AWS::Lambda::Function").values() if entry["Handler"] != HANDLER)
    assert function["Code"] == other["Code"]
    _, (dead_letter_id, _) = _queues(resources)
    settings = IngestSettings.from_environment(function["Environment"]["Variables"])
    assert settings.application_type == "body-detection"
    assert settings.dead_letter_queue_url == dead_letter_id
    assert function["TracingConfig"]["Mode"] == ("Active" if region == "us-east-1" else "PassThrough")
    (logs,) = (entry for name, entry in of_type(resources, "AWS::Logs::LogGroup").items() if name.startswith("Ingest"))
    assert logs["RetentionInDays"] == "30"


@pytest.mark.parametrize("region", REGIONS)
def test_alarms_watch_both_queues(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ON)
    _, (dead_letter_id, _) = _queues(resources)
    alarms = {
        entry["MetricName"]: entry
        for entry in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if entry["Namespace"] == "AWS/SQS"
    }
    assert set(alarms) == {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}
    waiting = alarms["ApproximateAgeOfOldestMessage"]
    assert (waiting["ComparisonOperator"], waiting["Threshold"]) == ("GreaterThanThreshold", 900)
    alarm = alarms["ApproximateNumberOfMessagesVisible"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": f"{dead_letter_id}.QueueName"}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    (topic,) = of_type(resources, "AWS::SNS::Topic")
    for each in (alarm, waiting):
        assert each["AlarmActions"] == each["OKActions"] == [topic]


def test_files_that_did_not_become_events_are_kept_as_long_as_events(template: dict[str, Any]) -> None:
    rules = events_bucket(rendered(template, eventRetentionDays="30"))[1]["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    kept = dict.fromkeys(("events/", "results/", "incoming/", "capture/"), "30")
    assert days == {**kept, "async/": 1, "idempotency/": 1}


def test_a_comparison_is_refused(template: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=r"ingestFromS3=Yes takes one image a file .*; set ingestFromS3=No"):
        check(template, {"applicationType": "face-comparison", **ON})


@pytest.mark.parametrize("region", REGIONS)
def test_the_queues_are_outputs(template: dict[str, Any], region: str) -> None:
    off = render_template(template, check(template, {}), region)["Outputs"]
    on = render_template(template, check(template, ON), region)["Outputs"]
    assert set(on) - set(off) == {"IngestQueueUrl", "IngestDeadLetterQueueUrl"}


def test_the_local_run_finds_both_functions_by_their_handlers(template: dict[str, Any]) -> None:
    off, on = (render(template, given, "us-east-1") for given in ({}, ON))
    assert off.ingest is None
    assert on.ingest is not None
    assert (off.function.handler, on.function.handler) == ("inference_api.handler.handler",) * 2
    assert on.ingest.function.handler == HANDLER
    assert on.ingest.function.environment["EVENTS_BUCKET"] == on.bucket_name
    assert (on.ingest.batch_size, on.ingest.visibility_seconds, on.ingest.attempts) == (4, 720, 5)


def test_an_alarm_watches_for_files_that_went_without_an_event(template: dict[str, Any]) -> None:
    resources = rendered(template, **ON)
    (alarm,) = (
        entry
        for entry in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if entry.get("MetricName") == "FilesGone"
    )
    variables = _function(resources)["Environment"]["Variables"]
    assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Statistic"]) == ("GreaterThanThreshold", 0, "Sum")
    assert len(alarm["AlarmActions"]) == 1
