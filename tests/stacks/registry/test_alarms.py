"""Alarms on cameras of the registry, where the operator asks for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import of_type, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check

REGIONS = ("us-east-1", "cn-north-1", "us-gov-west-1")
ALARM = "AWS::CloudWatch::Alarm"
ASKED = {"alarmSilentCameras": "20", "alarmRefusedCredentials": "300"}


def _alarms(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The registry's alarms by their metric."""
    return {
        alarm["MetricName"]: alarm
        for name, alarm in of_type(resources, ALARM).items()
        if name.startswith("RegistryAlarms")
    }


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("way", ["CAMERA", "CAMERA_IAM"])
def test_each_goes_off_from_the_number_that_the_operator_gave(template: dict[str, Any], region: str, way: str) -> None:
    alarms = _alarms(rendered(template, region, apiAuthorization=way, **ASKED))
    assert set(alarms) == {"SilentCameras", "RefusedCredentials", "Errors"}
    silent, refused = alarms["SilentCameras"], alarms["RefusedCredentials"]
    assert (int(silent["Threshold"]), silent["Statistic"], silent["Period"]) == (20, "Maximum", 60)
    assert (int(refused["Threshold"]), refused["Statistic"], refused["Period"]) == (300, "Sum", 300)
    for alarm in (silent, refused):
        assert alarm["Namespace"] == "IpcAiSaas"
        assert alarm["Dimensions"] == [{"Name": "service", "Value": "ipc-ai-saas"}]
    for alarm in alarms.values():
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["AlarmActions"] == alarm["OKActions"]


def test_by_default_there_is_one_on_the_watch_alone(template: dict[str, Any]) -> None:
    assert set(_alarms(rendered(template, apiAuthorization="CAMERA"))) == {"Errors"}
    assert _alarms(rendered(template)) == {}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("way", ["AUTO", "API_KEY", "AWS_IAM", "NONE"])
def test_without_a_registry_they_are_refused(template: dict[str, Any], name: str, way: str) -> None:
    with pytest.raises(ParameterError, match=f"{name} needs a registry of cameras; set apiAuthorization=CAMERA or"):
        check(template, {name: "1", "apiAuthorization": way})


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("value", ["-1", "00", "1.5", "", "1000000", "many"])
def test_a_number_that_is_none(template: dict[str, Any], name: str, value: str) -> None:
    with pytest.raises(ParameterError, match=f"{name} cannot be '{value}'; it takes 0 for no such alarm, or"):
        check(template, {name: value, "apiAuthorization": "CAMERA"})
