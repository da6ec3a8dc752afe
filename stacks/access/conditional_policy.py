"""Policies that exist in some deployments only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import CfnCondition
from aws_cdk.aws_iam import CfnPolicy, IRole, Policy, PolicyStatement
from constructs import Construct

from stacks.conditions import all_of


def attach(
    scope: Construct,
    name: str,
    *,
    role: IRole,
    statements: Sequence[PolicyStatement],
    condition: CfnCondition,
    only_if: CfnCondition | None = None,
) -> Policy:
    """Attach a policy to a role where the condition holds.

    Args:
        scope: the construct that the policy is about, not the role: resources that wait for the role would wait for
            a policy that may not exist.
        name: the permission in a word.
        role: the role; several roles may get a policy of the same name.
        statements: its permissions.
        condition: the condition that it exists.
        only_if: the condition that the role exists; None for a role that always does.

    Returns:
        The policy.
    """
    path = "".join(role.node.path.split("/")[1:])
    policy = Policy(scope, f"{name}By{path}", roles=[role], statements=list(statements))
    if only_if is not None:
        condition = CfnCondition(scope, f"{name}By{path}Holds", expression=all_of(only_if, condition))
    cast(CfnPolicy, policy.node.default_child).cfn_options.condition = condition
    return policy
