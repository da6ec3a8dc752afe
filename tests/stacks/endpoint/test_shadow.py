"""A candidate beside the live model, which gets a copy of its requests and answers no camera."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.stacks.change_set import change_set
from tests.stacks.rendering import REGIONS, of_type, only, rendered

CONFIG = "AWS::SageMaker::EndpointConfig"
ENDPOINT = "AWS::SageMaker::Endpoint"
MODEL = "AWS::SageMaker::Model"
LIVE = {"applicationType": "body-detection", "detectorModelName": "yolox_nano", "deployInstanceType": "ml.m5.xlarge"}
SHADOW = LIVE | {"shadowModelName": "opencv_people", "shadowModelDataUrl": "s3://models/tiny.tar.gz"}
SCALED = {"minInstanceCount": "2", "maxInstanceCount": "6"}

Resources = dict[str, dict[str, Any]]


def _containers(resources: Resources) -> tuple[dict[str, Any], dict[str, Any]]:
    """Containers of the live model and of the shadow's, by the variants that name them."""
    config = only(resources, CONFIG)
    variants = (*config["ProductionVariants"], *config["ShadowProductionVariants"])
    live, shadow = (resources[variant["ModelName"].split(".")[0]]["Properties"] for variant in variants)
    assert {key: value for key, value in live.items() if key != "PrimaryContainer"} == {
        key: value for key, value in shadow.items() if key != "PrimaryContainer"
    }
    return live["PrimaryContainer"], shadow["PrimaryContainer"]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("kind", ["real-time", "serverless", "async"])
def test_without_a_name_there_is_none(template: dict[str, Any], region: str, kind: str) -> None:
    resources = rendered(template, region, **LIVE, endpointType=kind, shadowPercentage="50")
    assert not [name for name in resources if "Shadow" in name]
    assert len(of_type(resources, MODEL)) == 1
    config = only(resources, CONFIG)
    assert "ShadowProductionVariants" not in config
    assert config["ProductionVariants"][0]["InitialVariantWeight"] == 1


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("given", [{}, SCALED, {"minInstanceCount": "4", "maxInstanceCount": "4"}])
@pytest.mark.parametrize("percentage", ["1", "10", "100"])
def test_it_is_one_instance_that_gets_its_share_of_the_requests(
    template: dict[str, Any], region: str, given: dict[str, str], percentage: str
) -> None:
    config = only(rendered(template, region, **SHADOW | given, shadowPercentage=percentage), CONFIG)
    (live,), (shadow,) = config["ProductionVariants"], config["ShadowProductionVariants"]
    assert (live["VariantName"], shadow["VariantName"]) == ("AllTraffic", "Shadow")
    assert shadow["InstanceType"] == live["InstanceType"] == "ml.m5.xlarge"
    assert shadow["InitialInstanceCount"] == 1
    assert int(shadow["InitialVariantWeight"]) * 100 == live["InitialVariantWeight"] * int(percentage)


def test_the_host_of_a_gpu_is_that_of_the_live_variant(template: dict[str, Any]) -> None:
    config = only(rendered(template, **SHADOW | {"deployInstanceType": "ml.g5.xlarge"}), CONFIG)
    (shadow,) = config["ShadowProductionVariants"]
    assert shadow["InferenceAmiVersion"] == config["ProductionVariants"][0]["InferenceAmiVersion"] != ""


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("archive", ["", "s3://models/live.tar.gz"])
@pytest.mark.parametrize("own", ["", "s3://models/tiny.tar.gz"])
def test_it_differs_from_the_live_model_in_name_and_model_data_alone(
    template: dict[str, Any], region: str, archive: str, own: str
) -> None:
    given = SHADOW | {"modelDataUrl": archive, "shadowModelDataUrl": own}
    live, shadow = _containers(rendered(template, region, **given))
    names = ("MODEL_NAME", "OBJECT_DETECTION_MODEL_NAME")
    assert [(live["Environment"][name], shadow["Environment"][name]) for name in names] == [
        ("yolox_nano", "opencv_people")
    ] * 2
    assert (live.get("ModelDataUrl", ""), shadow.get("ModelDataUrl", "")) == (archive, own or archive)
    same = {"FACE_DETECTION_AND_COMPARISON_MODEL_NAME": ""} | dict.fromkeys(names, "")
    assert live["Environment"] | same == shadow["Environment"] | same
    assert (live["Image"], live["Mode"]) == (shadow["Image"], shadow["Mode"])


