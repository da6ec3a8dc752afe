"""The SageMaker endpoint: model, configuration, endpoint, execution role.

Model and EndpointConfig have no physical name, so that a change of model or image replaces them and updates the
Endpoint in place. The Endpoint's name is made of the stack's id: the alarms that guard its update name it before it is
there.
"""

from __future__ import annotations

from typing import Any, cast

from aws_cdk import (
    Aws,
    CfnCondition,
    Fn,
    IResolvable,
    RemovalPolicy,
    Token,
)
from aws_cdk.aws_iam import CfnRole, IRole, Policy, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_sagemaker import CfnEndpoint, CfnEndpointConfig, CfnModel
from constructs import Construct

from stacks.access.conditional_policy import attach
from stacks.assets.container_images import ContainerImages
from stacks.checks.acknowledgements import acknowledge, digits_are_numbers, empty_is_left_out
from stacks.conditions import all_of, differs, is_given, negation, value_if
from stacks.endpoint.alarms import EndpointAlarms
from stacks.endpoint.async_alarms import AsyncAlarms
from stacks.endpoint.execution_policies import policy_if, read_of_frames, read_of_model_data, telemetry_policy
from stacks.endpoint.kind import EndpointKind
from stacks.endpoint.network import EndpointNetwork
from stacks.endpoint.scaling import EndpointScaling
from stacks.endpoint.update import guarded_by
from stacks.events.event_store import ASYNC_FAILURE, ASYNC_OUTPUT, CAPTURE, EventStore
from stacks.parameters.endpoint import TYPES_WITH_LOCAL_STORAGE
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.telemetry.alarm_topic import AlarmTopic
from stacks.telemetry.log_retention import keep_for

# Of all endpoints that this stack ever made: neither scaling nor a blue/green update takes another one.
_VARIANT = "AllTraffic"
# The host of our GPU image: driver 580, which CUDA 13 (onnxruntime-gpu's) needs. The default of ml.g4dn has driver 470,
# and an image of the operator's own gets that.
_GPU_HOST = "al2023-ami-sagemaker-inference-gpu-4-1"


