"""The SageMaker models, live and shadow: image, model data, environment and network of the serving container."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Aws, CfnCondition, IResolvable
from aws_cdk.aws_iam import Role
from aws_cdk.aws_sagemaker import CfnModel
from constructs import Construct

from ipc_ai_catalogue import CUSTOM
from stacks.assets.container_images import ContainerImages
from stacks.checks.acknowledgements import acknowledge, empty_is_left_out
from stacks.conditions import all_of, differs, negation, value_if
from stacks.endpoint.options import EndpointOptions
from stacks.parameters.stack_parameters import Parameters

_NAMES = (
    "MODEL_NAME",
    # Names that images made for earlier versions of the stack read.
    "OBJECT_DETECTION_MODEL_NAME",
    "FACE_DETECTION_AND_COMPARISON_MODEL_NAME",
)


@dataclass(frozen=True)
class Models:
    """The model that answers cameras, and the candidate, which exists with a shadow alone."""

    live: CfnModel
    shadow: CfnModel


def sagemaker_models(
    scope: Construct,
    *,
    role: Role,
    parameters: Parameters,
    options: EndpointOptions,
    images: ContainerImages,
    model_name: str,
) -> Models:
    """Make the models. They have no physical names, so that a change replaces them.

    The candidate differs in its name and, where it has some of its own, in its model data.

    Args:
        scope: the endpoint's construct.
        role: the execution role, policies included.
        parameters: the operator's choices.
        options: model data, network, kind and shadow of the endpoint.
        images: the images to choose from.
        model_name: name of the model that the live container loads.
    """
    shadow = options.shadow
    isolation = _isolation(scope, parameters, options, images)
    live_data = value_if(options.has_model_data, options.model_data_url)
    live_names = (
        model_name,
        parameters.models.detector_model_name.value_as_string,
        parameters.models.face_detect_and_compare_model_name.value_as_string,
    )

    of_kind = {
        # A serverless container gets one request at a time.
        "MODEL_SERVER_WORKERS": value_if(options.kind.is_serverless, "1").to_string(),
        # SageMaker's limits: 60 seconds, the container's default, and 15 minutes of an asynchronous request.
        "MODEL_SERVER_TIMEOUT": value_if(options.kind.is_async, "900").to_string(),
    }
    made = functools.partial(
        _model, scope, role=role, parameters=parameters, options=options, images=images, isolation=isolation
    )
    models = Models(
        live=made("Model", environment=dict(zip(_NAMES, live_names, strict=True)) | of_kind, data=live_data),
        shadow=made(
            "ShadowModel",
            environment=dict.fromkeys(_NAMES, shadow.model_name),
            data=value_if(shadow.has_model_data, shadow.model_data_url, live_data),
        ),
    )
    models.shadow.cfn_options.condition = shadow.runs
    return models


def _model(
    scope: Construct,
    construct_id: str,
    *,
    role: Role,
    parameters: Parameters,
    options: EndpointOptions,
    images: ContainerImages,
    isolation: IResolvable,
    environment: Mapping[str, str],
    data: IResolvable,
) -> CfnModel:
    """Make a model of the image that runs, with an environment of its own, and with model data or none."""
    model = CfnModel(
        scope,
        construct_id,
        execution_role_arn=role.role_arn,
        enable_network_isolation=isolation,
        vpc_config=options.network.vpc_config,
        primary_container=CfnModel.ContainerDefinitionProperty(
            image=images.image_uri,
            mode="SingleModel",
            model_data_url=data.to_string(),
            environment={
                "APPLICATION_TYPE": parameters.models.application_type.value_as_string,
                # Without a region the client of S3 asks the standard partition, from China too.
                "AWS_DEFAULT_REGION": Aws.REGION,
                **environment,
            },
        ),
    )
    acknowledge(
        model,
        {
            "CloudFormation-Validate::F3031": (
                "An empty modelDataUrl never reaches the model: HasModelData leaves the property out"
            ),
            "CKV_AWS_370": "Isolated wherever the container fetches nothing by itself: see Isolated",
        },
    )
    empty_is_left_out(model)
    return model


def _isolation(
    scope: Construct, parameters: Parameters, options: EndpointOptions, images: ContainerImages
) -> IResolvable:
    """Cut the container off the network where it needs none; SageMaker itself brings model data and takes logs.

    An operator's own program may install packages or call other services, frames in S3 are fetched by the container,
    and a serverless endpoint has no isolation.
    """
    needs_network: list[CfnCondition] = [options.has_frame_bucket, images.is_named, options.kind.is_serverless]
    is_isolated = CfnCondition(
        scope,
        "Isolated",
        expression=all_of(
            differs(parameters.models.application_type.value_as_string, CUSTOM),
            *(negation(condition) for condition in needs_network),
        ),
    )
    return value_if(is_isolated, True)
