"""The role that SageMaker runs the endpoint with, and everything that it may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, CfnCondition, Fn, IResolvable
from aws_cdk.aws_cloudwatch import IAlarm
from aws_cdk.aws_iam import CfnRole, Policy, PolicyDocument, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_logs import LogGroup
from constructs import Construct

from stacks.assets.container_images import ContainerImages
from stacks.checks.acknowledgements import acknowledge
from stacks.conditions import value_if
from stacks.endpoint.options import EndpointOptions
from stacks.endpoint.result_topic import ResultTopic
from stacks.events.event_store import EventStore


def execution_role(
    scope: Construct,
    *,
    options: EndpointOptions,
    images: ContainerImages,
    events: EventStore,
    results: ResultTopic,
    log_group: LogGroup,
) -> Role:
    """Make the role with all that it needs before SageMaker pulls the image and reads the model data.

    Args:
        scope: the endpoint's construct.
        options: the parts of the endpoint that the role must reach.
        images: the images that it may pull.
        events: the bucket of captures and of asynchronous requests.
        results: the topic of asynchronous requests that are done.
        log_group: the endpoint's log.
    """
    role = Role(
        scope,
        "ExecutionRole",
        # SageMaker may assume the role for models of this account alone.
        assumed_by=ServicePrincipal(
            "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
    )
    # Policies inside the role exist as soon as the role does; policies beside it come later.
    cast(CfnRole, role.node.default_child).policies = [
        CfnRole.PolicyProperty(policy_name="Telemetry", policy_document=_telemetry(log_group)),
        _policy_if(options.has_model_data, "ReadModelData", _read_of_model_data(options.model_data_url)),
        _policy_if(
            options.shadow.has_model_data, "ReadShadowModelData", _read_of_model_data(options.shadow.model_data_url)
        ),
        _policy_if(options.has_frame_bucket, "ReadFrames", _read_of_frames(options.frame_bucket)),
        CfnRole.PolicyProperty(policy_name="PullImage", policy_document=PolicyDocument(statements=images.pull())),
        _policy_if(options.kind.is_async, "AsyncRequests", *events.use_by_endpoint(), results.publish()),
        _policy_if(options.captures_data, "WriteCaptures", events.write_of_captures()),
        _policy_if(events.encryption.has_key, "UseKey", events.encryption.use_of_key()),
        _policy_if(options.volume_takes_key, "EncryptVolumes", *events.encryption.use_for_volumes()),
        _policy_if(options.network.is_attached, "AttachToVpc", *options.network.use_of_interfaces()),
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
    return role


def grant_watch(role: Role, scope: Construct, alarms: Sequence[IAlarm]) -> Policy:
    """Let SageMaker look at the alarms that guard an update.

    The policy stands beside the role: the alarms name the configuration, which names the model, which waits for the
    role's own policies.
    """
    statement = PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=[alarm.alarm_arn for alarm in alarms])
    return Policy(scope, "WatchUpdate", roles=[role], statements=[statement])


def _policy_if(condition: CfnCondition, name: str, *statements: PolicyStatement) -> IResolvable:
    """A policy inside a role that exists when the condition holds, as CloudFormation spells it."""
    return value_if(condition, {"PolicyName": name, "PolicyDocument": PolicyDocument(statements=list(statements))})


def _telemetry(log_group: LogGroup) -> PolicyDocument:
    """Permission to write the endpoint's log and metrics."""
    return PolicyDocument(
        statements=[
            # Those of https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html for CreateModel. The group
            # exists. AWS does not document that SageMaker writes to it without asking to create it.
            PolicyStatement(
                actions=[
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                ],
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


def _read_of_model_data(url: str) -> PolicyStatement:
    """Permission to read the one object that the URL names."""
    # Two splits are in range for the empty URL, too: CloudFormation may evaluate branches that a condition leaves out.
    bucket_and_key = Fn.select(1, Fn.split("s3://", f"{url}s3://"))
    return PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:{Aws.PARTITION}:s3:::{bucket_and_key}"])


def _read_of_frames(bucket: str) -> PolicyStatement:
    """Permission to read the objects of the bucket that requests may name frames in."""
    return PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:{Aws.PARTITION}:s3:::{bucket}/*"])
