"""The one stack; it only wires."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnCondition, CfnOutput, Stack
from constructs import Construct

from ipc_ai_catalogue import FACE_COMPARISON
from stacks.access.authorization_ways import AuthorizationWays
from stacks.api.inference_api import InferenceApi
from stacks.assets.container_images import ContainerImages
from stacks.assets.customized_application import named_folder
from stacks.assets.publication import synthesizer
from stacks.async_results.event_completion import EventCompletion
from stacks.conditions import equals
from stacks.context import CUSTOMIZED_APPLICATION, MODELS, require_models_of_catalogue
from stacks.endpoint.model_endpoint import ModelEndpoint
from stacks.events.event_store import EventStore
from stacks.ingest.s3_front_end import S3FrontEnd
from stacks.monitoring.dashboard import Dashboard
from stacks.monitoring.service_alarms import ServiceAlarms
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.places import REPOSITORY
from stacks.registry.camera_registry import CameraRegistry
from stacks.telemetry.alarm_topic import AlarmTopic


class IpcAiSaasStack(Stack):
    """AI as a service for a fleet of IP cameras: API -> function -> endpoint, and an event store."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **{"synthesizer": synthesizer(scope), **kwargs})
        require_models_of_catalogue(self.node.try_get_context(MODELS))
        customized = named_folder(self.node.try_get_context(CUSTOMIZED_APPLICATION), REPOSITORY)
        parameters = Parameters(self, has_customized_image=customized is not None)
        partition = Partition(self, "Partition")
        compares_faces = CfnCondition(
            self,
            "ComparesFaces",
            expression=equals(parameters.models.application_type.value_as_string, FACE_COMPARISON),
        )
        model_name = parameters.models.chosen_model(compares_faces)
        images = ContainerImages(
            self, "Images", parameters=parameters, partition=partition, customized_application=customized
        )
        alarm_topic = AlarmTopic(self, "Alarms", parameters=parameters.alarms)
        ways = AuthorizationWays(self, "Ways", parameters=parameters.api, partition=partition)
        events = EventStore(
            self,
            "Events",
            parameters=parameters,
            has_registry=ways.has_registry,
            alarm_topic=alarm_topic.topic,
        )
        endpoint = ModelEndpoint(
            self,
            "Model",
            parameters=parameters,
            partition=partition,
            images=images,
            events=events,
            alarm_topic=alarm_topic,
            model_name=model_name,
        )
        reported_name = parameters.models.reported_model(self, model_name)
        registry = CameraRegistry(
            self,
            "Registry",
            parameters=parameters,
            partition=partition,
            ways=ways,
            events=events,
            alarm_topic=alarm_topic.topic,
        )
        front_end = S3FrontEnd(
            self,
            "Ingest",
            parameters=parameters,
            partition=partition,
            endpoint=endpoint,
            events=events,
            registry=registry.tables,
            model_name=reported_name,
            alarm_topic=alarm_topic.topic,
        )
        api = InferenceApi(
            self,
            "Inference",
            parameters=parameters,
            partition=partition,
            ways=ways,
            endpoint=endpoint,
            events=events,
            registry=registry,
            front_end=front_end,
            model_name=reported_name,
        )
        alarms = ServiceAlarms(
            self,
            "ServiceAlarms",
            parameters=parameters.alarms,
            stage=api.stage,
            function=api.function,
            is_async=endpoint.kind.is_async,
            topic=alarm_topic.topic,
        )
        dashboard = Dashboard(
            self,
            "Dashboard",
            api=api,
            endpoint=endpoint,
            instance_type=parameters.capacity.deploy_instance_type.value_as_string,
            alarms=alarms.always,
            has_registry=ways.has_registry,
        )
        EventCompletion(
            self,
            "AsyncResults",
            parameters=parameters,
            partition=partition,
            endpoint=endpoint,
            events=events,
            model_name=reported_name,
            alarm_topic=alarm_topic.topic,
        )

        CfnOutput(self, "ApiUrl", value=f"{api.url}inference", description="POST frames here")
        CfnOutput(self, "PushUrl", value=f"{api.url}push", description="Cameras push here, or below it")
        CfnOutput(
            self,
            "ApiKeyId",
            value=api.key_id,
            condition=ways.uses_key,
            description="aws apigateway get-api-key --include-value --query value --output text --api-key THIS",
        )
        CfnOutput(self, "EndpointName", value=endpoint.endpoint_name, description="SageMaker endpoint")
        CfnOutput(self, "DashboardName", value=dashboard.name, description="CloudWatch dashboard")
        CfnOutput(self, "EventsBucket", value=events.bucket.bucket_name, description="Frames and results, when kept")
        CfnOutput(
            self,
            "EventsTable",
            value=events.table.name,
            condition=events.has_table,
            description="Query it with Athena",
        )
        for name, table, description in (
            ("CameraRegistryTable", registry.tables.cameras, "Cameras, which 'ipc-ai camera' administers"),
            ("CameraStatesTable", registry.tables.states, "When each camera was last seen"),
        ):
            CfnOutput(self, name, value=table.table_name, condition=ways.has_registry, description=description)
        for name, queue, description in (
            ("IngestQueueUrl", front_end.queue, "Pictures to look at: files that cameras upload, and accepted pushes"),
            (
                "IngestDeadLetterQueueUrl",
                front_end.dead_letter_queue,
                "Pictures that did not become events: replay them",
            ),
        ):
            CfnOutput(self, name, value=queue.queue_url, condition=front_end.is_on, description=description)
