"""A way in for cameras that upload files, or push pictures that are only accepted at first.

S3 or the API's function -> queue -> function -> endpoint, and a dead-letter queue.
"""

from __future__ import annotations

from aws_cdk import Aws, CfnCondition, Duration
from aws_cdk.aws_iam import IRole, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_lambda_event_sources import SqsEventSource
from aws_cdk.aws_sns import ITopic
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption
from constructs import Construct

from stacks.access.conditional_policy import attach
from stacks.checks.acknowledgements import acknowledge, objects_under_prefixes
from stacks.conditions import all_of, any_of, equals, is_yes, make_conditional, value_if
from stacks.endpoint.model_endpoint import ModelEndpoint
from stacks.events.event_store import EventStore
from stacks.events.prefixes import EVENTS, INCOMING
from stacks.functions import container_form
from stacks.functions.python_function import python_function
from stacks.ingest.alarms import add_alarms
from stacks.parameters.api import ACCEPTED
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.registry.tables import RegistryTables

# Files of a batch run one after the other; each may take 22 s for the endpoint, and S3's time.
_BATCH_SIZE = 4
_FUNCTION_TIMEOUT = Duration.seconds(120)
# Six times the function's, as Lambda asks for: a failed message becomes visible again after this time. Five attempts
# span most of an hour, in which an overloaded or replaced endpoint comes back.
_VISIBILITY_TIMEOUT = Duration.seconds(720)
_ATTEMPTS = 5
# A message keeps its age when it moves to the dead-letter queue, which therefore keeps messages longer.
_RETENTION = Duration.days(7)
_DEAD_LETTER_RETENTION = Duration.days(14)
# Latencies of the function are not those of the API.
_SERVICE = f"{Aws.STACK_NAME}-ingest"


