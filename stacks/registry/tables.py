"""The two tables of the registry, and who may use which of their items.

The table of cameras is written by the operator alone and outlives the stack. The table of states is written by the
functions, and a minute of cameras fills it anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from aws_cdk import CfnCondition, RemovalPolicy
from aws_cdk.aws_dynamodb import Attribute, AttributeType, BillingMode, CfnTable, Table
from aws_cdk.aws_iam import IRole, PolicyStatement
from constructs import Construct

from stacks.access.authorization_ways import AuthorizationWays
from stacks.access.conditional_policy import attach
from stacks.access.encryption import Encryption
from stacks.checks.acknowledgements import acknowledge
from stacks.conditions import all_of, make_conditional, value_if
from stacks.parameters.api import ApiParameters

# As the functions call them: many reads at once, and writes that tell what they found.
_READ = ["dynamodb:BatchGetItem"]
_COUNT = ["dynamodb:UpdateItem"]
_KEPT_ANEW = "A minute of cameras fills it anew: there is nothing to restore"


class RegistryTables(Construct):
    """Both tables, billed by the request.

    Attributes:
        cameras: cameras, names of keys, principals and profiles.
        states: when each camera was last seen, and refusals by source.
        is_on: the condition that both exist.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: ApiParameters,
        ways: AuthorizationWays,
        encryption: Encryption,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Make the tables.

        Args:
            scope: where they belong.
            construct_id: their id.
            parameters: the answer to pushes.
            ways: how callers prove who they are.
            encryption: the operator's key.
            removal_policy: the fate of the cameras' table when the stack goes, or does without a registry.
        """
        super().__init__(scope, construct_id)
        self.is_on = ways.has_registry
        self._ways, self._parameters, self._encryption = ways, parameters, encryption
        self.cameras = self._table("Cameras", removal_policy=removal_policy)
        cameras = cast(CfnTable, self.cameras.node.default_child)
        cameras.point_in_time_recovery_specification = CfnTable.PointInTimeRecoverySpecificationProperty(
            point_in_time_recovery_enabled=True
        )
        self.states = self._table("States", removal_policy=RemovalPolicy.DESTROY, time_to_live_attribute="expires")
        acknowledge(self.states, {"AwsSolutions-DDB3": _KEPT_ANEW, "CKV_AWS_28": _KEPT_ANEW})
        make_conditional(self, self.is_on)

    def _table(self, name: str, **options: Any) -> Table:
        table = Table(
            self,
            name,
            partition_key=Attribute(name="id", type=AttributeType.STRING),
            billing_mode=BillingMode.PAY_PER_REQUEST,
            **options,
        )
        cast(CfnTable, table.node.default_child).add_property_override("SSESpecification", self._encryption.of_table)
        acknowledge(table, {"CKV_AWS_119": "kmsKeyArn names a key of the operator's; without it DynamoDB has its own"})
        return table

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of functions that are there with a registry alone."""
        return {"REGISTRY_TABLE": self.cameras.table_name, "STATES_TABLE": self.states.table_name, **self.chosen}

    @property
    def environment_where_on(self) -> Mapping[str, str]:
        """Variables of the other functions; without a registry the names are empty."""
        names = {name: value_if(self.is_on, value, "").to_string() for name, value in self.environment.items()}
        return {**names, **self.chosen}

    @property
    def chosen(self) -> Mapping[str, str]:
        """Those of the variables that parameters choose; the others follow from them."""
        return {
            "API_AUTHORIZATION": self._ways.given,
            "PUSH_ANSWER": self._parameters.push_answer.value_as_string,
        }

    def grant_identify(self, role: IRole, *, when: CfnCondition) -> None:
        """Let a role look up cameras, keys and profiles one by one, and never write or list them.

        Args:
            role: the role.
            when: the condition that the tables and the role exist.
        """
        self._grant("Identify", role, _READ, self.cameras, when)
        with_key = f"{when.node.id}WithKey"
        condition = self.node.try_find_child(with_key) or CfnCondition(
            self, with_key, expression=all_of(when, self._encryption.has_key)
        )
        self._encryption.grant_tables(role, when=cast(CfnCondition, condition))

    def grant_count_refusals(self, role: IRole, *, when: CfnCondition) -> None:
        """Let a role count refusals by source, and touch no state of a camera."""
        self._grant("CountRefusals", role, _COUNT, self.states, when, only_keys=["refused#*"])

    def grant_see(self, role: IRole) -> None:
        """Let a role record signs of life, and count frames and refusals, item by item."""
        self._grant("See", role, _COUNT, self.states, self.is_on)

    def grant_watch(self, role: IRole) -> None:
        """Let a role of the registry's own look through all states, and note which cameras are silent."""
        self._grant("Watch", role, ["dynamodb:Scan", "dynamodb:UpdateItem"], self.states, self.is_on)

    def _grant(
        self,
        name: str,
        role: IRole,
        actions: Sequence[str],
        table: Table,
        when: CfnCondition,
        *,
        only_keys: Sequence[str] = (),
    ) -> None:
        conditions = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(only_keys)}} if only_keys else None
        statement = PolicyStatement(actions=list(actions), resources=[table.table_arn], conditions=conditions)
        attach(self, name, role=role, statements=[statement], condition=when)
