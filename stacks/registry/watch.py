"""The function that looks once a minute for cameras that are silent, or came back."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk.aws_events import Rule, Schedule
from aws_cdk.aws_events_targets import LambdaFunction
from aws_cdk.aws_iam import Role, ServicePrincipal
from aws_cdk.aws_lambda import Function
from constructs import Construct

from stacks.conditions import make_conditional
from stacks.events.event_store import EventStore
from stacks.functions.python_function import python_function
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.registry.tables import RegistryTables

_EVERY = Duration.minutes(1)
# Of 10,000 cameras it reads two pages of states. The next minute's look comes whatever becomes of this one.
_TIMEOUT = Duration.seconds(50)


class Watch(Construct):
    """The function, its role and its schedule.

    A rule of EventBridge, because Scheduler would need a role of its own.

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
        tables: RegistryTables,
        events: EventStore,
    ) -> None:
        super().__init__(scope, construct_id)
        role = Role(self, "FunctionRole", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
        tables.grant_identify(role, when=tables.is_on)
        tables.grant_watch(role)
        events.grant_add(role, only_if=tables.is_on)
        self.function = self._function(role, parameters, tables, events)
        partition.trace_where_available(self.function, role, only_if=tables.is_on)
        Rule(
            self,
            "EveryMinute",
            description="Looks for silent cameras",
            schedule=Schedule.rate(_EVERY),
            # A look that could not be had is made up for by the next.
            targets=[LambdaFunction(self.function, max_event_age=_EVERY, retry_attempts=0)],
        )
        make_conditional(self, tables.is_on)

    def _function(self, role: Role, parameters: Parameters, tables: RegistryTables, events: EventStore) -> Function:
        return python_function(
            self,
            "WatchFunction",
            description="Looks for cameras that are silent or came back, and keeps an event of each",
            handler="inference_api.watch.handler",
            role=role,
            log_retention_days=parameters.logs.retention_days,
            timeout=_TIMEOUT,
            service=Aws.STACK_NAME,
            environment={
                **tables.environment,
                "EVENTS_BUCKET": events.bucket.bucket_name,
                "SAVE_REQUEST_EVENTS": parameters.events.save_request_events.value_as_string,
                "EVENTS_TABLE": parameters.events.events_table.value_as_string,
            },
        )
