"""The topic that alarms notify, and the operator's address."""

from __future__ import annotations

from aws_cdk import ArnFormat, Aws, CfnCondition, Stack
from aws_cdk.aws_cloudwatch import Alarm
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_iam import PolicyStatement, ServicePrincipal
from aws_cdk.aws_sns import CfnSubscription, ITopic, Topic
from constructs import Construct

from stacks.checks.acknowledgements import acknowledge
from stacks.conditions import is_given
from stacks.parameters.alarms import AlarmParameters


class AlarmTopic(Construct):
    """A topic that the account's alarms may publish to, and the operator's subscription to it.

    It has no key: CloudWatch cannot use the one that AWS keeps for SNS (alias/aws/sns), one of our own costs money for
    as long as the stack exists, and an alarm's message holds no frame and no result.

    Attributes:
        topic: the topic.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: AlarmParameters) -> None:
        super().__init__(scope, construct_id)
        self.topic = Topic(self, "Topic", enforce_ssl=True)
        acknowledge(
            self.topic,
            {"CKV_AWS_26": "CloudWatch cannot use AWS's key for SNS, and an alarm's message holds no frame or result"},
        )
        alarms = Stack.of(self).format_arn(
            service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        # This policy replaces the topic's default one, by which the whole account may publish.
        self.topic.add_to_resource_policy(
            PolicyStatement(
                principals=[ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": alarms},
                },
            )
        )
        address = parameters.email.value_as_string
        has_address = CfnCondition(self, "HasAlarmEmail", expression=is_given(address))
        subscription = CfnSubscription(
            self, "Email", topic_arn=self.topic.topic_arn, protocol="email", endpoint=address
        )
        subscription.cfn_options.condition = has_address


def tell(topic: ITopic, alarm: Alarm) -> None:
    """Notify a topic when an alarm goes off, and when it is over."""
    alarm.add_alarm_action(SnsAction(topic))
    alarm.add_ok_action(SnsAction(topic))
