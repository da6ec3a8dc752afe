"""Where frames and results are kept."""

from __future__ import annotations

from typing import cast

from aws_cdk import Acknowledgment, Aws, CfnCondition, Duration, Fn, RemovalPolicy, Validations
from aws_cdk.aws_cloudwatch import Alarm, CfnAlarm, ComparisonOperator, Metric, Stats, TreatMissingData
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_iam import CfnPolicy, IRole, Policy, PolicyStatement
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership
from aws_cdk.aws_sns import ITopic
from aws_cdk.aws_sqs import CfnQueuePolicy, Queue
from constructs import Construct

from stacks.errors import ContextValueError
from stacks.parameters import Parameters

CONTEXT = "deleteEvents"
EVENTS = "events/"
"""Where events lie in the bucket."""
INCOMING = "incoming/"
"""Where cameras put files, with ``ingestFromS3=Yes``."""
# What the function counts, as Powertools writes it: namespace, and service as the one dimension. The service is the
# stack, so that deployments in one region are told apart.
_FAILURES = Metric(
    namespace="IpcAiSaas",
    metric_name="EventStoreFailures",
    dimensions_map={"service": Aws.STACK_NAME},
    statistic=Stats.SUM,
    period=Duration.minutes(5),
)
_REMOVAL_POLICIES = {"": RemovalPolicy.RETAIN, "false": RemovalPolicy.RETAIN, "true": RemovalPolicy.DESTROY}


class EventStore(Construct):
    """A private, encrypted bucket that outlives the stack, unless the context ``deleteEvents`` says otherwise.

    Attributes:
        bucket: the bucket; events lie under ``events/``, files that are no events yet under ``incoming/``.
        failures_alarm: in alarm when an event was lost in the last five minutes. It is there where events are kept.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parameters: Parameters, alarm_topic: ITopic) -> None:
        """Makes the bucket and the alarm.

        Args:
            scope: where it belongs.
            construct_id: its id.
            parameters: whether events are kept, and for how long.
            alarm_topic: who learns of lost events.

        Raises:
            ContextValueError: ``deleteEvents`` is neither true nor false.
        """
        super().__init__(scope, construct_id)
        self._keeps_events = CfnCondition(
            self,
            "KeepsEvents",
            expression=Fn.condition_equals(parameters.events.save_request_events.value_as_string, "Yes"),
        )
        self.bucket = Bucket(
            self,
            "Bucket",
            encryption=BucketEncryption.S3_MANAGED,
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            object_ownership=ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            removal_policy=_removal_policy(self.node.try_get_context(CONTEXT)),
        )
        self._set_lifecycle(parameters.events.retention_days.value_as_string)
        self.failures_alarm = Alarm(
            self,
            "FailuresAlarm",
            alarm_description="Events were lost, or frames of failed requests left behind: see the function's log",
            metric=_FAILURES,
            threshold=1,
            evaluation_periods=1,
            comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        )
        self.failures_alarm.add_alarm_action(SnsAction(alarm_topic))
        cast(CfnAlarm, self.failures_alarm.node.default_child).cfn_options.condition = self._keeps_events

    def grant_write(self, role: IRole) -> None:
        """Lets a role add events, and take back those of failed requests, where events are kept; and no more.

        To delete is no more power than to add: versions are off, so whoever may add may overwrite.
        """
        statement = PolicyStatement(
            actions=["s3:PutObject", "s3:DeleteObject"], resources=[self.bucket.arn_for_objects(f"{EVENTS}*")]
        )
        policy = Policy(self, "Write", roles=[role], statements=[statement])
        cast(CfnPolicy, policy.node.default_child).cfn_options.condition = self._keeps_events

    def notify_of_files(self, queue: Queue, *, only_if: CfnCondition) -> None:
        """Lets S3 tell a queue of every file under ``incoming/``.

        A property of the bucket itself: the CDK's own way is a function that may change any bucket's notifications.

        Args:
            queue: what is told. Its policy is there before the bucket asks for it.
            only_if: the condition that there is such a queue.
        """
        policy = cast(CfnQueuePolicy, queue.node.find_child("Policy").node.default_child)
        # DependsOn cannot have a condition. What is chosen here is the queue alone, and both are there before.
        queue_behind_its_policy = {"Fn::Select": [0, [queue.queue_arn, policy.attr_id]]}
        told = {
            "QueueConfigurations": [
                {
                    "Event": "s3:ObjectCreated:*",
                    "Queue": queue_behind_its_policy,
                    "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": INCOMING}]}},
                }
            ]
        }
        bucket = cast(CfnBucket, self.bucket.node.default_child)
        bucket.notification_configuration = Fn.condition_if(only_if.logical_id, told, Aws.NO_VALUE)

    def _set_lifecycle(self, retention_days: str) -> None:
        """Lets S3 delete events, and files that did not become one, after so many days; 0 is never."""
        expires = CfnCondition(self, "Expires", expression=Fn.condition_not(Fn.condition_equals(retention_days, "0")))
        # Spelt as CloudFormation does: a condition leaves the whole rule out, for it has no number that means never.
        expiries = [
            {"Id": name, "Status": "Enabled", "Prefix": prefix, "ExpirationInDays": retention_days}
            for name, prefix in (("Retention", EVENTS), ("RetentionOfIncoming", INCOMING))
        ]
        abort = CfnBucket.AbortIncompleteMultipartUploadProperty(days_after_initiation=1)
        bucket = cast(CfnBucket, self.bucket.node.default_child)
        bucket.lifecycle_configuration = CfnBucket.LifecycleConfigurationProperty(
            rules=[
                CfnBucket.RuleProperty(status="Enabled", abort_incomplete_multipart_upload=abort),
                *(Fn.condition_if(expires.logical_id, expiry, Aws.NO_VALUE) for expiry in expiries),
            ]
        )
        Validations.of(bucket).acknowledge(
            Acknowledgment(
                id="CloudFormation-Validate::W9003",
                reason="The parameter's pattern lets whole numbers through and nothing else; 0 leaves the rule out",
            )
        )


def _removal_policy(delete_events: str | bool | None) -> RemovalPolicy:
    """What becomes of the bucket with the stack; cdk.json may hold a truth value, the command line holds text."""
    said = "" if delete_events is None else str(delete_events).lower()
    if said not in _REMOVAL_POLICIES:
        raise ContextValueError(
            f"{CONTEXT}={delete_events} is neither true nor false; write {CONTEXT}=true or leave it out"
        )
    return _REMOVAL_POLICIES[said]
