"""The SageMaker endpoint: model, configuration, endpoint, execution role.

Model and EndpointConfig have no physical name, so that a change of model or image replaces them and updates the
Endpoint in place. The Endpoint's name is made of the stack's id: the alarms that guard its update name it before it is
there.
"""

from __future__ import annotations

from typing import cast

from aws_cdk import Acknowledgment, Aws, CfnCondition, Fn, IResolvable, RemovalPolicy, Token, Validations
from aws_cdk.aws_iam import CfnRole, IGrantable, Policy, PolicyDocument, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_logs import LogGroup
from aws_cdk.aws_sagemaker import CfnEndpoint, CfnEndpointConfig, CfnModel
from constructs import Construct

from stacks.alarm_topic import AlarmTopic
from stacks.container_images import ContainerImages
from stacks.endpoint_alarms import EndpointAlarms
from stacks.endpoint_scaling import EndpointScaling
from stacks.endpoint_update import guarded_by
from stacks.log_retention import keep_for
from stacks.parameters import Parameters
from stacks.partition import Partition

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
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        images: ContainerImages,
        alarm_topic: AlarmTopic,
        model_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        has_model_data = CfnCondition(
            self,
            "HasModelData",
            expression=Fn.condition_not(Fn.condition_equals(parameters.model_data_url.value_as_string, "")),
        )
        frame_bucket = parameters.frame_bucket_name.value_as_string
        has_frame_bucket = CfnCondition(
            self, "HasFrameBucket", expression=Fn.condition_not(Fn.condition_equals(frame_bucket, ""))
        )
        name = f"ipc-ai-saas-{Fn.select(2, Fn.split('/', Aws.STACK_ID))}"
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
            CfnRole.PolicyProperty(policy_name="Telemetry", policy_document=_telemetry_policy(log_group)),
            _policy_if(has_model_data, "ReadModelData", _read_of_model_data(parameters.model_data_url.value_as_string)),
            _policy_if(has_frame_bucket, "ReadFrames", _read_of_frames(frame_bucket)),
            _policy_if(images.is_named, "PullNamedImage", images.pull_of_named()),
        ]
        images.grant_pull(role)
        model = CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            primary_container=CfnModel.ContainerDefinitionProperty(
                image=images.image_uri,
                mode="SingleModel",
                model_data_url=Fn.condition_if(
                    has_model_data.logical_id, parameters.model_data_url.value_as_string, Aws.NO_VALUE
                ).to_string(),
                environment={
                    "APPLICATION_TYPE": parameters.application_type.value_as_string,
                    "MODEL_NAME": model_name,
                    # For the client of S3: without a region it asks the standard partition, from China too.
                    "AWS_DEFAULT_REGION": Aws.REGION,
                    # What images made for earlier versions of the stack read.
                    "OBJECT_DETECTION_MODEL_NAME": parameters.detector_model_name.value_as_string,
                    "FACE_DETECTION_AND_COMPARISON_MODEL_NAME": (
                        parameters.face_detect_and_compare_model_name.value_as_string
                    ),
                },
            ),
        )
        Validations.of(model).acknowledge(
            Acknowledgment(
                id="CloudFormation-Validate::F3031",
                reason="An empty modelDataUrl never reaches the model: HasModelData leaves the property out",
            )
        )
        # The role's other policies must be there, too.
        model.node.add_dependency(role.node.find_child("DefaultPolicy"))
        scaling = EndpointScaling(self, "Scaling", parameters=parameters, partition=partition)
        config = CfnEndpointConfig(
            self,
            "Config",
            production_variants=[
                CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=_VARIANT,
                    model_name=model.attr_model_name,
                    instance_type=parameters.capacity.deploy_instance_type.value_as_string,
                    initial_instance_count=Token.as_number(parameters.capacity.min_instance_count.value_as_string),
                    # The one variant gets all traffic, whatever its weight. What switches scaling on or off changes
                    # the endpoint, and SageMaker updates an endpoint to a new configuration only: this makes one.
                    initial_variant_weight=Token.as_number(Fn.condition_if(scaling.is_scaled.logical_id, 2, 1)),
                    inference_ami_version=Fn.condition_if(
                        images.runs_gpu_image.logical_id, _GPU_HOST, Aws.NO_VALUE
                    ).to_string(),
                )
            ],
        )
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
            deployment_config=guarded_by(alarms.of_newest_fleet, has_several=scaling.has_several),
            # With scaling, the number of instances that run now counts; without, minInstanceCount.
            retain_all_variant_properties=Fn.condition_if(scaling.is_scaled.logical_id, True, False),
        )
        self._endpoint.node.add_dependency(log_group)
        # SageMaker looks at the alarms as this role. In a policy of its own: the alarms name the configuration, which
        # comes after the model, which waits for the role's other policies.
        self._endpoint.node.add_dependency(
            Policy(
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
        )
        self.endpoint_name = self._endpoint.attr_endpoint_name
        self.variant_name = _VARIANT
        scaling.scale(endpoint_name=self.endpoint_name, variant_name=_VARIANT)

    def grant_invoke(self, grantee: IGrantable) -> None:
        """Lets a role invoke this endpoint. Its Ref is its ARN."""
        grantee.grant_principal.add_to_principal_policy(
            PolicyStatement(actions=["sagemaker:InvokeEndpoint"], resources=[self._endpoint.ref])
        )


def chosen_model(parameters: Parameters, compares_faces_condition: str) -> str:
    """The model name that counts for the chosen application."""
    return Fn.condition_if(
        compares_faces_condition,
        parameters.face_detect_and_compare_model_name.value_as_string,
        parameters.detector_model_name.value_as_string,
    ).to_string()


def _telemetry_policy(log_group: LogGroup) -> PolicyDocument:
    return PolicyDocument(
        statements=[
            # The group is there. Whether SageMaker writes to it without asking to create it is not documented.
            PolicyStatement(
                actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[log_group.log_group_arn],
            ),
            # CloudWatch has no resources for metrics; the namespace is the finest limit there is.
            PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringLike": {"cloudwatch:namespace": ["AWS/SageMaker", "/aws/sagemaker/*"]}},
            ),
        ]
    )


def _policy_if(condition: CfnCondition, name: str, statement: PolicyStatement) -> IResolvable:
    """A policy inside a role that is there when the condition holds, as CloudFormation spells it."""
    policy = {"PolicyName": name, "PolicyDocument": PolicyDocument(statements=[statement])}
    return Fn.condition_if(condition.logical_id, policy, Aws.NO_VALUE)


def _read_of_model_data(url: str) -> PolicyStatement:
    """What lets a role read the one object that the URL names."""
    # In range for the empty URL, too: CloudFormation may look into what a condition leaves out.
    bucket_and_key = Fn.select(1, Fn.split("s3://", f"{url}s3://"))
    return PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:{Aws.PARTITION}:s3:::{bucket_and_key}"])


def _read_of_frames(bucket: str) -> PolicyStatement:
    """What lets a role read the objects of the bucket that requests may name frames in."""
    return PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:{Aws.PARTITION}:s3:::{bucket}/*"])
