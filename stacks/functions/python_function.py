"""A function of this service: the runtime, the code and the log that all of them share."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnParameter, Duration, RemovalPolicy
from aws_cdk.aws_iam import IRole
from aws_cdk.aws_lambda import Architecture, Function, Runtime
from aws_cdk.aws_logs import LogGroup
from constructs import Construct

from stacks.assets.publication import function_code
from stacks.checks.acknowledgements import acknowledge_of_function
from stacks.places import FUNCTION_SOURCES
from stacks.telemetry.function_metrics import NAMESPACE
from stacks.telemetry.log_retention import keep_for


def python_function(
    scope: Construct,
    name: str,
    *,
    description: str,
    handler: str,
    role: IRole,
    log_retention_days: CfnParameter,
    timeout: Duration,
    service: str,
    environment: Mapping[str, str],
) -> Function:
    """Make a function and its log group, which the role may write to.

    Args:
        scope: the parent of both.
        name: the function's id in it.
        description: its purpose, for the console.
        handler: one of ``lambda/inference``.
        role: the role that it runs as, not the CDK's, which may write to every log group of the account.
        log_retention_days: days that lines of its log are kept.
        timeout: after which Lambda ends it.
        service: dimension of its metrics.
        environment: its settings.
    """
    log_group = LogGroup(scope, "FunctionLogs", removal_policy=RemovalPolicy.DESTROY)
    keep_for(log_group, log_retention_days)
    log_group.grant_write(role)
    function = Function(
        scope,
        name,
        description=description,
        runtime=Runtime.PYTHON_3_14,
        architecture=Architecture.X86_64,
        code=function_code(scope, FUNCTION_SOURCES),
        handler=handler,
        role=role,
        log_group=log_group,
        memory_size=512,
        timeout=timeout,
        environment={
            **environment,
            "POWERTOOLS_SERVICE_NAME": service,
            "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        },
    )
    acknowledge_of_function(function)
    return function
