"""The operator's own KMS key, where one is given, and who may use it."""

from __future__ import annotations

from aws_cdk import CfnCondition, IResolvable
from aws_cdk.aws_iam import IRole, PolicyStatement
from constructs import Construct

from stacks.access.conditional_policy import attach
from stacks.conditions import is_given, value_if
from stacks.parameters.endpoint import EndpointParameters


class Encryption(Construct):
    """The key that ``kmsKeyArn`` names, or AWS's own. The key's policy must leave its use to IAM.

    Attributes:
        has_key: the condition that the operator names a key.
        key: its ARN, or no value.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: EndpointParameters) -> None:
        super().__init__(scope, construct_id)
        self._arn = parameters.kms_key_arn.value_as_string
        self.has_key = CfnCondition(self, "HasKey", expression=is_given(self._arn))

    @property
    def key(self) -> IResolvable:
        """The key's ARN for a property that may be left out."""
        return value_if(self.has_key, self._arn)

    @property
    def of_bucket(self) -> IResolvable:
        """The encryption of a bucket, with a bucket key: KMS bills calls, and S3 makes one for many objects."""
        with_key = {
            "BucketKeyEnabled": True,
            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self._arn},
        }
        without = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        return value_if(
            self.has_key,
            {"ServerSideEncryptionConfiguration": [with_key]},
            {"ServerSideEncryptionConfiguration": [without]},
        )

    @property
    def of_table(self) -> IResolvable:
        """The encryption of a DynamoDB table, which without a key of the operator's has DynamoDB's own."""
        return value_if(self.has_key, {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": self._arn})

    def use_of_key(self) -> PolicyStatement:
        """Permission to write and read objects that the key encrypts; for when ``has_key`` holds."""
        return PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._arn])

    def use_for_volumes(self) -> list[PolicyStatement]:
        """Permissions of a role whose service has EBS encrypt volumes with the key; for when ``has_key`` holds.

        EBS works by a grant, which the role's service makes and nothing else may.
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html, KmsKeyId
        """
        return [
            PolicyStatement(
                actions=["kms:CreateGrant"],
                resources=[self._arn],
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            ),
            PolicyStatement(actions=["kms:DescribeKey"], resources=[self._arn]),
        ]

    def grant_tables(self, role: IRole, *, when: CfnCondition) -> None:
        """Let a role use tables that the key encrypts.

        DynamoDB calls KMS in the name of the caller.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html

        Args:
            role: the role.
            when: the condition that the tables, the role and the key exist.
        """
        statement = PolicyStatement(
            actions=[
                *["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
                *["kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
            ],
            resources=[self._arn],
        )
        attach(self, "UseTables", role=role, statements=[statement], condition=when)

    def grant(self, role: IRole, *, only_if: CfnCondition | None = None) -> None:
        """Let a role use the key, where one is given.

        Args:
            role: the role.
            only_if: the condition that the role exists; None for a role that always does.
        """
        attach(self, "UseKey", role=role, statements=[self.use_of_key()], condition=self.has_key, only_if=only_if)
