"""How many instances the endpoint has."""

from __future__ import annotations

from aws_cdk import Acknowledgment, CfnCondition, Fn, Stack, Token, Validations
from aws_cdk.aws_applicationautoscaling import CfnScalableTarget, CfnScalingPolicy
from constructs import Construct

from stacks.parameters import Parameters
from stacks.partition import Partition

# Seconds. A new instance takes minutes until it serves: more are asked for when its effect can be seen. Cameras' load
# comes in waves, and an instance that is given back too early takes those minutes again.
_SCALE_OUT_COOLDOWN = 300
_SCALE_IN_COOLDOWN = 600


class EndpointScaling(Construct):
    """Between ``minInstanceCount`` and ``maxInstanceCount``, by requests in work or waiting an instance.

    Attributes:
        is_scaled: the condition that the number changes by itself: the two are not the same.
        has_several: the condition that there are always two instances or more.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: Parameters, partition: Partition) -> None:
        super().__init__(scope, construct_id)
        self._parameters = parameters
        self._partition = partition
        smallest = parameters.capacity.min_instance_count.value_as_string
        largest = parameters.capacity.max_instance_count.value_as_string
        self.is_scaled = CfnCondition(
            self, "IsScaled", expression=Fn.condition_not(Fn.condition_equals(smallest, largest))
        )
        Validations.of(Stack.of(self)).acknowledge(
            Acknowledgment(
                id="CloudFormation-Validate::W8003",
                reason="IsScaled is false for the defaults of both parameters alone",
            )
        )
        self.has_several = CfnCondition(
            self, "HasSeveral", expression=Fn.condition_not(Fn.condition_equals(smallest, "1"))
        )

    def scale(self, *, endpoint_name: str, variant_name: str) -> None:
        """Scales a variant of an endpoint that is there already."""
        target = CfnScalableTarget(
            self,
            "Target",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=f"endpoint/{endpoint_name}/variant/{variant_name}",
            min_capacity=Token.as_number(self._parameters.capacity.min_instance_count.value_as_string),
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
        Validations.of(policy).acknowledge(
            Acknowledgment(
                id="CloudFormation-Validate::W9003",
                reason="CloudFormation takes the parameter's digits as the number that the value is",
            )
        )
        for resource in (target, policy):
            resource.cfn_options.condition = self.is_scaled
