"""The function behind the API, and everything that its role may do."""

from __future__ import annotations

from typing import cast

from aws_cdk import Aws, CfnCondition, Duration
from aws_cdk.aws_iam import Role, ServicePrincipal
from aws_cdk.aws_lambda import CfnFunction
from constructs import Construct

from stacks.checks.acknowledgements import digits_are_numbers
from stacks.conditions import differs, value_if
from stacks.endpoint.model_endpoint import ModelEndpoint
from stacks.events.event_store import EventStore
from stacks.functions import container_form
from stacks.functions.live_version import LiveVersion
from stacks.functions.python_function import python_function
from stacks.ingest.s3_front_end import S3FrontEnd
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.registry.tables import RegistryTables

# API Gateway gives an integration 29 s; the function ends before, so that clients see its own error.
_TIMEOUT = Duration.seconds(28)


class InferenceFunction:
    """The function with its role and its live version.

    Attributes:
        function: the function.
        alias: the name of its live version, which the API calls.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        parameters: Parameters,
        partition: Partition,
        endpoint: ModelEndpoint,
        events: EventStore,
        registry: RegistryTables,
        front_end: S3FrontEnd,
        model_name: str,
    ) -> None:
        role = Role(scope, "FunctionRole", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
        endpoint.grant_invoke(role)
        events.grant_write(role)
        events.grant_async(role, is_async=endpoint.kind.is_async)
        events.encryption.grant(role)
        registry.grant_identify(role, when=registry.is_on)
        registry.grant_see(role)
        front_end.grant_accept(role)
        from_parameters = {
            "APPLICATION_TYPE": parameters.models.application_type.value_as_string,
            "MODEL_NAME": model_name,
            "ENDPOINT_TYPE": parameters.endpoint.endpoint_type.value_as_string,
            "SAVE_REQUEST_EVENTS": parameters.events.save_request_events.value_as_string,
            "EVENTS_TABLE": parameters.events.events_table.value_as_string,
            "CAMERA_METRICS": parameters.logs.camera_metrics.value_as_string,
            **container_form.chosen(parameters.models),
            **registry.chosen,
        }
        self.function = python_function(
            scope,
            "Function",
            description="Sends a camera's frame to the endpoint and keeps the event",
            handler="inference_api.handler.handler",
            role=role,
            log_retention_days=parameters.logs.retention_days,
            timeout=_TIMEOUT,
            service=Aws.STACK_NAME,
            environment={
                **from_parameters,
                **container_form.environment(parameters.models),
                **registry.environment_where_on,
                "PUSH_QUEUE_URL": front_end.push_queue_url,
                "ENDPOINT_NAME": endpoint.endpoint_name,
                "EVENTS_BUCKET": events.bucket.bucket_name,
            },
        )
        partition.trace_where_available(self.function, role)
        live = LiveVersion(
            scope,
            "Live",
            function=self.function,
            from_parameters=list(from_parameters.values()),
            provisioned_concurrency=parameters.api.provisioned_concurrency.value_as_string,
        )
        self.alias = live.alias
        self._reserve_concurrency(scope, parameters.api.reserved_concurrency.value_as_string)

    def _reserve_concurrency(self, scope: Construct, wanted: str) -> None:
        """Set concurrency aside for the function, which is also its limit; 0 does neither."""
        is_reserved = CfnCondition(scope, "IsReserved", expression=differs(wanted, "0"))
        function = cast(CfnFunction, self.function.node.default_child)
        function.add_property_override("ReservedConcurrentExecutions", value_if(is_reserved, wanted))
        digits_are_numbers(function)
