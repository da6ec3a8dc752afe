"""Every difference between the partitions that this stack runs in.

The standard and the China partition differ in ARNs, host names and image registries, for which the CDK
renders ``AWS::Partition`` and ``AWS::URLSuffix``. All other differences are here.
"""

from __future__ import annotations

from typing import cast

from aws_cdk import Aws, CfnCondition, CfnMapping, Fn
from aws_cdk.aws_apigateway import CfnStage
from aws_cdk.aws_iam import CfnPolicy, IRole, Policy, PolicyStatement
from aws_cdk.aws_lambda import CfnFunction, Function
from constructs import Construct

from stacks.checks.acknowledgements import acknowledge
from stacks.conditions import all_of, equals, negation, value_if


class Partition(Construct):
    """The partition that the stack is deployed in.

    Attributes:
        is_china: the condition that it is ``aws-cn``.
        traces_functions: the condition that X-Ray traces Lambda there.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.is_china = CfnCondition(self, "IsChina", expression=equals(Aws.PARTITION, "aws-cn"))
        self.traces_functions = CfnCondition(self, "TracesFunctions", expression=negation(self.is_china))
        # A table, because a condition would double the mixes that the checks of a synthesis try on each function.
        self._tracing = CfnMapping(
            self,
            "Tracing",
            mapping={
                "aws": {"Functions": "Active"},
                "aws-cn": {"Functions": "PassThrough"},
                "aws-us-gov": {"Functions": "Active"},
            },
        )

    def scaling_metric(self) -> str:
        """The metric by which an endpoint's variant is scaled.

        Concurrent requests, every 10 s; in China requests a minute, because the other metric may be missing there.
        """
        return value_if(
            self.is_china,
            "SageMakerVariantInvocationsPerInstance",
            "SageMakerVariantConcurrentRequestsPerModelHighResolution",
        ).to_string()

    def scaling_target(self, concurrency: str) -> str:
        """The value of ``scaling_metric`` for a number of concurrent requests an instance.

        A template cannot multiply, but it can append a zero: ten requests a minute for each concurrent one. By
        Little's law (L = lambda W) that is exact for requests that take 6 s; faster ones are scaled out too early
        rather than too late, and never above ``maxInstanceCount``.
        """
        a_minute = Fn.join("", [concurrency, "0"])
        return value_if(self.is_china, a_minute, concurrency).to_string()

    def trace_where_available(self, function: Function, role: IRole, *, only_if: CfnCondition | None = None) -> None:
        """Trace a function with X-Ray, which China does not have for Lambda.

        Args:
            function: the function.
            role: its role.
            only_if: the condition that both exist; None if they always do.
        """
        resource = cast(CfnFunction, function.node.default_child)
        resource.add_property_override("TracingConfig.Mode", self._tracing.find_in_map(Aws.PARTITION, "Functions"))
        # X-Ray has no resources for these actions.
        statement = PolicyStatement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"])
        policy = Policy(self, f"{function.node.id}Tracing", roles=[role], statements=[statement])
        acknowledge(policy, {"AwsSolutions-IAM5[Resource::*]": "X-Ray has no resources for writing traces"})
        traced = self.traces_functions
        if only_if is not None:
            traced = CfnCondition(self, f"Traces{function.node.id}", expression=all_of(only_if, traced))
        cast(CfnPolicy, policy.node.default_child).cfn_options.condition = traced

    def trace_stage_where_available(self, stage: CfnStage) -> None:
        """Trace an API's stage with X-Ray, so that a trace begins where the request comes in."""
        stage.add_property_override("TracingEnabled", value_if(self.traces_functions, True, False))
        acknowledge(stage, {"CKV_AWS_73": "Traced wherever the functions are: China has no X-Ray for Lambda"})
