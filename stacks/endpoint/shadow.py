"""The shadow variant: one instance with a candidate, which gets a copy of live requests and answers no camera.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-shadow-deployment.html
"""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnCondition, Fn, IResolvable
from aws_cdk.aws_sagemaker import CfnModel
from constructs import Construct

from stacks.conditions import is_given, value_if
from stacks.parameters.shadow import ShadowParameters

SHADOW_VARIANT = "Shadow"
"""Name of the shadow variant."""


class EndpointShadow(Construct):
    """The candidate, where one is given.

    Attributes:
        runs: the condition that there is one.
        model_name: its name.
        model_data_url: S3 URI of its own model data, or empty.
        has_model_data: the condition that it has model data of its own.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: ShadowParameters) -> None:
        super().__init__(scope, construct_id)
        self._percentage = parameters.percentage.value_as_string
        self.model_name = parameters.model_name.value_as_string
        self.runs = CfnCondition(self, "Runs", expression=is_given(self.model_name))
        self.model_data_url = parameters.model_data_url.value_as_string
        self.has_model_data = CfnCondition(self, "HasModelData", expression=is_given(self.model_data_url))

    def live_weight(self, is_scaled: CfnCondition) -> IResolvable:
        """Weight of the live variant, of which the shadow's is the percentage.

        SageMaker updates an endpoint to a new configuration only, and switching scaling on or off has to update it. The
        weight makes that new configuration; the live variant answers all requests anyway.
        """
        return value_if(self.runs, value_if(is_scaled, 1000, 100), value_if(is_scaled, 2, 1))

    def variants(
        self, *, model: CfnModel, instance_type: str, inference_ami_version: str, is_scaled: CfnCondition
    ) -> IResolvable:
        """The configuration's shadow variants: one, or no value.

        One instance, whatever the live variant has: ``shadowPercentage`` is chosen for what it manages.

        Args:
            model: the candidate.
            instance_type: that of the live variant, so that latencies compare.
            inference_ami_version: image of the host, or no value.
            is_scaled: the condition that the number of live instances changes by itself.
        """
        variant: dict[str, Any] = {
            "VariantName": SHADOW_VARIANT,
            "ModelName": model.attr_model_name,
            "InstanceType": instance_type,
            "InitialInstanceCount": 1,
            # A template cannot multiply, but it can append a zero.
            "InitialVariantWeight": value_if(is_scaled, Fn.join("", [self._percentage, "0"]), self._percentage),
            "InferenceAmiVersion": inference_ami_version,
        }
        return value_if(self.runs, [variant])
