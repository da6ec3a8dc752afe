"""Alarms on the endpoint, for people and for updates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, of_type, only, rendered

ALARM = "AWS::CloudWatch::Alarm"


def _alarms(resources: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Alarms of the whole endpoint, and alarms of the newest fleet, by logical id."""
    alarms = {name: alarm for name, alarm in of_type(resources, ALARM).items() if alarm["Namespace"] == "AWS/SageMaker"}
    newest = {
        name: alarm
        for name, alarm in alarms.items()
        if "EndpointConfigName" in {dimension["Name"] for dimension in alarm["Dimensions"]}
    }
    return {name: alarm for name, alarm in alarms.items() if name not in newest}, newest


@pytest.mark.parametrize("region", REGIONS)
def test_both_watch_the_same(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    for alarms in _alarms(resources):
        assert {alarm["MetricName"] for alarm in alarms.values()} == {"Invocation5XXErrors", "ModelLatency"}
        for alarm in alarms.values():
            assert alarm["TreatMissingData"] == "notBreaching"
            dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
            assert dimensions["EndpointName"] == only(resources, "AWS::SageMaker::Endpoint")["EndpointName"]
            assert dimensions["VariantName"] == "AllTraffic"


def test_the_newest_fleet_is_that_of_the_endpoints_configuration(template: dict[str, Any]) -> None:
    resources = rendered(template)
    (config,) = of_type(resources, "AWS::SageMaker::EndpointConfig")
    assert only(resources, "AWS::SageMaker::Endpoint")["EndpointConfigName"] == f"{config}.EndpointConfigName"
    for alarm in _alarms(resources)[1].values():
        assert {"Name": "EndpointConfigName", "Value": f"{config}.EndpointConfigName"} in alarm["Dimensions"]


def test_the_latency_is_microseconds_and_less_than_the_functions_own_limit(template: dict[str, Any]) -> None:
    resources = rendered(template)
    (latency,) = (alarm for alarm in _alarms(resources)[0].values() if alarm["MetricName"] == "ModelLatency")
    assert latency["ExtendedStatistic"] == "p99"
    assert 1 < latency["Threshold"] / 1_000_000 < only(resources, "AWS::Lambda::Function")["Timeout"]


@pytest.mark.parametrize("region", REGIONS)
def test_people_get_the_whole_endpoints_alarms(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    whole, newest = _alarms(resources)
    (topic,) = (name for name, resource in resources.items() if resource["Type"] == "AWS::SNS::Topic")
    assert all(alarm["AlarmActions"] == alarm["OKActions"] == [topic] for alarm in whole.values())
    assert not any("AlarmActions" in alarm for alarm in newest.values())
