"""All of the registry, put together."""

from __future__ import annotations

from aws_cdk.aws_sns import ITopic
from constructs import Construct

from stacks.access.authorization_ways import AuthorizationWays
from stacks.events.event_store import EventStore
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.registry.alarms import RegistryAlarms
from stacks.registry.authorizer import Authorizer
from stacks.registry.tables import RegistryTables
from stacks.registry.watch import Watch


class CameraRegistry(Construct):
    """The tables, the authorizer, the watch and the alarms.

    Attributes:
        tables: the tables.
        authorizer: the function that API Gateway asks; it exists where ``ways.uses_credentials`` holds.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        ways: AuthorizationWays,
        events: EventStore,
        alarm_topic: ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self.tables = RegistryTables(
            self,
            "Tables",
            parameters=parameters.api,
            ways=ways,
            encryption=events.encryption,
            removal_policy=events.removal_policy,
        )
        self.authorizer = Authorizer(
            self, "Authorizer", parameters=parameters, partition=partition, ways=ways, tables=self.tables
        ).function
        watch = Watch(self, "Watch", parameters=parameters, partition=partition, tables=self.tables, events=events)
        RegistryAlarms(
            self,
            "Alarms",
            parameters=parameters.alarms,
            watch=watch.function,
            has_registry=ways.has_registry,
            topic=alarm_topic,
        )
