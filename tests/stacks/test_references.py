"""Whatever the parameters are, no resource refers to one that they leave out."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from workbench.errors import ParameterError
from workbench.template.parameters import check, declared_parameters
from workbench.template.rendered_template import render_template

REGIONS = ("us-east-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1")
MIXES = 60
# Values of parameters that are no choice, beside their defaults.
OTHERS = {
    "kmsKeyArn": "arn:aws:kms:us-east-1:210987654321:key/01234567-89ab-cdef-0123-456789abcdef",
    "alarmEmail": "me@example.com",
    "alarmSilentCameras": "3",
    "alarmRefusedCredentials": "30",
    "alarmNoTrafficMinutes": "15",
    "apiMonthlyQuota": "100",
    "eventRetentionDays": "9",
    "functionProvisionedConcurrency": "2",
    "maxInstanceCount": "4",
}
_NAME = re.compile(r"[A-Za-z0-9]+")


def _mixes(template: Mapping[str, Any], seed: int) -> Iterator[dict[str, str]]:
    """Mixes of parameters that the rules take, half of them with all that there is of the registry."""
    chance = random.Random(seed)
    declared = declared_parameters(template)
    choices = {name: entry["AllowedValues"] for name, entry in declared.items() if "AllowedValues" in entry}
    choices |= {name: [declared[name]["Default"], value] for name, value in OTHERS.items()}
    choices.pop("deployInstanceType", None)
    while True:
        given = {name: chance.choice(values) for name, values in choices.items()}
        given["applicationType"] = chance.choice(["face-detection", "face-comparison"])
        if chance.random() < 0.5:
            given["apiAuthorization"] = chance.choice(["CAMERA", "CAMERA_IAM"])
        try:
            yield check(template, given)
        except ParameterError:
            continue


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _NAME.findall(value)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _named(part)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part)


@pytest.mark.parametrize("region", REGIONS)
def test_no_mix_of_parameters_leaves_a_dangling_reference(template: dict[str, Any], region: str) -> None:
    everything = set(template["Resources"])
    registries = 0
    for _, values in zip(range(MIXES), _mixes(template, REGIONS.index(region)), strict=False):
        document = render_template(template, values, region)
        resources = document["Resources"]
        registries += any(resource["Type"] == "AWS::DynamoDB::Table" for resource in resources.values())
        for name, resource in resources.items():
            named = set(_named([resource.get("Properties", {}), resource.get("DependsOn", [])])) & everything
            assert named <= set(resources), (name, named - set(resources), values)
        for name, output in document["Outputs"].items():
            condition = template["Outputs"][name].get("Condition")
            if condition is None or document["Conditions"][condition]:
                assert set(_named(output["Value"])) & everything <= set(resources), (name, values)
    assert MIXES // 4 < registries < MIXES
