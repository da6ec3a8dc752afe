"""Parts of the endpoint that parameters switch on, each with the condition that it exists."""

from __future__ import annotations

from aws_cdk import CfnCondition
from constructs import Construct

from stacks.conditions import all_of, differs, is_given, negation
from stacks.endpoint.kind import EndpointKind
from stacks.endpoint.network import EndpointNetwork
from stacks.endpoint.shadow import EndpointShadow
from stacks.parameters.instance_types import has_local_storage
from stacks.parameters.stack_parameters import Parameters


class EndpointOptions:
    """The choices that role, model and configuration share.

    Attributes:
        kind: real-time, serverless or asynchronous.
        network: the operator's VPC, where one is given.
        shadow: the candidate that gets a copy of live requests, where one is given.
        model_data_url: S3 URI of the model data, or empty.
        has_model_data: the condition that model data is given.
        capture_percentage: per cent of the requests that SageMaker captures.
        captures_data: the condition that it captures any.
        frame_bucket: name of the bucket that requests may name frames in, or empty.
        has_frame_bucket: the condition that such a bucket is given.
        volume_takes_key: the condition that instances have a volume that a key of the operator's encrypts.
    """

    def __init__(self, scope: Construct, parameters: Parameters, *, has_key: CfnCondition) -> None:
        self.model_data_url = parameters.models.model_data_url.value_as_string
        self.has_model_data = CfnCondition(scope, "HasModelData", expression=is_given(self.model_data_url))
        self.kind = EndpointKind(scope, "Kind", parameters=parameters.endpoint)
        self.network = EndpointNetwork(scope, "Network", parameters=parameters.endpoint)
        self.shadow = EndpointShadow(scope, "Shadow", parameters=parameters.shadow)
        self.capture_percentage = parameters.endpoint.data_capture_percentage.value_as_string
        self.captures_data = CfnCondition(scope, "CapturesData", expression=differs(self.capture_percentage, "0"))
        self.frame_bucket = parameters.frame_bucket_name.value_as_string
        self.has_frame_bucket = CfnCondition(scope, "HasFrameBucket", expression=is_given(self.frame_bucket))
        has_volume = negation(has_local_storage(parameters.capacity.deploy_instance_type.value_as_string))
        self.volume_takes_key = CfnCondition(
            scope, "VolumeTakesKey", expression=all_of(has_key, self.kind.has_instances, has_volume)
        )