class S3FrontEnd(Construct):
    """Turns files under ``incoming/camera=ID/`` of the events bucket into events, and completes those of pushes.

    Attributes:
        is_on: condition under which all of it exists.
        queue: notifications of uploads from S3, and of pushes from the API's function.
        dead_letter_queue: the messages of pictures that did not become events.
        function: the function that looks at pictures.
        push_queue_url: the queue for the API's function; empty where pushes get their detections as the answer.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        endpoint: ModelEndpoint,
        events: EventStore,
        registry: RegistryTables,
        model_name: str,
        alarm_topic: ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._takes_files = CfnCondition(
            self, "TakesFiles", expression=is_yes(parameters.events.ingest_from_s3.value_as_string)
        )
        self._takes_pushes = CfnCondition(
            self, "TakesPushes", expression=equals(parameters.api.push_answer.value_as_string, ACCEPTED)
        )
        self.is_on = CfnCondition(self, "IsOn", expression=any_of(self._takes_files, self._takes_pushes))
        self.dead_letter_queue = Queue(
            self,
            "DeadLetters",
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            receive_message_wait_time=Duration.seconds(20),
            retention_period=_DEAD_LETTER_RETENTION,
        )
        self.queue = Queue(
            self,
            "Queue",
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            receive_message_wait_time=Duration.seconds(20),
            visibility_timeout=_VISIBILITY_TIMEOUT,
            retention_period=_RETENTION,
            dead_letter_queue=DeadLetterQueue(queue=self.dead_letter_queue, max_receive_count=_ATTEMPTS),
        )
        for queue in (self.queue, self.dead_letter_queue):
            acknowledge(
                queue, {"CKV_AWS_27": "Encrypted with SQS's own key, by SqsManagedSseEnabled; checkov asks for KMS"}
            )
        self._let_s3_send()
        events.notify_of_files(self.queue, only_if=self._takes_files)
        self.push_queue_url = value_if(self._takes_pushes, self.queue.queue_url, "").to_string()
        role = self._role(endpoint, events, registry)
        self.function = self._function(role, parameters, endpoint, events, registry, model_name)
        partition.trace_where_available(self.function, role, only_if=self.is_on)
        self.function.add_event_source(
            SqsEventSource(
                self.queue,
                batch_size=_BATCH_SIZE,
                report_batch_item_failures=True,
                max_concurrency=parameters.events.ingest_max_concurrency.value_as_number,
            )
        )
        add_alarms(
            self, queue=self.queue, dead_letter_queue=self.dead_letter_queue, service=_SERVICE, topic=alarm_topic
        )
        make_conditional(self, self.is_on)
        self._grant_reads(role, events)

    def grant_accept(self, role: IRole) -> None:
        """Let a role put pushes into the queue, where they are only accepted at first."""
        statement = PolicyStatement(actions=["sqs:SendMessage"], resources=[self.queue.queue_arn])
        attach(self, "Accept", role=role, statements=[statement], condition=self._takes_pushes)

    def _let_s3_send(self) -> None:
        """Let S3 send for every bucket of this account.

        S3 checks the queue when it makes the bucket, so the policy comes first and cannot name the bucket.
        """
        self.queue.add_to_resource_policy(
            PolicyStatement(
                principals=[ServicePrincipal("s3.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.queue.queue_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                    "ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:s3:::*"},
                },
            )
        )

    def _role(self, endpoint: ModelEndpoint, events: EventStore, registry: RegistryTables) -> Role:
        role = Role(self, "FunctionRole", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
        endpoint.grant_invoke_at_once(role, only_if=self.is_on)
        events.encryption.grant(role, only_if=self.is_on)
        events.grant_write_to_table(role, only_if=self.is_on)
        knows_cameras = CfnCondition(self, "KnowsCameras", expression=all_of(self.is_on, registry.is_on))
        registry.grant_identify(role, when=knows_cameras)
        events.grant_judge(role, when=knows_cameras)
        self.dead_letter_queue.grant(role, "sqs:SendMessage")
        bucket = events.bucket
        for actions, resource in (
            (["s3:PutObject"], bucket.arn_for_objects(f"{EVENTS}*")),
            # Without it S3 answers 403, not 404, for a deleted object: a file already done would look denied.
            (["s3:ListBucket"], bucket.bucket_arn),
        ):
            role.add_to_policy(PolicyStatement(actions=actions, resources=[resource]))
        objects_under_prefixes(
            role.node.find_child("DefaultPolicy"), bucket, [EVENTS], "Every event has keys of its own under this prefix"
        )
        return role

    def _grant_reads(self, role: Role, events: EventStore) -> None:
        """Let the role take files, and read frames of pushes, each where there are some."""
        bucket = events.bucket
        for name, actions, prefix, condition, reason in (
            (
                "TakeFiles",
                ["s3:GetObject", "s3:DeleteObject"],
                INCOMING,
                self._takes_files,
                "Cameras choose the names under this prefix",
            ),
            (
                "ReadPushes",
                ["s3:GetObject"],
                EVENTS,
                self._takes_pushes,
                "Every event has keys of its own under this prefix",
            ),
        ):
            statement = PolicyStatement(actions=actions, resources=[bucket.arn_for_objects(f"{prefix}*")])
            policy = attach(self, name, role=role, statements=[statement], condition=condition)
            objects_under_prefixes(policy, bucket, [prefix], reason)

    def _function(
        self,
        role: Role,
        parameters: Parameters,
        endpoint: ModelEndpoint,
        events: EventStore,
        registry: RegistryTables,
        model_name: str,
    ) -> Function:
        function = python_function(
            self,
            "IngestFunction",
            description="Sends pictures that cameras upload or push to the endpoint and keeps the events",
            handler="inference_api.ingest.handler",
            role=role,
            log_retention_days=parameters.logs.retention_days,
            timeout=_FUNCTION_TIMEOUT,
            service=_SERVICE,
            environment={
                **container_form.environment(parameters.models),
                "APPLICATION_TYPE": parameters.models.application_type.value_as_string,
                "MODEL_NAME": model_name,
                "ENDPOINT_NAME": endpoint.endpoint_name,
                "ENDPOINT_TYPE": parameters.endpoint.endpoint_type.value_as_string,
                "EVENTS_BUCKET": events.bucket.bucket_name,
                "EVENTS_TABLE": parameters.events.events_table.value_as_string,
                **registry.environment_where_on,
                "DEAD_LETTER_QUEUE_URL": self.dead_letter_queue.queue_url,
            },
        )
        acknowledge(function, {"CloudFormation-Validate::W1028": "Uploads to a stack that compares faces are refused"})
        return function
