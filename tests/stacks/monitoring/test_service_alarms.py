"""Alarms on the API and the function."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, of_type, only, rendered

ALARM = "AWS::CloudWatch::Alarm"


def _alarm(resources: dict[str, dict[str, Any]], name: str) -> dict[str, Any] | None:
    found = [
        alarm for logical_id, alarm in of_type(resources, ALARM).items() if logical_id[:-8] == f"ServiceAlarms{name}"
    ]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("region", REGIONS)
def test_all_tell_the_topic_what_to_look_at_and_when_it_is_over(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, alarmNoTrafficMinutes="5")
    (topic,) = (name for name, resource in resources.items() if resource["Type"] == "AWS::SNS::Topic")
    alarms = [alarm for name, alarm in of_type(resources, ALARM).items() if name.startswith("ServiceAlarms")]
    assert len(alarms) == 5
    for alarm in alarms:
        assert alarm["AlarmActions"] == alarm["OKActions"] == [topic]
        assert "Look first at" in alarm["AlarmDescription"]
        assert len(alarm["AlarmDescription"]) <= 1024
        assert "AlarmName" not in alarm


@pytest.mark.parametrize("region", REGIONS)
def test_the_api_is_watched_for_errors_and_latency(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region, alarmLatencyMs="2500")
    (stage,) = of_type(resources, "AWS::ApiGateway::Stage")
    dimensions = {"ApiName": only(resources, "AWS::ApiGateway::RestApi")["Name"], "Stage": stage}
    errors, latency = _alarm(resources, "ServerErrors"), _alarm(resources, "Latency")
    assert errors is not None
    assert latency is not None
    for alarm in (errors, latency):
        assert {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]} == dimensions
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (60, 3, 2)
        assert (alarm["Namespace"], alarm["TreatMissingData"]) == ("AWS/ApiGateway", "notBreaching")
    assert (errors["MetricName"], errors["Statistic"], errors["Threshold"]) == ("5XXError", "Average", 0.05)
    assert (latency["MetricName"], latency["ExtendedStatistic"], latency["Threshold"]) == ("Latency", "p99", "2500")


@pytest.mark.parametrize(("name", "metric"), [("FunctionErrors", "Errors"), ("FunctionThrottles", "Throttles")])
def test_the_function_is_watched(template: dict[str, Any], name: str, metric: str) -> None:
    resources = rendered(template)
    alarm = _alarm(resources, name)
    assert alarm is not None
    (function,) = of_type(resources, "AWS::Lambda::Function")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": function}]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == (metric, "Sum", 1)
    assert (alarm["ComparisonOperator"], alarm["Period"]) == ("GreaterThanOrEqualToThreshold", 300)


@pytest.mark.parametrize("region", REGIONS)
def test_missing_traffic_is_an_alarm_where_asked(template: dict[str, Any], region: str) -> None:
    assert _alarm(rendered(template, region), "NoTraffic") is None
    for minutes in ("5", "90", "1440"):
        alarm = _alarm(rendered(template, region, alarmNoTrafficMinutes=minutes), "NoTraffic")
        assert alarm is not None
        assert (alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == ("Requests", "Sum", 60)
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
        assert (alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (minutes, "breaching")
        assert "DatapointsToAlarm" not in alarm
