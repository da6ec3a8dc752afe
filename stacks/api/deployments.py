"""The API's deployments: one for each way that parameters make its methods differ.

A deployment of API Gateway is a snapshot of its methods. A stack update that changes a parameter alone would
change the methods and leave the old snapshot in service. So there is one deployment for each combination of choices,
and the stage has the chosen one.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import CfnCondition, Stack
from aws_cdk.aws_apigateway import (
    CfnDeployment,
    CfnGatewayResponse,
    CfnMethod,
    CfnModel,
    CfnRequestValidator,
    CfnStage,
    RestApi,
)
from constructs import Construct

from stacks.conditions import all_of, value_if

# Parts of a snapshot, which must be complete before the deployment is made.
_IN_A_SNAPSHOT = (CfnMethod, CfnGatewayResponse, CfnModel, CfnRequestValidator)


class ApiDeployments(Construct):
    """A deployment for each combination of conditions, on its own condition."""

    def __init__(
        self, scope: Construct, construct_id: str, *, api: RestApi, choices: Sequence[Mapping[str, CfnCondition]]
    ) -> None:
        """Make the deployments of a complete API.

        The deployment that the CDK makes has a digest of the API in its logical id and becomes the first combination's.
        The others take the digest into theirs, so that a change of the API replaces every one of them.

        Args:
            scope: the construct that also holds the models and validators of the API.
            construct_id: its id.
            api: the API.
            choices: two choices or more, each as conditions by name of which exactly one holds.
        """
        super().__init__(scope, construct_id)
        assert api.latest_deployment is not None
        first = cast(CfnDeployment, api.latest_deployment.node.default_child)
        digest = Stack.of(self).resolve(first.logical_id)[-32:]
        held = [part for part in scope.node.find_all() if isinstance(part, _IN_A_SNAPSHOT)]
        snapshots: list[tuple[CfnCondition, CfnDeployment]] = []
        for combination in itertools.product(*(choice.items() for choice in choices)):
            name = "".join(part for part, _ in combination)
            condition = CfnCondition(self, name, expression=all_of(*(condition for _, condition in combination)))
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
