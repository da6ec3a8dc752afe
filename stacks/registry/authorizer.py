"""The function that API Gateway asks about every request: which camera is it."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk.aws_iam import Role, ServicePrincipal
from constructs import Construct

from stacks.access.authorization_ways import AuthorizationWays
from stacks.conditions import make_conditional
from stacks.functions.python_function import python_function
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.registry.tables import RegistryTables

# Two reads and a write of a few milliseconds each; a camera waits for it before its picture goes on.
_TIMEOUT = Duration.seconds(5)


class Authorizer(Construct):
    """The function and its role, for ``apiAuthorization=CAMERA``.

    It has the memory of the other functions: a share of a processor comes with it, and the least would take seconds to
    start.

    Attributes:
        function: the function.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        ways: AuthorizationWays,
        tables: RegistryTables,
    ) -> None:
        super().__init__(scope, construct_id)
        is_on = ways.uses_credentials
        role = Role(self, "FunctionRole", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
        tables.grant_identify(role, when=is_on)
        tables.grant_count_refusals(role, when=is_on)
        self.function = python_function(
            self,
            "AuthorizerFunction",
            description="Tells API Gateway which camera a request's credential is of",
            handler="inference_api.identity.authorizer.handler",
            role=role,
            log_retention_days=parameters.logs.retention_days,
            timeout=_TIMEOUT,
            service=Aws.STACK_NAME,
            environment=tables.environment,
        )
        partition.trace_where_available(self.function, role, only_if=is_on)
        make_conditional(self, is_on)
