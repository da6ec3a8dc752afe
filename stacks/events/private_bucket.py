"""Private buckets, and the log of who read which object."""

from __future__ import annotations

from typing import Any, cast

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, LifecycleRule, ObjectOwnership
from constructs import Construct

from stacks.checks.acknowledgements import acknowledge

_ACCESS_LOGS = "events-bucket/"
_ACCESS_LOG_RETENTION = Duration.days(90)


def private_bucket(scope: Construct, construct_id: str, **options: Any) -> Bucket:
    """An encrypted bucket without public access, reached by TLS alone."""
    return Bucket(
        scope,
        construct_id,
        encryption=BucketEncryption.S3_MANAGED,
        block_public_access=BlockPublicAccess.BLOCK_ALL,
        object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        **options,
    )


def access_log_bucket(scope: Construct, removal_policy: RemovalPolicy) -> Bucket:
    """The bucket of the access logs. S3 encrypts such logs with its own keys alone."""
    bucket = private_bucket(
        scope,
        "AccessLogs",
        removal_policy=removal_policy,
        lifecycle_rules=[LifecycleRule(expiration=_ACCESS_LOG_RETENTION)],
    )
    acknowledge(
        bucket,
        {
            "CKV_AWS_18": "These are the access logs themselves; logging access to them would never end",
            "CKV_AWS_21": "S3 alone writes here, and each of its files once",
        },
    )
    return bucket


def log_access(bucket: Bucket, *, to: Bucket) -> None:
    """Log reads of a bucket to another one, which takes the logs of no other bucket."""
    cast(CfnBucket, bucket.node.default_child).logging_configuration = CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=to.bucket_name, log_file_prefix=_ACCESS_LOGS
    )
    to.add_to_resource_policy(
        PolicyStatement(
            principals=[ServicePrincipal("logging.s3.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[to.arn_for_objects(f"{_ACCESS_LOGS}*")],
            conditions={
                "ArnLike": {"aws:SourceArn": bucket.bucket_arn},
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            },
        )
    )
