"""Regions are refused before anything is made."""

from __future__ import annotations

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from workbench import regions
from workbench.__main__ import main
from workbench.deployment.account import Account
from workbench.errors import RegionError


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1"])
def test_real_regions_are_taken(region: str) -> None:
    regions.require_usable(region)


@pytest.mark.parametrize(
    ("region", "says"),
    [
        ("nowhere-1", "there is no region 'nowhere-1', did you mean 'eu-north-1'"),
        ("mars-1", "there is no region 'mars-1'; known: "),
        ("venus-1", "there is no region 'venus-1'; known: "),
        ("us-esat-1", "did you mean 'us-west-1'"),
        ("eu-west-9", "did you mean 'eu-west-"),
        ("eu-west-1 ", "did you mean 'eu-west-1'"),
        ("", "there is no region ''; known: af-south-1"),
        ("us-iso-east-1", "there is no region 'us-iso-east-1'"),
        ("us-gov-east-1", "no SageMaker endpoints in us-gov-east-1; take another region, such as us-gov-west-1"),
    ],
)
def test_others_are_refused_with_the_nearest(region: str, says: str) -> None:
    with pytest.raises(RegionError, match=says):
        regions.require_usable(region)


def test_regions_without_hosting_are_those_of_cloudformations_schemas() -> None:
    kinds = [f"AWS::SageMaker::{name}" for name in ("Endpoint", "EndpointConfig", "Model")]
    for region in regions.WITHOUT_HOSTING | {
        "us-east-1",
        "eu-south-2",
        "ap-southeast-7",
        "cn-northwest-1",
        "us-gov-west-1",
    }:
        lacks = not set(kinds) <= set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
        assert lacks == (region in regions.WITHOUT_HOSTING), region


@pytest.mark.parametrize(
    "words",
    [
        ["deploy"],
        ["destroy"],
        ["permissions"],
        ["up"],
        ["replay", "--stack", "s"],
        ["package", "yolox_nano"],
        ["image", "push", "x"],
        ["plan"],
        ["compile", "x"],
    ],
    ids=lambda words: words[0],
)
def test_every_verb_refuses_in_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--region", "nowhere-1"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "did you mean 'eu-north-1'" in said


def test_several_regions_to_publish_in(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["publish", "--bucket", "b", "--version", "v1", "--regions", "eu-west-1", "eu-wset-1"])
    assert "did you mean 'eu-west-1'" in capsys.readouterr().err


def test_the_region_of_the_environment_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-east-1")
    with pytest.raises(RegionError, match="take another region, such as us-gov-west-1"):
        Account(profile=None, region=None)
