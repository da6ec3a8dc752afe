"""A change of a parameter alone has to reach the API in service."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stacks.rendering import of_type, only, rendered

WAYS = ("API_KEY", "AWS_IAM", "NONE", "CAMERA")
DEPLOYMENT = "AWS::ApiGateway::Deployment"


def test_another_way_is_another_snapshot_of_the_api(template: dict[str, Any]) -> None:
    """Or the stage would go on with the methods as they were."""
    in_service = set()
    for way in WAYS:
        resources = rendered(template, apiAuthorization=way)
        (snapshot,) = of_type(resources, DEPLOYMENT)
        assert only(resources, "AWS::ApiGateway::Stage")["DeploymentId"] == snapshot
        in_service.add(snapshot)
        needed = set(resources[snapshot]["DependsOn"])
        for kind in ("Method", "GatewayResponse"):
            held = of_type(resources, f"AWS::ApiGateway::{kind}")
            assert held
            assert set(held) <= needed
        assert needed <= set(resources)  # CloudFormation refuses to wait for what is not there
    assert len(in_service) == len(WAYS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"applicationType": "face-detection"}, {"applicationType": "face-comparison"}),
        ({"apiAuthorization": "AWS_IAM"}, {"apiAuthorization": "CAMERA_IAM"}),
    ],
)
def test_the_same_methods_are_the_same_snapshot(
    template: dict[str, Any], one: dict[str, str], other: dict[str, str]
) -> None:
    assert set(of_type(rendered(template, **one), DEPLOYMENT)) == set(of_type(rendered(template, **other), DEPLOYMENT))


def test_every_snapshot_is_replaced_when_the_api_changes(template: dict[str, Any]) -> None:
    """The digest of the API that the CDK puts into the id of one is in the ids of all."""
    snapshots = [name for name, entry in template["Resources"].items() if entry["Type"] == DEPLOYMENT]
    (made_by_cdk,) = (name for name in snapshots if "Deployments" not in name)
    assert len(snapshots) == len(WAYS)
    assert all(made_by_cdk[-32:] in name for name in snapshots)
