"""Completes the events of asynchronous requests: SageMaker -> topic -> function, without a client that fetches."""

from __future__ import annotations

from aws_cdk import Aws, CfnCondition, Duration
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sns import CfnSubscription, ITopic
from constructs import Construct

from stacks.async_results.alarms import add_alarms
from stacks.checks.acknowledgements import objects_under_prefixes
from stacks.conditions import all_of, make_conditional
from stacks.endpoint.model_endpoint import ModelEndpoint
from stacks.events.event_store import EventStore
from stacks.events.prefixes import ASYNC_FAILURE, ASYNC_OUTPUT, ASYNC_PENDING, EVENTS
from stacks.functions import container_form
from stacks.functions.python_function import python_function
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition

# Four reads of at most 2.5 s, and the event store's patience of 4 s.
_TIMEOUT = Duration.seconds(30)


class EventCompletion(Construct):
    """The function, its role and its alarms. Without kept events it counts failures alone.

    Attributes:
        function: the function.
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
        model_name: str,
        alarm_topic: ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        is_async = endpoint.kind.is_async
        role = Role(self, "FunctionRole", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
        self._grant(role, events)
        events.encryption.grant(role, only_if=is_async)
        events.grant_write_to_table(role, only_if=is_async)
        judges = CfnCondition(self, "Judges", expression=all_of(is_async, events.has_registry))
        events.grant_judge(role, when=judges)
        self.function = self._function(role, parameters, endpoint, events, model_name)
        partition.trace_where_available(self.function, role, only_if=is_async)
        self._subscribe(endpoint.result_topic)
        add_alarms(
            self,
            endpoint_name=endpoint.endpoint_name,
            variant_name=endpoint.variant_name,
            function=self.function,
            topic=alarm_topic,
        )
        make_conditional(self, is_async)

    def _grant(self, role: Role, events: EventStore) -> None:
        """Let the function read requests that are done, and write events and SageMaker's words about failures."""
        bucket = events.bucket
        read, write = (ASYNC_PENDING, ASYNC_OUTPUT, ASYNC_FAILURE), (EVENTS, ASYNC_FAILURE)
        for action, prefixes in (("s3:GetObject", read), ("s3:PutObject", write)):
            resources = [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes]
            role.add_to_policy(PolicyStatement(actions=[action], resources=resources))
        # Without it S3 answers 403, not 404, for a request without a note, which is most of them.
        role.add_to_policy(PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]))
        objects_under_prefixes(
            role.node.find_child("DefaultPolicy"),
            bucket,
            sorted({*read, *write}),
            "Every request and every event has keys of its own under these prefixes",
        )

    def _function(
        self, role: Role, parameters: Parameters, endpoint: ModelEndpoint, events: EventStore, model_name: str
    ) -> Function:
        return python_function(
            self,
            "CompletionFunction",
            description="Completes the events of asynchronous requests when SageMaker tells that they are done",
            handler="inference_api.completion.handler",
            role=role,
            log_retention_days=parameters.logs.retention_days,
            timeout=_TIMEOUT,
            service=Aws.STACK_NAME,
            environment={
                **container_form.environment(parameters.models),
                "APPLICATION_TYPE": parameters.models.application_type.value_as_string,
                "MODEL_NAME": model_name,
                "ENDPOINT_NAME": endpoint.endpoint_name,
                "ENDPOINT_TYPE": parameters.endpoint.endpoint_type.value_as_string,
                "EVENTS_BUCKET": events.bucket.bucket_name,
                "SAVE_REQUEST_EVENTS": parameters.events.save_request_events.value_as_string,
                "EVENTS_TABLE": parameters.events.events_table.value_as_string,
                "CAMERA_METRICS": parameters.logs.camera_metrics.value_as_string,
            },
        )

    def _subscribe(self, topic: ITopic) -> None:
        self.function.add_permission(
            "Topic", principal=ServicePrincipal("sns.amazonaws.com"), source_arn=topic.topic_arn
        )
        CfnSubscription(
            self,
            "Subscription",
            topic_arn=topic.topic_arn,
            protocol="lambda",
            endpoint=self.function.function_arn,
        )
