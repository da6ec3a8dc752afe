"""The API's deployments: one for each way of authorization.

A deployment of API Gateway is a snapshot of its methods. A stack update that changes a parameter alone would
change the methods and leave the old snapshot in service. So there is one deployment for each way, and the stage has
the chosen one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from aws_cdk import CfnCondition, Stack
from aws_cdk.aws_apigateway import CfnDeployment, CfnGatewayResponse, CfnMethod, CfnStage, RestApi
from constructs import Construct

from stacks.conditions import value_if

# Parts of a snapshot, which must be complete before the deployment is made. A method names its authorizer itself, and
# DependsOn takes none that a condition may leave out.
_IN_A_SNAPSHOT = (CfnMethod, CfnGatewayResponse)


class ApiDeployments(Construct):
    """A deployment for each way, on its condition."""

    def __init__(self, scope: Construct, construct_id: str, *, api: RestApi, ways: Mapping[str, CfnCondition]) -> None:
        """Make the deployments of a complete API.

        The deployment that the CDK makes has a digest of the API in its logical id and becomes the first way's. The
        others take the digest into theirs, so that a change of the API replaces every one of them.

        Args:
            scope: the construct that also holds the parts of the API.
            construct_id: its id.
            api: the API.
            ways: two conditions or more by name, of which exactly one holds.
        """
        super().__init__(scope, construct_id)
        assert api.latest_deployment is not None
        first = cast(CfnDeployment, api.latest_deployment.node.default_child)
        digest = Stack.of(self).resolve(first.logical_id)[-32:]
        held = [part for part in scope.node.find_all() if isinstance(part, _IN_A_SNAPSHOT)]
        snapshots: list[tuple[CfnCondition, CfnDeployment]] = []
        for name, condition in ways.items():
            snapshot = (
                CfnDeployment(self, f"{name}Deployment{digest}", rest_api_id=api.rest_api_id) if snapshots else first
            )
            snapshot.cfn_options.condition = condition
            snapshot.node.add_dependency(*held)
            snapshots.append((condition, snapshot))
        *others, (_, last) = snapshots
        in_service = last.ref
        for condition, snapshot in reversed(others):
            in_service = value_if(condition, snapshot.ref, in_service).to_string()
        stage = cast(CfnStage, api.deployment_stage.node.default_child)
        stage.add_property_override("DeploymentId", in_service)
