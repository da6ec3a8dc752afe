"""The API calls a version that matches the parameters, kept warm where they ask for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.change_set import change_set
from tests.stacks.rendering import REGIONS, of_type, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check

VERSION, ALIAS, FUNCTION = "AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::Function"
FACES = {"deployInstanceType": "ml.m5.xlarge", "detectorModelName": "yunet_n"}
FOLLOWING = {
    *("ENDPOINT_NAME", "EVENTS_BUCKET", "POWERTOOLS_SERVICE_NAME"),
    *("REGISTRY_TABLE", "STATES_TABLE", "PUSH_QUEUE_URL"),
}
CHANGES = [
    {"applicationType": "body-detection", "detectorModelName": "yolox_nano"},
    {"applicationType": "face-comparison"},
    {"detectorModelName": "dlib_frontal_face"},
    {"endpointType": "async"},
    {"endpointType": "serverless"},
    {"saveRequestEvents": "Yes"},
    {"cameraMetrics": "Yes"},
    {"saveRequestEvents": "Yes", "eventsTable": "Yes"},
    {"apiAuthorization": "CAMERA"},
    {"apiAuthorization": "CAMERA_IAM"},
    {"saveRequestEvents": "Yes", "pushAnswer": "accepted"},
]


def _changes(template: dict[str, Any], after: dict[str, str]) -> dict[str, str]:
    """Changes of the API's function, its version and the alias, by type."""
    found = change_set(template, FACES, FACES | after)
    return {
        resource["Type"]: found[name]
        for name, resource in template["Resources"].items()
        if resource["Type"] in (VERSION, ALIAS, FUNCTION)
        and name in found
        and not name.startswith(("Ingest", "AsyncResults", "Registry"))
    }


@pytest.mark.parametrize("after", CHANGES)
def test_another_environment_is_another_version(template: dict[str, Any], after: dict[str, str]) -> None:
    assert _changes(template, after) == {FUNCTION: "updated", VERSION: "replaced", ALIAS: "updated"}


def test_parameters_that_the_function_does_not_see_leave_its_version(template: dict[str, Any]) -> None:
    after = {"apiThrottleRate": "5", "deployInstanceType": "ml.c5.xlarge", "eventRetentionDays": "3"}
    assert _changes(template, after) == {}


def test_every_parameter_in_the_environment_is_in_the_description(template: dict[str, Any]) -> None:
    """Variables left out follow from others: names made of the stack's id, and those of tables and a queue."""
    (function,) = (
        entry["Properties"]
        for entry in template["Resources"].values()
        if entry["Type"] == FUNCTION and entry["Properties"]["Handler"].endswith("handler.handler")
    )
    (version,) = (entry["Properties"] for entry in template["Resources"].values() if entry["Type"] == VERSION)
    described = version["Description"]["Fn::Join"][1]
    for name, value in function["Environment"]["Variables"].items():
        if isinstance(value, dict) and name not in FOLLOWING:
            assert value in described, name


@pytest.mark.parametrize("region", REGIONS)
def test_the_api_calls_the_alias_of_the_newest_version(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    (version,) = of_type(resources, VERSION)
    ((alias, properties),) = of_type(resources, ALIAS).items()
    assert properties["FunctionVersion"] == f"{version}.Version"
    assert "ProvisionedConcurrencyConfig" not in properties
    integrations = [method["Integration"] for method in of_type(resources, "AWS::ApiGateway::Method").values()]
    called = [entry["Uri"] for entry in integrations if entry["Type"] == "AWS_PROXY"]
    assert len(called) == 14
    assert all(alias in uri for uri in called)
    permissions = of_type(resources, "AWS::Lambda::Permission").values()
    assert {permission["FunctionName"] for permission in permissions} == {alias}
    assert len(only(resources, VERSION)["Description"]) <= 256


def test_the_description_has_room_for_the_longest_names(template: dict[str, Any]) -> None:
    """Lambda takes 256 characters."""
    given = {
        "applicationType": "face-comparison",
        "faceDetectAndCompareModelName": f"{'d' * 63}+{'e' * 63}",
        "modelDataUrl": "s3://a-bucket/pair.tar.gz",
        "endpointType": "serverless",
        "saveRequestEvents": "Yes",
        "eventsTable": "Yes",
        "cameraMetrics": "Yes",
        "containerRequestFormat": "json",
        "containerShortSize": "2048",
        "apiAuthorization": "CAMERA_IAM",
    }
    assert len(only(rendered(template, **given), VERSION)["Description"]) <= 256


@pytest.mark.parametrize("region", REGIONS)
def test_instances_are_kept_warm_when_asked_for(template: dict[str, Any], region: str) -> None:
    alias = only(rendered(template, region, functionProvisionedConcurrency="7"), ALIAS)
    assert alias["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": "7"}
    assert _changes(template, {"functionProvisionedConcurrency": "7"}) == {ALIAS: "updated"}


@pytest.mark.parametrize("number", ["", "-1", "1.5", "many"])
def test_a_number_of_instances_that_is_none(template: dict[str, Any], number: str) -> None:
    with pytest.raises(ParameterError, match=r"functionProvisionedConcurrency cannot be .* a whole number from 0"):
        check(template, {"functionProvisionedConcurrency": number})
