"""The bucket of frames and results, and who may use it."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnCondition, Duration, RemovalPolicy
from aws_cdk.aws_cloudwatch import Alarm, CfnAlarm, ComparisonOperator, TreatMissingData
from aws_cdk.aws_iam import CfnPolicy, IRole, Policy, PolicyStatement
from aws_cdk.aws_s3 import CfnBucket
from aws_cdk.aws_sns import ITopic
from aws_cdk.aws_sqs import CfnQueuePolicy, Queue
from constructs import Construct

from stacks.access.conditional_policy import attach
from stacks.access.encryption import Encryption
from stacks.checks.acknowledgements import acknowledge, objects_under_prefixes
from stacks.conditions import all_of, is_yes, value_if
from stacks.context import DELETE_EVENTS
from stacks.errors import ContextValueError
from stacks.events.event_table import EventTable
from stacks.events.lifecycle import TAGGED, expire
from stacks.events.prefixes import (
    ASYNC_FAILURE,
    ASYNC_INPUT,
    ASYNC_OUTPUT,
    ASYNC_PENDING,
    CAPTURE,
    EVENTS,
    IDEMPOTENCY,
    INCOMING,
    RESULTS,
)
from stacks.events.private_bucket import access_log_bucket, log_access, private_bucket
from stacks.parameters.stack_parameters import Parameters
from stacks.telemetry.alarm_topic import tell
from stacks.telemetry.function_metrics import function_metric

_ANSWERS = ("/result.json", "/answer")
# Kept, but for a bucket of a first deployment that fails, which is empty: each attempt would leave one.
_KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
_REMOVAL_POLICIES = {"": _KEPT, "false": _KEPT, "true": RemovalPolicy.DESTROY}


class EventStore(Construct):
    """A private, encrypted bucket that outlives the stack, unless the context ``deleteEvents`` says otherwise.

    Attributes:
        bucket: the bucket; events lie under ``events/``, files that are no events yet under ``incoming/``.
        encryption: the key of its objects.
        has_registry: the condition that cameras have profiles.
        has_table: the condition that results can be queried.
        table: the table of events.
        removal_policy: the bucket's fate when the stack is deleted, and that of all else that outlives it.
        failures_alarm: in alarm when an event was lost in the last five minutes. It exists where events are kept.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        has_registry: CfnCondition,
        alarm_topic: ITopic,
    ) -> None:
        """Make the bucket, its table and the alarm.

        Args:
            scope: where it belongs.
            construct_id: its id.
            parameters: whether events are kept, and for how long.
            has_registry: the condition that cameras' profiles say how long their events are kept.
            alarm_topic: topic to notify of lost events.

        Raises:
            ContextValueError: ``deleteEvents`` is neither true nor false.
        """
        super().__init__(scope, construct_id)
        self._keeps_events = CfnCondition(
            self,
            "KeepsEvents",
            expression=is_yes(parameters.events.save_request_events.value_as_string),
        )
        self.has_table = CfnCondition(
            self,
            "HasTable",
            expression=is_yes(parameters.events.events_table.value_as_string),
        )
        self.encryption = Encryption(self, "Encryption", parameters=parameters.endpoint)
        self.has_registry = has_registry
        self.removal_policy = _removal_policy(self.node.try_get_context(DELETE_EVENTS))
        access_logs = access_log_bucket(self, self.removal_policy)
        self.bucket = private_bucket(self, "Bucket", removal_policy=self.removal_policy)
        log_access(self.bucket, to=access_logs)
        acknowledge(
            self.bucket,
            {"CKV_AWS_21": "Whoever may add may overwrite, and a frame that is deleted has to be gone: no versions"},
        )
        cast(CfnBucket, self.bucket.node.default_child).add_property_override(
            "BucketEncryption", self.encryption.of_bucket
        )
        expire(
            self.bucket,
            retention_days=parameters.events.retention_days.value_as_string,
            has_registry=has_registry,
            scope=self,
        )
        self.table = EventTable(self, "Table", bucket=self.bucket, is_on=self.has_table)
        self.failures_alarm = Alarm(
            self,
            "FailuresAlarm",
            alarm_description="Events were lost, or frames of failed requests left behind: see the function's log",
            metric=function_metric("EventStoreFailures", period=Duration.minutes(5)),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        )
        tell(alarm_topic, self.failures_alarm)
        cast(CfnAlarm, self.failures_alarm.node.default_child).cfn_options.condition = self._keeps_events

    def grant_write(self, role: IRole) -> None:
        """Let a role add events, and delete those of failed requests, where events are kept.

        Deleting is no more power than adding: without versions, adding may overwrite. A request that is sent again with
        its Idempotency-Key is answered from its event, so the role reads results, and never a frame.
        """
        objects = self.bucket.arn_for_objects
        statements = [
            PolicyStatement(
                actions=["s3:PutObject", "s3:DeleteObject"],
                resources=[objects(f"{EVENTS}*"), objects(f"{IDEMPOTENCY}*")],
            ),
            PolicyStatement(
                actions=["s3:GetObject"],
                resources=[objects(f"{IDEMPOTENCY}*"), *(objects(f"{EVENTS}*{end}") for end in _ANSWERS)],
            ),
        ]
        policy = Policy(self, "Write", roles=[role], statements=statements)
        objects_under_prefixes(
            policy, self.bucket, [EVENTS, IDEMPOTENCY], "Every request has keys of its own under these prefixes"
        )
        objects_under_prefixes(
            policy, self.bucket, [f"{EVENTS}*{end}" for end in _ANSWERS], "Every event has an answer of its own", end=""
        )
        cast(CfnPolicy, policy.node.default_child).cfn_options.condition = self._keeps_events
        self.grant_write_to_table(role, only_if=self._keeps_events)
        self.grant_tag(role, when=self.has_registry)

    def grant_add(self, role: IRole, *, only_if: CfnCondition) -> None:
        """Let a role add events of its own, and do nothing else, where events are kept.

        Args:
            role: the role.
            only_if: the condition that it exists.
        """
        keeps = CfnCondition(
            self, f"Adds{role.node.path.split('/')[-2]}", expression=all_of(only_if, self._keeps_events)
        )
        statement = PolicyStatement(actions=["s3:PutObject"], resources=[self.bucket.arn_for_objects(f"{EVENTS}*")])
        policy = attach(self, "Add", role=role, statements=[statement], condition=keeps)
        objects_under_prefixes(policy, self.bucket, [EVENTS], "Every event has keys of its own under this prefix")
        self.grant_write_to_table(role, only_if=keeps)
        self.grant_tag(role, when=self.has_registry)

    def grant_tag(self, role: IRole, *, when: CfnCondition) -> None:
        """Let a role say by a tag how long an event is kept. It may write none by this alone.

        Args:
            role: the role.
            when: the condition that it exists and cameras have profiles that say so.
        """
        statement = PolicyStatement(
            actions=["s3:PutObjectTagging"],
            resources=[self.bucket.arn_for_objects(f"{prefix}*") for prefix in TAGGED],
        )
        policy = attach(self, "Tag", role=role, statements=[statement], condition=when)
        objects_under_prefixes(policy, self.bucket, TAGGED, "Every event has keys of its own under these prefixes")

    def grant_judge(self, role: IRole, *, when: CfnCondition) -> None:
        """Let a role that completes events apply cameras' profiles: tag objects, delete frames that are not kept.

        Args:
            role: the role.
            when: the condition that it exists and cameras have profiles.
        """
        self.grant_tag(role, when=when)
        statement = PolicyStatement(actions=["s3:DeleteObject"], resources=[self.bucket.arn_for_objects(f"{EVENTS}*")])
        policy = attach(self, "LeaveOut", role=role, statements=[statement], condition=when)
        objects_under_prefixes(policy, self.bucket, [EVENTS], "Every event has keys of its own under this prefix")

    def grant_write_to_table(self, role: IRole, *, only_if: CfnCondition) -> None:
        """Let a role add results to the table, where there is one.

        Args:
            role: the role.
            only_if: the condition that it exists and writes events.
        """
        statement = PolicyStatement(actions=["s3:PutObject"], resources=[self.bucket.arn_for_objects(f"{RESULTS}*")])
        policy = attach(
            self, "WriteToTable", role=role, statements=[statement], condition=self.has_table, only_if=only_if
        )
        objects_under_prefixes(policy, self.bucket, [RESULTS], "Every event has a key of its own under this prefix")

    def notify_of_files(self, queue: Queue, *, only_if: CfnCondition) -> None:
        """Notify a queue of every file under ``incoming/``.

        A property of the bucket itself, because the CDK's own way is a function that may change any bucket.

        Args:
            queue: the queue, whose policy must exist before the bucket does.
            only_if: the condition that the queue exists.
        """
        policy = cast(CfnQueuePolicy, queue.node.find_child("Policy").node.default_child)
        # DependsOn cannot have a condition. Select takes the queue's ARN alone, but refers to the policy, too.
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
        bucket.notification_configuration = value_if(only_if, told)

    def uri(self, prefix: str) -> str:
        """The S3 URI of the objects under a prefix."""
        return f"s3://{self.bucket.bucket_name}/{prefix}"

    def grant_async(self, role: IRole, *, is_async: CfnCondition) -> None:
        """Let a role send requests of an asynchronous endpoint through the bucket, and collect their answers."""
        objects = self.bucket.arn_for_objects
        statements = [
            PolicyStatement(
                actions=["s3:PutObject"], resources=[objects(f"{ASYNC_INPUT}*"), objects(f"{ASYNC_PENDING}*")]
            ),
            PolicyStatement(
                actions=["s3:GetObject"],
                resources=[objects(f"{prefix}*") for prefix in (ASYNC_PENDING, ASYNC_OUTPUT, ASYNC_FAILURE)],
            ),
            # Without this permission S3 answers 403, not 404, for an answer that does not exist yet.
            PolicyStatement(actions=["s3:ListBucket"], resources=[self.bucket.bucket_arn]),
        ]
        policy = attach(self, "UseQueue", role=role, statements=statements, condition=is_async)
        objects_under_prefixes(
            policy,
            self.bucket,
            [ASYNC_INPUT, ASYNC_PENDING, ASYNC_OUTPUT, ASYNC_FAILURE],
            "Every request has keys of its own under these prefixes",
        )

    def use_by_endpoint(self) -> list[PolicyStatement]:
        """Permissions of an asynchronous endpoint: read requests, write answers and failures."""
        objects = self.bucket.arn_for_objects
        return [
            PolicyStatement(actions=["s3:GetObject"], resources=[objects(f"{ASYNC_INPUT}*")]),
            PolicyStatement(
                actions=["s3:PutObject"], resources=[objects(f"{ASYNC_OUTPUT}*"), objects(f"{ASYNC_FAILURE}*")]
            ),
        ]

    def write_of_captures(self) -> PolicyStatement:
        """Permission to write captured requests and answers."""
        return PolicyStatement(actions=["s3:PutObject"], resources=[self.bucket.arn_for_objects(f"{CAPTURE}*")])


def _removal_policy(delete_events: str | bool | None) -> RemovalPolicy:
    """The bucket's fate when the stack is deleted; cdk.json may hold a boolean, the command line holds text."""
    said = "" if delete_events is None else str(delete_events).lower()
    if said not in _REMOVAL_POLICIES:
        raise ContextValueError(
            f"{DELETE_EVENTS}={delete_events} is neither true nor false; write {DELETE_EVENTS}=true or leave it out"
        )
    return _REMOVAL_POLICIES[said]
