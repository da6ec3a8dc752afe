"""Real-time, serverless and asynchronous endpoints, and going from one to another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.stacks.change_set import change_set
from tests.stacks.rendering import REGIONS, events_bucket, of_type, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check

ENDPOINT = "AWS::SageMaker::Endpoint"
CONFIG = "AWS::SageMaker::EndpointConfig"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
REAL_TIME = {"deployInstanceType": "ml.m5.xlarge", "detectorModelName": "yunet_n"}
SERVERLESS = REAL_TIME | {"endpointType": "serverless"}
ASYNC = REAL_TIME | {"endpointType": "async"}
KINDS = [REAL_TIME, SERVERLESS, ASYNC]


def _statements(resources: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Permissions of the execution role and of the function's role."""
    documents = [policy["PolicyDocument"] for policy in of_type(resources, "AWS::IAM::Policy").values()]
    for role in of_type(resources, "AWS::IAM::Role").values():
        documents += [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    return [statement for document in documents for statement in document["Statement"]]


def _resources_of(resources: Mapping[str, Mapping[str, Any]], action: str) -> list[Any]:
    found = [entry for entry in _statements(resources) if action in (entry["Action"], *entry["Action"])]
    return [
        name
        for entry in found
        for name in (entry["Resource"] if isinstance(entry["Resource"], list) else [entry["Resource"]])
    ]


@pytest.mark.parametrize("region", REGIONS)
def test_a_serverless_endpoint_has_nothing_of_instances(template: dict[str, Any], region: str) -> None:
    given = SERVERLESS | {"serverlessMemoryMib": "4096", "serverlessMaxConcurrency": "33", "maxInstanceCount": "4"}
    resources = rendered(template, region, **given)
    config = only(resources, CONFIG)
    (variant,) = config["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": "4096", "MaxConcurrency": "33"}
    assert not {"InstanceType", "InitialInstanceCount", "InferenceAmiVersion"} & set(variant)
    assert not {"AsyncInferenceConfig", "DataCaptureConfig", "KmsKeyId"} & set(config)
    assert "DeploymentConfig" not in only(resources, ENDPOINT)
    assert not of_type(resources, TARGET)
    assert not of_type(resources, POLICY)
    environment = only(resources, "AWS::SageMaker::Model")["PrimaryContainer"]["Environment"]
    assert environment["MODEL_SERVER_WORKERS"] == "1"


@pytest.mark.parametrize("given", [REAL_TIME, ASYNC])
def test_the_others_have_nothing_of_serverless(template: dict[str, Any], given: dict[str, str]) -> None:
    resources = rendered(template, **given)
    (variant,) = only(resources, CONFIG)["ProductionVariants"]
    assert "ServerlessConfig" not in variant
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.m5.xlarge", "1")
    environment = only(resources, "AWS::SageMaker::Model")["PrimaryContainer"]["Environment"]
    assert "MODEL_SERVER_WORKERS" not in environment


@pytest.mark.parametrize("region", REGIONS)
def test_an_asynchronous_endpoint_writes_into_the_events_bucket(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **ASYNC)
    bucket, _ = events_bucket(resources)
    config = only(resources, CONFIG)["AsyncInferenceConfig"]
    paths = {name: path for name, path in config["OutputConfig"].items() if name != "NotificationConfig"}
    assert paths == {
        "S3OutputPath": f"s3://{bucket}/async/output/",
        "S3FailurePath": f"s3://{bucket}/async/failure/",
    }
    assert 1 <= config["ClientConfig"]["MaxConcurrentInvocationsPerInstance"] <= 1000
    assert "AsyncInferenceConfig" not in only(rendered(template, region, **REAL_TIME), CONFIG)


def test_an_instance_is_handed_no_more_than_it_takes(template: dict[str, Any]) -> None:
    from ipc_ai_serving.scheduling.parallelism import fitted
    from ipc_ai_serving.settings import Settings

    client = only(rendered(template, **ASYNC), CONFIG)["AsyncInferenceConfig"]["ClientConfig"]
    one_worker = fitted(Settings.from_environment({"PROCESSOR": "gpu"}))
    assert client["MaxConcurrentInvocationsPerInstance"] <= one_worker.queue_limit // 2


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("counts", [("1", "1"), ("2", "5")])
def test_an_asynchronous_endpoint_goes_to_zero_and_back(
    template: dict[str, Any], region: str, counts: tuple[str, str]
) -> None:
    given = ASYNC | {"minInstanceCount": counts[0], "maxInstanceCount": counts[1], "targetConcurrencyPerInstance": "5"}
    resources = rendered(template, region, **given)
    target = only(resources, TARGET)
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, counts[1])
    policies = {policy["PolicyType"]: (name, policy) for name, policy in of_type(resources, POLICY).items()}
    assert set(policies) == {"TargetTrackingScaling", "StepScaling"}
    tracking = policies["TargetTrackingScaling"][1]["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["CustomizedMetricSpecification"]["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert tracking["TargetValue"] == "5"
    wake, step = policies["StepScaling"]
    assert step["StepScalingPolicyConfiguration"]["StepAdjustments"] == [
        {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}
    ]
    (alarm,) = (
        alarm
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "HasBacklogWithoutCapacity"
    )
    assert alarm["AlarmActions"] == [wake]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    (endpoint,) = of_type(resources, ENDPOINT)
    named = [{"Name": "EndpointName", "Value": f"{endpoint}.EndpointName"}]
    assert alarm["Dimensions"] == tracking["CustomizedMetricSpecification"]["Dimensions"] == named


def test_an_update_of_an_asynchronous_endpoint_proves_itself_on_an_instance(template: dict[str, Any]) -> None:
    """It may have none when the update begins; a number that is kept would be zero."""
    endpoint = only(rendered(template, **ASYNC, minInstanceCount="2", maxInstanceCount="4"), ENDPOINT)
    assert endpoint["RetainAllVariantProperties"] is False
    policy = endpoint["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"


@pytest.mark.parametrize("region", REGIONS)
def test_each_role_may_do_what_the_kind_needs_and_no_more(template: dict[str, Any], region: str) -> None:
    for given in KINDS:
        resources = rendered(template, region, **given)
        (endpoint,) = of_type(resources, ENDPOINT)
        bucket, _ = events_bucket(resources)
        is_async = given is ASYNC
        assert _resources_of(resources, "sagemaker:InvokeEndpointAsync") == ([endpoint] if is_async else [])
        assert _resources_of(resources, "sagemaker:InvokeEndpoint") == ([] if is_async else [endpoint])
        # The API's function, the function that completes events, and the endpoint, in this order.
        for action, prefixes in {
            "s3:PutObject": ["input", "pending", "events", "failure", "output", "failure"],
            "s3:GetObject": ["pending", "output", "failure", "pending", "output", "failure", "input"],
        }.items():
            folders = [prefix if prefix == "events" else f"async/{prefix}" for prefix in prefixes]
            expected = [f"{bucket}.Arn/{folder}/*" for folder in folders] if is_async else []
            assert sorted(_resources_of(resources, action)) == sorted(expected)
        assert _resources_of(resources, "s3:ListBucket") == ([f"{bucket}.Arn"] * 2 if is_async else [])


@pytest.mark.parametrize("region", REGIONS)
def test_what_passes_through_the_bucket_is_deleted_after_a_day(template: dict[str, Any], region: str) -> None:
    for given in KINDS:
        rules = events_bucket(rendered(template, region, **given))[1]["LifecycleConfiguration"]["Rules"]
        (rule,) = (rule for rule in rules if rule.get("Prefix") == "async/")
        assert (rule["ExpirationInDays"], rule["Status"]) == (1, "Enabled")


@pytest.mark.parametrize("before", KINDS)
@pytest.mark.parametrize("after", KINDS)
def test_another_kind_is_another_endpoint(
    template: dict[str, Any], before: dict[str, str], after: dict[str, str]
) -> None:
    """SageMaker makes no endpoint one of another kind: UpdateEndpoint refuses it."""
    changes = change_set(template, before, after)
    kinds = {template["Resources"][name]["Type"]: change for name, change in changes.items()}
    expected = {} if before is after else {CONFIG: "replaced", ENDPOINT: "replaced"}
    assert {kind: change for kind, change in kinds.items() if kind in (CONFIG, ENDPOINT)} == expected


@pytest.mark.parametrize("given", [SERVERLESS, ASYNC])
def test_another_model_updates_it_in_place(template: dict[str, Any], given: dict[str, str]) -> None:
    changes = change_set(template, given, given | {"detectorModelName": "dlib_frontal_face"})
    kinds = {template["Resources"][name]["Type"]: change for name, change in changes.items()}
    assert (kinds[CONFIG], kinds[ENDPOINT]) == ("replaced", "updated")


@pytest.mark.parametrize("region", REGIONS)
def test_the_names_are_ones_that_sagemaker_takes(template: dict[str, Any], region: str) -> None:
    names = [only(rendered(template, region, **given), ENDPOINT)["EndpointName"] for given in KINDS]
    assert len(set(names)) == len(KINDS)
    assert all(re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name) and len(name) <= 63 for name in names)


@pytest.mark.parametrize("given", KINDS)
def test_the_function_knows_the_kind(template: dict[str, Any], given: dict[str, str]) -> None:
    for function in of_type(rendered(template, **given), "AWS::Lambda::Function").values():
        assert function["Environment"]["Variables"]["ENDPOINT_TYPE"] == given.get("endpointType", "real-time")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (SERVERLESS | {"dataCapturePercentage": "5"}, "dataCapturePercentage needs endpointType=real-time"),
        (ASYNC | {"dataCapturePercentage": "5"}, "dataCapturePercentage needs endpointType=real-time"),
        (
            SERVERLESS | {"vpcSubnetIds": "subnet-01234567", "vpcSecurityGroupIds": "sg-01234567"},
            "endpointType=serverless cannot be attached to a VPC",
        ),
        ({"serverlessMaxConcurrency": "201"}, "a whole number from 1 to 200"),
        ({"serverlessMaxConcurrency": "0"}, "a whole number from 1 to 200"),
        ({"serverlessMemoryMib": "512"}, "it takes one of: 6144, 5120, 4096, 3072, 2048, 1024"),
        ({"endpointType": "batch"}, "it takes one of: real-time, serverless, async"),
    ],
)
def test_what_sagemaker_does_not_have_is_refused(template: dict[str, Any], given: dict[str, str], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        check(template, given)


@pytest.mark.parametrize("region", REGIONS)
def test_people_learn_of_requests_that_wait_or_expire(template: dict[str, Any], region: str) -> None:
    def watched(**given: str) -> dict[str, dict[str, Any]]:
        alarms = of_type(rendered(template, region, **given), "AWS::CloudWatch::Alarm").values()
        return {alarm["MetricName"]: alarm for alarm in alarms if alarm.get("AlarmActions")}

    metrics = {"ApproximateAgeOfOldestRequest", "ExpiredRequests"}
    assert not metrics & set(watched(**REAL_TIME))
    resources = rendered(template, region, **ASYNC)
    (endpoint,) = of_type(resources, ENDPOINT)
    (topic,) = (name for name in of_type(resources, "AWS::SNS::Topic") if name.startswith("Alarms"))
    for metric in metrics:
        alarm = watched(**ASYNC)[metric]
        assert alarm["AlarmActions"] == alarm["OKActions"] == [topic]
        assert {"Name": "EndpointName", "Value": f"{endpoint}.EndpointName"} in alarm["Dimensions"]
    # 16 s of waiting for an answer are no fault there.
    assert (watched(**REAL_TIME)["Latency"]["Threshold"], watched(**ASYNC)["Latency"]["Threshold"]) == ("10000", 25000)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("instance_type", ["ml.g4dn.xlarge", "ml.p3.2xlarge", "ml.m5.xlarge"])
def test_a_serverless_endpoint_runs_the_cpu_image_by_itself(
    template: dict[str, Any], region: str, instance_type: str
) -> None:
    def image(**given: str) -> str:
        resources = rendered(template, region, **given)
        (variant,) = only(resources, CONFIG)["ProductionVariants"]
        assert "InferenceAmiVersion" not in variant or given["deployInstanceType"].startswith(("ml.g", "ml.p"))
        return str(only(resources, "AWS::SageMaker::Model")["PrimaryContainer"]["Image"])

    serverless = image(endpointType="serverless", deployInstanceType=instance_type, serverlessMemoryMib="1024")
    assert serverless == image(deployInstanceType="ml.m5.xlarge")
