"""The topic to which an asynchronous endpoint tells of requests that are done."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnCondition
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_sns import CfnTopic, Topic
from constructs import Construct

from stacks.access.encryption import Encryption
from stacks.checks.acknowledgements import acknowledge, empty_is_left_out
from stacks.conditions import make_conditional


class ResultTopic(Construct):
    """One topic for answers and failures, with ``endpointType=async`` alone; its messages hold neither.

    The operator's key encrypts it, where there is one: SageMaker publishes with the endpoint's execution role, which
    may use that key. It has no other key: the policy of AWS's own (alias/aws/sns) names no services, AWS does not say
    that SageMaker's publishing counts as the role's there, and an endpoint that cannot publish is not created.
    Messages hold names, ids and keys of objects, and of a failure SageMaker's sentence.

    Attributes:
        topic: the topic.
    """

    def __init__(self, scope: Construct, construct_id: str, *, encryption: Encryption, is_async: CfnCondition) -> None:
        super().__init__(scope, construct_id)
        self.topic = Topic(self, "Topic", enforce_ssl=True)
        resource = cast(CfnTopic, self.topic.node.default_child)
        resource.add_property_override("KmsMasterKeyId", encryption.key)
        empty_is_left_out(resource)
        acknowledge(
            self.topic,
            {"CKV_AWS_26": "The operator's key, where there is one; messages hold no frame and no result"},
        )
        make_conditional(self, is_async)

    def publish(self) -> PolicyStatement:
        """Permission to publish to it; SageMaker looks for it before it makes the endpoint."""
        return PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn])
