"""The version of the function that the API calls, with instances kept warm where the operator wants them.

A version is a snapshot of code, configuration and environment, and CloudFormation makes one when a property of the
version changes. The CDK puts a digest of code and configuration into its logical id. Values of parameters are no
part of that digest and would stay as they were, so the version's description contains them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import CfnCondition, Fn, RemovalPolicy
from aws_cdk.aws_lambda import Alias, CfnAlias, CfnVersion, Function
from constructs import Construct

from stacks.checks.acknowledgements import digits_are_numbers
from stacks.conditions import differs, value_if


class LiveVersion(Construct):
    """The newest version of a function, under a name that stays.

    Attributes:
        alias: that name, which callers of the function call.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: Function,
        from_parameters: Sequence[str],
        provisioned_concurrency: str,
    ) -> None:
        """Make the version and its name.

        Args:
            scope: the parent of both.
            construct_id: their id.
            function: the function.
            from_parameters: all values of its environment that depend on the stack's parameters, together at most 250
                characters.
            provisioned_concurrency: instances to keep warm; 0 for none.
        """
        super().__init__(scope, construct_id)
        version = function.current_version
        version.apply_removal_policy(RemovalPolicy.DESTROY)
        cast(CfnVersion, version.node.default_child).description = Fn.join(" ", list(from_parameters))
        self.alias = Alias(self, "Alias", alias_name="live", version=version)
        is_provisioned = CfnCondition(
            self,
            "IsProvisioned",
            expression=differs(provisioned_concurrency, "0"),
        )
        resource = cast(CfnAlias, self.alias.node.default_child)
        resource.provisioned_concurrency_config = value_if(
            is_provisioned, {"ProvisionedConcurrentExecutions": provisioned_concurrency}
        )
        digits_are_numbers(resource)
