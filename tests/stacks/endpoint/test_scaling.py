"""Number of instances, and the metric that changes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, of_type, only, rendered

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


@pytest.mark.parametrize("count", ["1", "3"])
@pytest.mark.parametrize("region", REGIONS)
def test_a_fixed_number_is_not_scaled(template: dict[str, Any], region: str, count: str) -> None:
    resources = rendered(template, region, minInstanceCount=count, maxInstanceCount=count)
    assert not of_type(resources, TARGET)
    assert not of_type(resources, POLICY)


@pytest.mark.parametrize("region", REGIONS)
def test_between_two_numbers_the_one_variant_is_scaled(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, minInstanceCount="2", maxInstanceCount="6")
    target = only(resources, TARGET)
    assert (target["MinCapacity"], target["MaxCapacity"]) == ("2", "6")
    (endpoint,) = of_type(resources, "AWS::SageMaker::Endpoint")
    (variant,) = only(resources, "AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    # By the attribute, so that the target comes after the endpoint.
    assert target["ResourceId"] == f"endpoint/{endpoint}.EndpointName/variant/{variant['VariantName']}"
    assert target["ScalableDimension"] == "sagemaker:variant:DesiredInstanceCount"
    assert only(resources, POLICY)["ScalingTargetId"] == next(iter(of_type(resources, TARGET)))


@pytest.mark.parametrize(
    ("region", "metric", "value"),
    [
        ("us-east-1", "SageMakerVariantConcurrentRequestsPerModelHighResolution", "12"),
        ("cn-north-1", "SageMakerVariantInvocationsPerInstance", "120"),
        ("cn-northwest-1", "SageMakerVariantInvocationsPerInstance", "120"),
    ],
)
def test_by_concurrency_or_in_china_by_requests_a_minute(
    template: dict[str, Any], region: str, metric: str, value: str
) -> None:
    resources = rendered(template, region, maxInstanceCount="2", targetConcurrencyPerInstance="12")
    tracking = only(resources, POLICY)["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["PredefinedMetricSpecification"] == {"PredefinedMetricType": metric}
    assert tracking["TargetValue"] == value


def test_it_scales_out_before_a_gpus_one_worker_answers_503(template: dict[str, Any]) -> None:
    from ipc_ai_serving.scheduling.parallelism import fitted
    from ipc_ai_serving.settings import Settings

    one_worker = fitted(Settings.from_environment({"PROCESSOR": "gpu"}))
    assert 1 <= int(template["Parameters"]["targetConcurrencyPerInstance"]["Default"]) <= one_worker.queue_limit // 2
