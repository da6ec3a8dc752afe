"""The endpoint configuration: instances, scaling's weight, queue, captures and volume key of the one variant."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnCondition, IResolvable, Token
from aws_cdk.aws_sagemaker import CfnEndpointConfig, CfnModel
from constructs import Construct

from stacks.assets.container_images import ContainerImages
from stacks.checks.acknowledgements import digits_are_numbers, empty_is_left_out
from stacks.conditions import all_of, negation, value_if
from stacks.endpoint.kind import EndpointKind
from stacks.endpoint.options import EndpointOptions
from stacks.endpoint.result_topic import ResultTopic
from stacks.endpoint.scaling import EndpointScaling
from stacks.events.event_store import EventStore
from stacks.events.prefixes import ASYNC_FAILURE, ASYNC_OUTPUT, CAPTURE
from stacks.parameters.instance_types import has_local_storage
from stacks.parameters.stack_parameters import Parameters

VARIANT = "AllTraffic"
"""Name of the one variant, the same for ever: scaling and blue/green updates do not follow a renamed variant."""
# The host of our GPU image: driver 580, which CUDA 13 (onnxruntime-gpu's) needs. The default of ml.g4dn has driver 470,
# and an image of the operator's own gets that.
_GPU_HOST = "al2023-ami-sagemaker-inference-gpu-4-1"


def endpoint_configuration(
    scope: Construct,
    *,
    model: CfnModel,
    parameters: Parameters,
    options: EndpointOptions,
    images: ContainerImages,
    events: EventStore,
    scaling: EndpointScaling,
    results: ResultTopic,
) -> CfnEndpointConfig:
    """Make the configuration. It has no physical name, so that a change replaces it and updates the endpoint in place.

    Args:
        scope: the endpoint's construct.
        model: the model that the variant serves.
        parameters: the operator's choices.
        options: kind of the endpoint, and what it captures.
        images: the images, of which the GPU's needs a host of its own.
        events: the bucket of answers and captures, and its key.
        scaling: the condition that the number of instances changes by itself.
        results: the topic of asynchronous requests that are done.
    """
    kind = options.kind
    config = CfnEndpointConfig(
        scope,
        "Config",
        production_variants=[
            CfnEndpointConfig.ProductionVariantProperty(
                variant_name=VARIANT,
                model_name=model.attr_model_name,
                instance_type=kind.of_instances(parameters.capacity.deploy_instance_type.value_as_string).to_string(),
                initial_instance_count=Token.as_number(
                    kind.of_instances(parameters.capacity.min_instance_count.value_as_string)
                ),
                serverless_config=kind.serverless_config,
                # SageMaker updates an endpoint to a new configuration only, and switching scaling on or off has to
                # update it. The weight makes that new configuration; the one variant gets all traffic anyway.
                initial_variant_weight=Token.as_number(value_if(scaling.is_scaled, 2, 1)),
                inference_ami_version=value_if(images.runs_gpu_image, _GPU_HOST).to_string(),
            )
        ],
        async_inference_config=kind.async_config(
            output=events.uri(ASYNC_OUTPUT),
            failure=events.uri(ASYNC_FAILURE),
            kms_key=events.encryption.key,
            topic=results.topic.topic_arn,
        ),
        data_capture_config=value_if(
            options.captures_data,
            _capture(options.capture_percentage, events.uri(CAPTURE), kms_key=events.encryption.key),
        ),
        kms_key_id=value_if(
            _volume_takes_key(scope, parameters, kind, has_key=events.encryption.has_key),
            parameters.endpoint.kms_key_arn.value_as_string,
        ).to_string(),
    )
    digits_are_numbers(config)
    empty_is_left_out(config)
    return config


def _volume_takes_key(
    scope: Construct, parameters: Parameters, kind: EndpointKind, *, has_key: CfnCondition
) -> CfnCondition:
    """The condition that the instances have a volume that a key of the operator's encrypts."""
    chosen = parameters.capacity.deploy_instance_type.value_as_string
    has_volume = negation(has_local_storage(chosen))
    return CfnCondition(scope, "VolumeTakesKey", expression=all_of(has_key, kind.has_instances, has_volume))


def _capture(percentage: str, destination: str, *, kms_key: IResolvable) -> dict[str, Any]:
    """A configuration that captures bodies and answers, JSON as text and everything else in base64."""
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": destination,
        "KmsKeyId": kms_key,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
