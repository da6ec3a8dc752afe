"""Where frames and results are kept."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_iam import IGrantable, PolicyStatement
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, LifecycleRule, ObjectOwnership
from constructs import Construct


class EventStore(Construct):
    """A private, encrypted bucket that outlives the stack.

    Attributes:
        bucket: the bucket; events lie under ``events/``.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = Bucket(
            self,
            "Bucket",
            encryption=BucketEncryption.S3_MANAGED,
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))],
        )

    def grant_write(self, grantee: IGrantable) -> None:
        """Lets a role add events; nothing else."""
        grantee.grant_principal.add_to_principal_policy(
            PolicyStatement(actions=["s3:PutObject"], resources=[self.bucket.arn_for_objects("events/*")])
        )
