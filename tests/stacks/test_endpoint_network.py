"""The operator's VPC: there when it is given, and nothing of it otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import REGIONS, only, rendered
from workbench.errors import ParameterError
from workbench.template.parameters import check

MODEL = "AWS::SageMaker::Model"
VPC = {
    "vpcSubnetIds": "subnet-0123456789abcdef0,subnet-01234567",
    "vpcSecurityGroupIds": "sg-0123456789abcdef0",
}


def _ec2(resources: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What the endpoint's role may do with EC2."""
    role = resources[only(resources, MODEL)["ExecutionRoleArn"].split(".")[0]]["Properties"]
    statements = [entry for policy in role["Policies"] for entry in policy["PolicyDocument"]["Statement"]]
    return [entry for entry in statements if "ec2:" in str(entry["Action"])]


@pytest.mark.parametrize("region", REGIONS)
def test_without_a_vpc_there_is_nothing_of_one(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    assert "VpcConfig" not in only(resources, MODEL)
    assert _ec2(resources) == []


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("kind", ["real-time", "async"])
def test_the_model_is_attached(template: dict[str, Any], region: str, kind: str) -> None:
    resources = rendered(template, region, endpointType=kind, **VPC)
    assert only(resources, MODEL)["VpcConfig"] == {
        "Subnets": ["subnet-0123456789abcdef0", "subnet-01234567"],
        "SecurityGroupIds": ["sg-0123456789abcdef0"],
    }
    statements = _ec2(resources)
    actions = [
        action
        for entry in statements
        for action in ([entry["Action"]] if isinstance(entry["Action"], str) else entry["Action"])
    ]
    assert sorted(action.removeprefix("ec2:") for action in actions) == [
        "CreateNetworkInterface",
        "CreateNetworkInterfacePermission",
        "DeleteNetworkInterface",
        "DeleteNetworkInterfacePermission",
        "DescribeDhcpOptions",
        "DescribeNetworkInterfaces",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcs",
    ]
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    for entry in statements:
        if entry["Resource"] != "*":
            named = [entry["Resource"]] if isinstance(entry["Resource"], str) else entry["Resource"]
            assert all(name.startswith(f"arn:{partition}:ec2:{region}:") for name in named)


@pytest.mark.parametrize("missing", list(VPC))
def test_both_or_neither(template: dict[str, Any], missing: str) -> None:
    with pytest.raises(ParameterError, match="vpcSubnetIds and vpcSecurityGroupIds go together; give both or neither"):
        check(template, VPC | {missing: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vpcSubnetIds", "subnet-0123456"),
        ("vpcSubnetIds", "subnet-01234567, subnet-01234568"),
        ("vpcSubnetIds", ",".join(["subnet-01234567"] * 17)),
        ("vpcSecurityGroupIds", "subnet-01234567"),
        ("vpcSecurityGroupIds", ",".join(["sg-01234567"] * 6)),
    ],
)
def test_ids_that_are_none(template: dict[str, Any], name: str, value: str) -> None:
    with pytest.raises(ParameterError, match=f"^{name} cannot be '{value}'; it takes up to"):
        check(template, VPC | {name: value})
