"""Scaling of the endpoint's instances."""

from __future__ import annotations

from aws_cdk import CfnCondition, Stack, Token
from aws_cdk.aws_applicationautoscaling import CfnScalableTarget, CfnScalingPolicy
from aws_cdk.aws_cloudwatch import CfnAlarm
from constructs import Construct

from stacks.checks.acknowledgements import acknowledge, digits_are_numbers
from stacks.conditions import all_of, any_of, differs, equals, value_if
from stacks.endpoint.kind import EndpointKind
from stacks.parameters.endpoint import REAL_TIME
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition

# Seconds. A new instance takes minutes until it serves, so scaling out waits until its effect shows. Cameras' load
# comes in waves, and an instance given back too early costs those minutes again.
_SCALE_OUT_COOLDOWN = 300
_SCALE_IN_COOLDOWN = 600


class EndpointScaling(Construct):
    """Between ``minInstanceCount`` and ``maxInstanceCount``, by requests in work or waiting an instance.

    An asynchronous endpoint has no instance while its queue is empty, and up to ``maxInstanceCount`` while it is not. A
    serverless one has none at all.

    Attributes:
        is_scaled: the condition that the number of a real-time endpoint changes by itself: the two are not the same.
        has_several: the condition that there are always two instances or more.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        kind: EndpointKind,
    ) -> None:
        super().__init__(scope, construct_id)
        self._parameters = parameters
        self._partition = partition
        self._kind = kind
        is_real_time = equals(parameters.endpoint.endpoint_type.value_as_string, REAL_TIME)
        smallest = parameters.capacity.min_instance_count.value_as_string
        largest = parameters.capacity.max_instance_count.value_as_string
        self.is_scaled = CfnCondition(
            self,
            "IsScaled",
            expression=all_of(is_real_time, differs(smallest, largest)),
        )
        acknowledge(
            Stack.of(self),
            {"CloudFormation-Validate::W8003": "IsScaled is false for the defaults of both parameters alone"},
        )
        self.has_several = CfnCondition(
            self,
            "HasSeveral",
            expression=all_of(is_real_time, differs(smallest, "1")),
        )
        self._has_target = CfnCondition(
            self,
            "HasTarget",
            expression=any_of(self.is_scaled, kind.is_async),
        )

    def scale(self, *, endpoint_name: str, variant_name: str) -> None:
        """Scale a variant of an endpoint that exists already."""
        target = CfnScalableTarget(
            self,
            "Target",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=f"endpoint/{endpoint_name}/variant/{variant_name}",
            min_capacity=Token.as_number(
                value_if(self._kind.is_async, 0, self._parameters.capacity.min_instance_count.value_as_string)
            ),
            max_capacity=Token.as_number(self._parameters.capacity.max_instance_count.value_as_string),
        )
        policy = CfnScalingPolicy(
            self,
            "Policy",
            policy_name="Concurrency",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=(
                CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                    predefined_metric_specification=CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                        predefined_metric_type=self._partition.scaling_metric()
                    ),
                    target_value=Token.as_number(
                        self._partition.scaling_target(
                            self._parameters.capacity.target_concurrency_per_instance.value_as_string
                        )
                    ),
                    scale_in_cooldown=_SCALE_IN_COOLDOWN,
                    scale_out_cooldown=_SCALE_OUT_COOLDOWN,
                )
            ),
        )
        for resource in (target, policy):
            digits_are_numbers(resource)
        target.cfn_options.condition = self._has_target
        policy.cfn_options.condition = self.is_scaled
        self._scale_by_backlog(target, endpoint_name)

    def _scale_by_backlog(self, target: CfnScalableTarget, endpoint_name: str) -> None:
        """Follow the queue of an asynchronous endpoint, down to no instance, and back when a request waits.

        The backlog an instance is undefined without instances, so starting the first one is a policy of its own:
        https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
        """
        dimension = {"name": "EndpointName", "value": endpoint_name}
        backlog = CfnScalingPolicy(
            self,
            "BacklogPolicy",
            policy_name="Backlog",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=(
                CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                    customized_metric_specification=CfnScalingPolicy.CustomizedMetricSpecificationProperty(
                        namespace="AWS/SageMaker",
                        metric_name="ApproximateBacklogSizePerInstance",
                        dimensions=[CfnScalingPolicy.MetricDimensionProperty(**dimension)],
                        statistic="Average",
                    ),
                    target_value=Token.as_number(
                        self._parameters.capacity.target_concurrency_per_instance.value_as_string
                    ),
                    scale_in_cooldown=_SCALE_IN_COOLDOWN,
                    scale_out_cooldown=_SCALE_OUT_COOLDOWN,
                )
            ),
        )
        digits_are_numbers(backlog)
        wake = CfnScalingPolicy(
            self,
            "WakePolicy",
            policy_name="Wake",
            policy_type="StepScaling",
            scaling_target_id=target.ref,
            step_scaling_policy_configuration=CfnScalingPolicy.StepScalingPolicyConfigurationProperty(
                adjustment_type="ChangeInCapacity",
                metric_aggregation_type="Average",
                cooldown=_SCALE_OUT_COOLDOWN,
                step_adjustments=[
                    CfnScalingPolicy.StepAdjustmentProperty(metric_interval_lower_bound=0, scaling_adjustment=1)
                ],
            ),
        )
        alarm = CfnAlarm(
            self,
            "Waiting",
            alarm_description="Requests wait and no instance runs: the first one is started",
            namespace="AWS/SageMaker",
            metric_name="HasBacklogWithoutCapacity",
            dimensions=[CfnAlarm.DimensionProperty(**dimension)],
            statistic="Average",
            period=60,
            evaluation_periods=1,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="missing",
            alarm_actions=[wake.ref],
        )
        for resource in (backlog, wake, alarm):
            resource.cfn_options.condition = self._kind.is_async
