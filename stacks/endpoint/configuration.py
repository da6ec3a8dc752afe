"""The endpoint configuration: instances and weights of the variants, queue, captures and volume key."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnCondition, IResolvable, Token
from aws_cdk.aws_sagemaker import CfnEndpointConfig
from constructs import Construct

from stacks.assets.container_images import ContainerImages
from stacks.checks.acknowledgements import acknowledge, digits_are_numbers, empty_is_left_out
from stacks.conditions import all_of, differs, equals, negation, value_if
from stacks.endpoint.kind import EndpointKind
from stacks.endpoint.model import Models
from stacks.endpoint.options import EndpointOptions
from stacks.endpoint.result_topic import ResultTopic
from stacks.endpoint.scaling import EndpointScaling
from stacks.events.event_store import EventStore
from stacks.events.prefixes import ASYNC_FAILURE, ASYNC_OUTPUT, CAPTURE
from stacks.parameters.capacity import AUTO, NONE
from stacks.parameters.instance_types import has_gpu
from stacks.parameters.stack_parameters import Parameters

VARIANT = "AllTraffic"
"""Name of the live variant, the same for ever: scaling and blue/green updates do not follow a renamed variant."""
# Driver 580, which CUDA 13 (onnxruntime-gpu's) needs; SageMaker's own choice for ml.g4dn has driver 470.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html, InferenceAmiVersion
_GPU_HOST = "al2023-ami-sagemaker-inference-gpu-4-1"


def endpoint_configuration(
    scope: Construct,
    *,
    models: Models,
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
        models: the models that the variants serve.
        parameters: the operator's choices.
        options: kind of the endpoint, its shadow, and what it captures.
        images: the images, of which the GPU's needs a host of its own.
        events: the bucket of answers and captures, and its key.
        scaling: the condition that the number of instances changes by itself.
        results: the topic of asynchronous requests that are done.
    """
    kind = options.kind
    host = _host(scope, parameters, kind, images)
    instance_type = parameters.capacity.deploy_instance_type.value_as_string
    config = CfnEndpointConfig(
        scope,
        "Config",
        production_variants=[
            CfnEndpointConfig.ProductionVariantProperty(
                variant_name=VARIANT,
                model_name=models.live.attr_model_name,
                instance_type=kind.of_instances(instance_type).to_string(),
                initial_instance_count=Token.as_number(
                    kind.of_instances(parameters.capacity.min_instance_count.value_as_string)
                ),
                serverless_config=kind.serverless_config,
                initial_variant_weight=Token.as_number(options.shadow.live_weight(scaling.is_scaled)),
                inference_ami_version=host,
            )
        ],
        shadow_production_variants=options.shadow.variants(
            model=models.shadow, instance_type=instance_type, inference_ami_version=host, is_scaled=scaling.is_scaled
        ),
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
        kms_key_id=value_if(options.volume_takes_key, parameters.endpoint.kms_key_arn.value_as_string).to_string(),
    )
    digits_are_numbers(config)
    empty_is_left_out(config)
    acknowledge(
        config, {"CloudFormation-Validate::W3030": "AUTO never reaches the configuration: HasNamedHost leaves it out"}
    )
    return config


def _host(scope: Construct, parameters: Parameters, kind: EndpointKind, images: ContainerImages) -> str:
    """The image of the host: the operator's choice, or that of our GPU image; no value leaves it to SageMaker."""
    chosen = parameters.capacity.inference_ami_version.value_as_string
    is_automatic = equals(chosen, AUTO)
    has_gpu_host = CfnCondition(scope, "HasGpuHost", expression=all_of(is_automatic, images.runs_gpu_image))
    has_named_host = CfnCondition(
        scope,
        "HasNamedHost",
        expression=all_of(
            negation(is_automatic),
            differs(chosen, NONE),
            kind.has_instances,
            has_gpu(parameters.capacity.deploy_instance_type.value_as_string),
        ),
    )
    return value_if(has_gpu_host, _GPU_HOST, value_if(has_named_host, chosen)).to_string()


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
