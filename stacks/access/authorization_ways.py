"""The ways by which callers of the API prove who they are, as the parameter chooses one."""

from __future__ import annotations

from aws_cdk import CfnCondition
from constructs import Construct

from stacks.conditions import all_of, any_of, equals, negation
from stacks.parameters.api import CAMERA, CAMERA_IAM, ApiParameters
from stacks.partition import Partition


class AuthorizationWays(Construct):
    """The conditions of all ways, of which one holds.

    Attributes:
        uses_key: the condition that callers send an API key.
        uses_iam: the condition that callers sign their requests.
        is_open: the condition that callers prove nothing.
        uses_credentials: the condition that each camera has a credential of its own.
        has_registry: the condition that there is a registry, which tells each camera apart.
        all: by name, the conditions of all ways that make the API's methods differ.
        given: the parameter's own word.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: ApiParameters, partition: Partition) -> None:
        super().__init__(scope, construct_id)
        self.given = given = parameters.authorization.value_as_string
        is_auto = equals(given, "AUTO")
        signs_as_camera = CfnCondition(self, "SignsAsCamera", expression=equals(given, CAMERA_IAM))
        self.uses_iam = CfnCondition(
            self,
            "UsesIam",
            expression=any_of(equals(given, "AWS_IAM"), signs_as_camera, all_of(is_auto, partition.is_china)),
        )
        self.uses_key = CfnCondition(
            self,
            "UsesKey",
            expression=any_of(equals(given, "API_KEY"), all_of(is_auto, negation(partition.is_china))),
        )
        self.is_open = CfnCondition(self, "IsOpen", expression=equals(given, "NONE"))
        self.uses_credentials = CfnCondition(self, "UsesCredentials", expression=equals(given, CAMERA))
        self.all = {
            "Key": self.uses_key,
            "Iam": self.uses_iam,
            "Open": self.is_open,
            "Camera": self.uses_credentials,
        }
        # At the top, because its name is what operators read beside the outputs.
        self.has_registry = CfnCondition(
            scope, "HasRegistry", expression=any_of(self.uses_credentials, signs_as_camera)
        )