def test_of_a_comparison_it_is_a_pair(template: dict[str, Any]) -> None:
    pair = {"applicationType": "face-comparison", "shadowModelName": "yunet_n+mobileface_v2"}
    _, shadow = _containers(rendered(template, **pair))
    for name in ("MODEL_NAME", "FACE_DETECTION_AND_COMPARISON_MODEL_NAME"):
        assert shadow["Environment"][name] == "yunet_n+mobileface_v2"


@pytest.mark.parametrize("region", REGIONS)
def test_the_role_reads_the_one_object_more(template: dict[str, Any], region: str) -> None:
    partition = {"us-east-1": "aws", "cn-north-1": "aws-cn"}[region]

    def read(**given: str) -> set[str]:
        role = next(
            name for name in of_type(rendered(template, region, **given), "AWS::IAM::Role") if "Execution" in name
        )
        policies = rendered(template, region, **given)[role]["Properties"]["Policies"]
        statements = [entry for policy in policies for entry in policy["PolicyDocument"]["Statement"]]
        return {entry["Resource"] for entry in statements if entry["Action"] == "s3:GetObject"}

    assert read(**LIVE) == set()
    assert read(**SHADOW) == {f"arn:{partition}:s3:::models/tiny.tar.gz"}
    both = {f"arn:{partition}:s3:::models/{name}.tar.gz" for name in ("live", "tiny")}
    assert read(**SHADOW, modelDataUrl="s3://models/live.tar.gz") == both


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LIVE, SHADOW),
        (SHADOW, LIVE),
        (SHADOW, SHADOW | {"shadowModelName": "another"}),
        (SHADOW, SHADOW | {"shadowModelDataUrl": "s3://models/tiny-2.tar.gz"}),
        (SHADOW, SHADOW | {"shadowPercentage": "50"}),
        (SHADOW | SCALED, SHADOW | {"minInstanceCount": "2", "maxInstanceCount": "2"}),
        (SHADOW, LIVE | {"detectorModelName": "opencv_people", "modelDataUrl": "s3://models/tiny.tar.gz"}),
    ],
)
def test_every_change_of_it_updates_the_endpoint_in_place(
    template: dict[str, Any], before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    changes: dict[str, set[str]] = {}
    for name, change in change_set(template, before, after).items():
        changes.setdefault(template["Resources"][name]["Type"], set()).add(change)
    assert (changes[CONFIG], changes[ENDPOINT]) == ({"replaced"}, {"updated"})


def test_the_live_model_stays_when_the_shadow_changes(template: dict[str, Any]) -> None:
    changes = change_set(template, SHADOW, SHADOW | {"shadowModelName": "another"})
    (live,) = of_type(rendered(template, **LIVE), MODEL)
    assert live not in changes


@pytest.mark.parametrize("region", REGIONS)
def test_an_update_has_the_way_back_and_no_canary_that_is_more_than_half_of_one_instance(
    template: dict[str, Any], region: str
) -> None:
    deployment = only(rendered(template, region, **SHADOW | SCALED), ENDPOINT)["DeploymentConfig"]
    assert len(deployment["AutoRollbackConfiguration"]["Alarms"]) == 2
    routing = deployment["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    alone = only(rendered(template, region, **LIVE | SCALED), ENDPOINT)["DeploymentConfig"]
    assert alone["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "CANARY"


def test_scaling_retains_no_weight_beside_a_shadow_and_scales_the_live_variant_alone(
    template: dict[str, Any],
) -> None:
    def excluded(**given: str) -> set[str]:
        endpoint = only(rendered(template, **given), ENDPOINT)
        return {entry["VariantPropertyType"] for entry in endpoint.get("ExcludeRetainedVariantProperties") or []}

    assert excluded(**SHADOW) == set()
    assert excluded(**LIVE | SCALED) == {"DataCaptureConfig"}
    assert excluded(**SHADOW | SCALED) == {"DataCaptureConfig", "DesiredWeight"}
    target = only(rendered(template, **SHADOW | SCALED), "AWS::ApplicationAutoScaling::ScalableTarget")
    assert target["ResourceId"].endswith("/variant/AllTraffic")


@pytest.mark.parametrize("region", REGIONS)
def test_its_errors_are_told_and_roll_nothing_back(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, **SHADOW)
    ((name, alarm),) = (
        (name, alarm)
        for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items()
        if {"Name": "VariantName", "Value": "Shadow"} in alarm["Dimensions"]
    )
    assert (alarm["MetricName"], len(alarm["AlarmActions"])) == ("Invocation5XXErrors", 1)
    endpoint = only(resources, ENDPOINT)
    assert {"Name": "EndpointName", "Value": endpoint["EndpointName"]} in alarm["Dimensions"]
    assert {"AlarmName": name} not in endpoint["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
