"""A role's policy that is there in some deployments and not in others."""

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
    """Gives a role a policy where the condition holds.

    Args:
        scope: what the policy is about. Within the role, all that waits for the role would wait for the policy, too,
            which may not be there.
        name: what it lets a role do, in a word.
        role: who gets it; several roles may get one of the same name.
        statements: what it says.
        condition: when it is there.
        only_if: the condition that the role is there; None for a role that always is.

    Returns:
        The policy.
    """
    path = "".join(role.node.path.split("/")[1:])
    policy = Policy(scope, f"{name}By{path}", roles=[role], statements=list(statements))
    if only_if is not None:
        condition = CfnCondition(scope, f"{name}By{path}Holds", expression=all_of(only_if, condition))
    cast(CfnPolicy, policy.node.default_child).cfn_options.condition = condition
    return policy