class ModelEndpoint(Construct):
    """An endpoint that serves the chosen application and model.

    Attributes:
        endpoint_name: its name.
        variant_name: the name of its one variant.
        kind: which kind of endpoint it is.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        images: ContainerImages,
        events: EventStore,
        alarm_topic: AlarmTopic,
        model_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        has_model_data = CfnCondition(
            self,
            "HasModelData",
            expression=is_given(parameters.model_data_url.value_as_string),
        )
        self.kind = EndpointKind(self, "Kind", parameters=parameters.endpoint)
        network = EndpointNetwork(self, "Network", parameters=parameters.endpoint)
        captured = parameters.endpoint.data_capture_percentage.value_as_string
        captures = CfnCondition(self, "CapturesData", expression=differs(captured, "0"))
        frame_bucket = parameters.frame_bucket_name.value_as_string
        has_frame_bucket = CfnCondition(self, "HasFrameBucket", expression=is_given(frame_bucket))
        name = f"ipc-ai-saas-{Fn.select(2, Fn.split('/', Aws.STACK_ID))}{self.kind.name_suffix}"
        # SageMaker takes the group that is there. One that it makes keeps its lines for ever, and outlives the stack.
        log_group = LogGroup(
            self, "Logs", log_group_name=f"/aws/sagemaker/Endpoints/{name}", removal_policy=RemovalPolicy.DESTROY
        )
        keep_for(log_group, parameters.logs.retention_days)
        role = Role(
            self,
            "ExecutionRole",
            # SageMaker takes the role for this account's models, and for nobody else's.
            assumed_by=ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
        )
        # Inside the role, so that all are there before SageMaker pulls the image and reads the model data.
        cast(CfnRole, role.node.default_child).policies = [
            CfnRole.PolicyProperty(policy_name="Telemetry", policy_document=telemetry_policy(log_group)),
            policy_if(has_model_data, "ReadModelData", read_of_model_data(parameters.model_data_url.value_as_string)),
            policy_if(has_frame_bucket, "ReadFrames", read_of_frames(frame_bucket)),
            policy_if(images.is_named, "PullNamedImage", images.pull_of_named()),
            policy_if(self.kind.is_async, "AsyncRequests", *events.use_by_endpoint()),
            policy_if(captures, "WriteCaptures", events.write_of_captures()),
            policy_if(events.encryption.has_key, "UseKey", events.encryption.use_of_key()),
            policy_if(network.is_attached, "AttachToVpc", *network.use_of_interfaces()),
        ]
        acknowledge(
            role,
            {
                "AwsSolutions-IAM5": (
                    "cdk-nag cannot read policies that a condition leaves out; a test looks at every action and "
                    "resource of this role"
                ),
                "CKV_AWS_109": "In a VPC SageMaker manages network interfaces, and EC2 has no finer resource for that",
            },
        )
        images.grant_pull(role)
        acknowledge(
            role.node.find_child("DefaultPolicy"),
            {"AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken, the registry's login, takes no resource"},
        )
        model = CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            enable_network_isolation=self._isolation(parameters, has_frame_bucket, images),
            vpc_config=network.vpc_config,
            primary_container=CfnModel.ContainerDefinitionProperty(
                image=images.image_uri,
                mode="SingleModel",
                model_data_url=value_if(has_model_data, parameters.model_data_url.value_as_string).to_string(),
                environment={
                    "APPLICATION_TYPE": parameters.application_type.value_as_string,
                    "MODEL_NAME": model_name,
                    # For the client of S3: without a region it asks the standard partition, from China too.
                    "AWS_DEFAULT_REGION": Aws.REGION,
                    # A serverless container gets one request at a time.
                    "MODEL_SERVER_WORKERS": value_if(self.kind.is_serverless, "1"),
                    # What images made for earlier versions of the stack read.
                    "OBJECT_DETECTION_MODEL_NAME": parameters.detector_model_name.value_as_string,
                    "FACE_DETECTION_AND_COMPARISON_MODEL_NAME": (
                        parameters.face_detect_and_compare_model_name.value_as_string
                    ),
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
        # The role's other policies must be there, too.
        model.node.add_dependency(role.node.find_child("DefaultPolicy"))
        scaling = EndpointScaling(self, "Scaling", parameters=parameters, partition=partition, kind=self.kind)
        config = CfnEndpointConfig(
            self,
            "Config",
            production_variants=[
                CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=_VARIANT,
                    model_name=model.attr_model_name,
                    instance_type=self.kind.of_instances(
                        parameters.capacity.deploy_instance_type.value_as_string
                    ).to_string(),
                    initial_instance_count=Token.as_number(
                        self.kind.of_instances(parameters.capacity.min_instance_count.value_as_string)
                    ),
                    serverless_config=self.kind.serverless_config,
                    # The one variant gets all traffic, whatever its weight. What switches scaling on or off changes
                    # the endpoint, and SageMaker updates an endpoint to a new configuration only: this makes one.
                    initial_variant_weight=Token.as_number(value_if(scaling.is_scaled, 2, 1)),
                    inference_ami_version=value_if(images.runs_gpu_image, _GPU_HOST).to_string(),
                )
            ],
            async_inference_config=self.kind.async_config(
                output=events.uri(ASYNC_OUTPUT), failure=events.uri(ASYNC_FAILURE), kms_key=events.encryption.key
            ),
            data_capture_config=value_if(
                captures, _capture(captured, events.uri(CAPTURE), kms_key=events.encryption.key)
            ),
            kms_key_id=value_if(
                self._volume_takes_key(parameters, events), parameters.endpoint.kms_key_arn.value_as_string
            ).to_string(),
        )
        digits_are_numbers(config)
        empty_is_left_out(config)
        alarms = EndpointAlarms(
            self,
            "Alarms",
            endpoint_name=name,
            endpoint_config_name=config.attr_endpoint_config_name,
            variant_name=_VARIANT,
            topic=alarm_topic.topic,
        )
        self._endpoint = CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=name,
            endpoint_config_name=config.attr_endpoint_config_name,
            deployment_config=guarded_by(alarms.of_newest_fleet, kind=self.kind, has_several=scaling.has_several),
            # With scaling, the number of instances that run now counts; without, minInstanceCount.
            retain_all_variant_properties=value_if(scaling.is_scaled, True, False),
            # What is captured is such a property, too, and is the parameter's.
            exclude_retained_variant_properties=value_if(
                scaling.is_scaled, [{"VariantPropertyType": "DataCaptureConfig"}]
            ),
        )
        self._endpoint.node.add_dependency(log_group)
        # SageMaker looks at the alarms as this role. In a policy of its own: the alarms name the configuration, which
        # comes after the model, which waits for the role's other policies.
        watch = Policy(
            self,
            "WatchUpdate",
            roles=[role],
            statements=[
                PolicyStatement(
                    actions=["cloudwatch:DescribeAlarms"],
                    resources=[alarm.alarm_arn for alarm in alarms.of_newest_fleet],
                )
            ],
        )
        self._endpoint.node.add_dependency(watch)
        self.endpoint_name = self._endpoint.attr_endpoint_name
        self.variant_name = _VARIANT
        scaling.scale(endpoint_name=self.endpoint_name, variant_name=_VARIANT)
        AsyncAlarms(
            self,
            "AsyncAlarms",
            endpoint_name=self.endpoint_name,
            variant_name=_VARIANT,
            is_async=self.kind.is_async,
            topic=alarm_topic.topic,
        )

    def grant_invoke(self, role: IRole) -> None:
        """Lets a role invoke this endpoint, in its own way and no other."""
        ways = {
            "InvokeEndpoint": self.kind.answers_at_once,
            "InvokeEndpointAsync": self.kind.is_async,
        }
        for action, condition in ways.items():
            attach(self, action, role=role, statements=[self._call(action)], condition=condition)

    def grant_invoke_at_once(self, role: IRole, *, only_if: CfnCondition) -> None:
        """Lets a role that is there under a condition invoke this endpoint, unless that is asynchronous."""
        attach(
            self,
            "InvokeEndpoint",
            role=role,
            statements=[self._call("InvokeEndpoint")],
            condition=self.kind.answers_at_once,
            only_if=only_if,
        )

    def _call(self, action: str) -> PolicyStatement:
        """What lets a role call the endpoint. Its Ref is its ARN."""
        return PolicyStatement(actions=[f"sagemaker:{action}"], resources=[self._endpoint.ref])

    def _isolation(
        self, parameters: Parameters, has_frame_bucket: CfnCondition, images: ContainerImages
    ) -> IResolvable:
        """Whether the container is without a network. SageMaker itself brings the model data and takes the logs.

        A program of the operator's own may install packages or call other services, frames that lie in S3 are fetched
        by the container, and a serverless endpoint has no isolation.
        """
        needs_network = [has_frame_bucket, images.is_named, self.kind.is_serverless]
        is_isolated = CfnCondition(
            self,
            "Isolated",
            expression=all_of(
                differs(parameters.application_type.value_as_string, "custom"),
                *(negation(condition) for condition in needs_network),
            ),
        )
        return value_if(is_isolated, True)

    def _volume_takes_key(self, parameters: Parameters, events: EventStore) -> CfnCondition:
        """The condition that the instances have a volume that a key of the operator's encrypts."""
        chosen = parameters.capacity.deploy_instance_type.value_as_string
        has_volume = [differs(chosen, name) for name in TYPES_WITH_LOCAL_STORAGE]
        needed = [events.encryption.has_key, self.kind.has_instances]
        return CfnCondition(
            self,
            "VolumeTakesKey",
            expression=all_of(*needed, *has_volume),
        )


def chosen_model(parameters: Parameters, compares_faces: CfnCondition) -> str:
    """The model name that counts for the chosen application."""
    return value_if(
        compares_faces,
        parameters.face_detect_and_compare_model_name.value_as_string,
        parameters.detector_model_name.value_as_string,
    ).to_string()


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
