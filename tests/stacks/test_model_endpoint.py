"""The endpoint stays, whatever changes behind it; and what may be chosen for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.stacks.change_set import change_set
from tests.stacks.rendering import REGIONS, of_type, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check

ENDPOINT = "AWS::SageMaker::Endpoint"
CONFIG = "AWS::SageMaker::EndpointConfig"
MODEL = "AWS::SageMaker::Model"
FACES = {"detectorModelName": "yunet_n"}
IMAGE = "210987654321.dkr.ecr.us-east-1.amazonaws.com/mine"


def _by_type(template: Mapping[str, Any], before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, set[str]]:
    """What happens to the resources of each type that change."""
    changes: dict[str, set[str]] = {}
    for name, change in change_set(template, before, after).items():
        changes.setdefault(template["Resources"][name]["Type"], set()).add(change)
    return changes


@pytest.mark.parametrize(
    "after",
    [
        {"detectorModelName": "dlib_frontal_face"},
        {"applicationType": "body-detection", "detectorModelName": "yolox_nano"},
        {"applicationType": "face-comparison"},
        {"modelDataUrl": "s3://bucket/model.tar.gz"},
        {"containerImageUri": f"{IMAGE}:1"},
        {"deployInstanceType": "ml.c5.xlarge"},
    ],
    ids=lambda after: " ".join(after),
)
def test_another_model_image_or_type_updates_the_endpoint_in_place(
    template: dict[str, Any], after: dict[str, str]
) -> None:
    changes = _by_type(template, FACES, FACES | after)
    assert (changes[MODEL], changes[CONFIG], changes[ENDPOINT]) == ({"replaced"}, {"replaced"}, {"updated"})
    # Another kind of application has another snapshot of the API, another setting another version of the function.
    others = {kind for kind, change in changes.items() if change != {"updated"}}
    assert others - {"AWS::ApiGateway::Deployment", "AWS::Lambda::Version"} == {MODEL, CONFIG}


def test_another_tag_of_the_image_updates_the_endpoint_in_place(template: dict[str, Any]) -> None:
    changes = _by_type(template, {"containerImageUri": f"{IMAGE}:1"}, {"containerImageUri": f"{IMAGE}:2"})
    assert (changes[MODEL], changes[CONFIG], changes[ENDPOINT]) == ({"replaced"}, {"replaced"}, {"updated"})


def test_another_endpoint_name_would_be_found(template: dict[str, Any]) -> None:
    """So the tests above prove that the endpoint keeps its name."""
    (name,) = of_type(rendered(template), ENDPOINT)
    endpoint = template["Resources"][name]
    named = endpoint | {"Properties": endpoint["Properties"] | {"EndpointName": {"Ref": "detectorModelName"}}}
    broken = {**template, "Resources": {**template["Resources"], name: named}}
    assert _by_type(broken, FACES, {"detectorModelName": "dlib_frontal_face"})[ENDPOINT] == {"replaced"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("1", "1"), ("2", "2")),
        (("1", "1"), ("1", "4")),
        (("1", "4"), ("2", "4")),
        (("2", "2"), ("2", "3")),
        (("2", "4"), ("4", "4")),
    ],
)
def test_the_endpoint_never_changes_without_a_new_configuration(
    template: dict[str, Any], before: tuple[str, str], after: tuple[str, str]
) -> None:
    """SageMaker updates an endpoint to a new configuration only."""
    changes = _by_type(template, _counts(*before), _counts(*after))
    assert (changes[CONFIG], changes[ENDPOINT]) == ({"replaced"}, {"updated"})


def _counts(smallest: str, largest: str) -> dict[str, str]:
    return {"minInstanceCount": smallest, "maxInstanceCount": largest}


def test_more_instances_under_load_leave_the_endpoint_as_it_is(template: dict[str, Any]) -> None:
    changes = _by_type(template, _counts("1", "3"), _counts("1", "5"))
    assert changes == {"AWS::ApplicationAutoScaling::ScalableTarget": {"updated"}}


@pytest.mark.parametrize("region", REGIONS)
def test_the_variant_keeps_its_name_and_with_scaling_its_number_of_instances(
    template: dict[str, Any], region: str
) -> None:
    expected = {("1", "1"): False, ("3", "3"): False, ("1", "4"): True}
    for counts, retained in expected.items():
        resources = rendered(template, region, **_counts(*counts))
        (variant,) = only(resources, CONFIG)["ProductionVariants"]
        assert (variant["VariantName"], variant["InitialInstanceCount"]) == ("AllTraffic", counts[0])
        endpoint = only(resources, ENDPOINT)
        assert endpoint["RetainAllVariantProperties"] is retained
        # All are retained but what is captured, which is the parameter's.
        excluded = [{"VariantPropertyType": "DataCaptureConfig"}] if retained else None
        assert endpoint.get("ExcludeRetainedVariantProperties") == excluded


@pytest.mark.parametrize("region", REGIONS)
def test_the_name_is_the_stacks_own_and_one_that_sagemaker_takes(template: dict[str, Any], region: str) -> None:
    name = only(rendered(template, region), ENDPOINT)["EndpointName"]
    assert re.fullmatch(r"ipc-ai-saas-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name)
    assert len(name) <= 63


@pytest.mark.parametrize("region", REGIONS)
def test_sagemaker_takes_the_role_for_this_account_alone(template: dict[str, Any], region: str) -> None:
    (statement,) = (
        statement
        for role in of_type(rendered(template, region), "AWS::IAM::Role").values()
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    )
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "555555555555"}}


@pytest.mark.parametrize(("smallest", "largest"), [("2", "1"), ("20", "19"), ("10", "9"), ("3", "2")])
def test_fewer_instances_under_load_than_always_are_refused(
    template: dict[str, Any], smallest: str, largest: str
) -> None:
    with pytest.raises(ParameterError, match=f"^minInstanceCount={smallest} needs a maxInstanceCount of {smallest} "):
        check(template, _counts(smallest, largest))
    check(template, _counts(largest, smallest))


@pytest.mark.parametrize(
    ("name", "values", "takes"),
    [
        ("minInstanceCount", ["0", "21", "01", "1.0", "", "-1"], "a whole number from 1 to 20"),
        ("maxInstanceCount", ["0", "21", "x"], "a whole number from 1 to 20"),
        ("targetConcurrencyPerInstance", ["0", "08", "1.5", "10000", ""], "a whole number from 1 to 9999"),
        ("alarmLatencyMs", ["0", "29001"], "a number from 1 to 29000"),
        (
            "alarmNoTrafficMinutes",
            ["1", "4", "05", "1441", "2000", "", "x"],
            "0 for no such alarm, or a whole number of minutes from 5 to 1440",
        ),
        ("alarmEmail", ["gate", "a@b", "a b@example.com", "a@@example.com"], "an e-mail address, or empty"),
    ],
)
def test_values_that_are_none(template: dict[str, Any], name: str, values: list[str], takes: str) -> None:
    for value in values:
        with pytest.raises(ParameterError, match=f"^{name} cannot be '{value}'; it takes {takes}$"):
            check(template, {name: value})
