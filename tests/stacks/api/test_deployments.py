"""A change of a parameter alone has to reach the API in service."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.stacks.rendering import of_type, only, rendered

WAYS = ("API_KEY", "AWS_IAM", "NONE")
# By kind of application: parameters that choose one.
KINDS = {
    "detection": {"applicationType": "face-detection"},
    "comparison": {"applicationType": "face-comparison"},
    "custom": {"applicationType": "custom", "modelDataUrl": "s3://bucket/model.tar.gz"},
}
DEPLOYMENT = "AWS::ApiGateway::Deployment"


def test_another_choice_is_another_snapshot_of_the_api(template: dict[str, Any]) -> None:
    """Or the stage would go on with the methods as they were."""
    in_service = set()
    for way, given in itertools.product(WAYS, KINDS.values()):
        resources = rendered(template, apiAuthorization=way, **given)
        (snapshot,) = of_type(resources, DEPLOYMENT)
        assert only(resources, "AWS::ApiGateway::Stage")["DeploymentId"] == snapshot
        in_service.add(snapshot)
        needed = set(resources[snapshot]["DependsOn"])
        for kind in ("Method", "GatewayResponse", "Model", "RequestValidator"):
            held = of_type(resources, f"AWS::ApiGateway::{kind}")
            assert held
            assert set(held) <= needed
    assert len(in_service) == len(WAYS) * len(KINDS)


@pytest.mark.parametrize("other", ["body-detection"])
def test_the_same_kind_of_application_is_the_same_snapshot(template: dict[str, Any], other: str) -> None:
    face = rendered(template, applicationType="face-detection")
    body = rendered(template, applicationType=other, detectorModelName="yolox_nano")
    assert set(of_type(face, DEPLOYMENT)) == set(of_type(body, DEPLOYMENT))


def test_every_snapshot_is_replaced_when_the_api_changes(template: dict[str, Any]) -> None:
    """The digest of the API that the CDK puts into the id of one is in the ids of all."""
    snapshots = [name for name, entry in template["Resources"].items() if entry["Type"] == DEPLOYMENT]
    (made_by_cdk,) = (name for name in snapshots if "Deployments" not in name)
    assert len(snapshots) == len(WAYS) * len(KINDS)
    assert all(made_by_cdk[-32:] in name for name in snapshots)
