"""What SageMaker may do for the endpoint: the policies of its execution role."""

from __future__ import annotations

from aws_cdk import Aws, CfnCondition, Fn, IResolvable
from aws_cdk.aws_iam import PolicyDocument, PolicyStatement
from aws_cdk.aws_logs import LogGroup

from stacks.conditions import value_if


def telemetry_policy(log_group: LogGroup) -> PolicyDocument:
    """What lets a role write the endpoint's log and metrics."""
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


def policy_if(condition: CfnCondition, name: str, *statements: PolicyStatement) -> IResolvable:
    """A policy inside a role that is there when the condition holds, as CloudFormation spells it."""
    policy = {"PolicyName": name, "PolicyDocument": PolicyDocument(statements=list(statements))}
    return value_if(condition, policy)


def read_of_model_data(url: str) -> PolicyStatement:
    """What lets a role read the one object that the URL names."""
    # In range for the empty URL, too: CloudFormation may look into what a condition leaves out.
    bucket_and_key = Fn.select(1, Fn.split("s3://", f"{url}s3://"))
    return PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:{Aws.PARTITION}:s3:::{bucket_and_key}"])


def read_of_frames(bucket: str) -> PolicyStatement:
    """What lets a role read the objects of the bucket that requests may name frames in."""
    return PolicyStatement(actions=["s3:GetObject"], resources=[f"arn:{Aws.PARTITION}:s3:::{bucket}/*"])
