"""The SageMaker endpoint: role, models, configuration and endpoint, in this order.

Model and EndpointConfig have no physical name, so that a change of model or image replaces them and updates the
Endpoint in place. The Endpoint's name is made of the stack's id: the alarms that guard its update name it before it
exists.
"""

from __future__ import annotations

from typing import cast

from aws_cdk import Aws, CfnCondition, CfnDeletionPolicy, Fn, RemovalPolicy
from aws_cdk.aws_iam import IRole, PolicyStatement
from aws_cdk.aws_logs import CfnLogGroup, LogGroup
from aws_cdk.aws_sagemaker import CfnEndpoint
from constructs import Construct

from stacks.access.conditional_policy import attach
from stacks.assets.container_images import ContainerImages
from stacks.conditions import value_if
from stacks.endpoint.alarms import EndpointAlarms
from stacks.endpoint.async_alarms import AsyncAlarms
from stacks.endpoint.configuration import VARIANT, endpoint_configuration
from stacks.endpoint.execution_role import execution_role, grant_watch
from stacks.endpoint.model import sagemaker_models
from stacks.endpoint.options import EndpointOptions
from stacks.endpoint.result_topic import ResultTopic
from stacks.endpoint.scaling import EndpointScaling
from stacks.endpoint.shadow import SHADOW_VARIANT
from stacks.endpoint.update import guarded_by
from stacks.events.event_store import EventStore
from stacks.parameters.stack_parameters import Parameters
from stacks.partition import Partition
from stacks.telemetry.alarm_topic import AlarmTopic
from stacks.telemetry.log_retention import keep_for


class ModelEndpoint(Construct):
    """An endpoint that serves the chosen application and model.

    Attributes:
        endpoint_name: its name.
        variant_name: the name of the variant that answers.
        kind: real-time, serverless or asynchronous.
        result_topic: the topic of asynchronous requests that are done; it exists with an asynchronous endpoint.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: Parameters,
        partition: Partition,
        images: ContainerImages,
        events: EventStore,
        alarm_topic: AlarmTopic,
        model_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        options = EndpointOptions(self, parameters, has_key=events.encryption.has_key)
        self.kind = options.kind
        self.variant_name = VARIANT
        name = f"ipc-ai-saas-{Fn.select(2, Fn.split('/', Aws.STACK_ID))}{self.kind.name_suffix}"
        log_group = _log_group(self, name)
        keep_for(log_group, parameters.logs.retention_days)
        results = ResultTopic(self, "Results", encryption=events.encryption, is_async=self.kind.is_async)
        self.result_topic = results.topic
        role = execution_role(self, options=options, images=images, events=events, results=results, log_group=log_group)
        models = sagemaker_models(
            self, role=role, parameters=parameters, options=options, images=images, model_name=model_name
        )
        scaling = EndpointScaling(self, "Scaling", parameters=parameters, partition=partition, kind=self.kind)
        config = endpoint_configuration(
            self,
            models=models,
            parameters=parameters,
            options=options,
            images=images,
            events=events,
            scaling=scaling,
            results=results,
        )
        alarms = EndpointAlarms(
            self,
            "Alarms",
            endpoint_name=name,
            endpoint_config_name=config.attr_endpoint_config_name,
            variant_name=VARIANT,
            topic=alarm_topic.topic,
        )
        alarms.watch_shadow(variant_name=SHADOW_VARIANT, only_if=options.shadow.runs)
        self._endpoint = CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=name,
            endpoint_config_name=config.attr_endpoint_config_name,
            deployment_config=guarded_by(
                alarms.of_newest_fleet,
                kind=self.kind,
                has_several=scaling.has_several,
                has_shadow=options.shadow.runs,
            ),
            # With scaling, an update keeps the number of instances that run now; without, minInstanceCount counts.
            retain_all_variant_properties=value_if(scaling.is_scaled, True, False),
            # Data capture and weights would be retained, too; dataCapturePercentage and shadowPercentage count instead.
            exclude_retained_variant_properties=value_if(
                scaling.is_scaled,
                [
                    {"VariantPropertyType": "DataCaptureConfig"},
                    value_if(options.shadow.runs, {"VariantPropertyType": "DesiredWeight"}),
                ],
            ),
        )
        self._endpoint.node.add_dependency(log_group)
        self._endpoint.node.add_dependency(grant_watch(role, self, alarms.of_newest_fleet))
        self.endpoint_name = self._endpoint.attr_endpoint_name
        scaling.scale(endpoint_name=self.endpoint_name, variant_name=VARIANT)
        AsyncAlarms(
            self,
            "AsyncAlarms",
            endpoint_name=self.endpoint_name,
            variant_name=VARIANT,
            is_async=self.kind.is_async,
            topic=alarm_topic.topic,
        )

    def grant_invoke(self, role: IRole) -> None:
        """Let a role invoke this endpoint in the way of its kind, at once or by the queue, and in no other."""
        ways = {
            "InvokeEndpoint": self.kind.answers_at_once,
            "InvokeEndpointAsync": self.kind.is_async,
        }
        for action, condition in ways.items():
            attach(self, action, role=role, statements=[self._call(action)], condition=condition)

    def grant_invoke_at_once(self, role: IRole, *, only_if: CfnCondition) -> None:
        """Let a role that exists under a condition invoke this endpoint, unless that is asynchronous."""
        attach(
            self,
            "InvokeEndpoint",
            role=role,
            statements=[self._call("InvokeEndpoint")],
            condition=self.kind.answers_at_once,
            only_if=only_if,
        )

    def _call(self, action: str) -> PolicyStatement:
        """Permission to call the endpoint, whose Ref is its ARN."""
        return PolicyStatement(actions=[f"sagemaker:{action}"], resources=[self._endpoint.ref])


def _log_group(scope: Construct, endpoint_name: str) -> LogGroup:
    """Make the container's log; SageMaker takes this group, and keeps the lines of one that it makes itself for ever.

    It outlives the stack, because its lines say why a first deployment failed, and a rollback deletes all else. A group
    that gives way to another kind's is deleted, or a way back to that kind would find the name taken.
    """
    group = LogGroup(
        scope,
        "Logs",
        log_group_name=f"/aws/sagemaker/Endpoints/{endpoint_name}",
        removal_policy=RemovalPolicy.RETAIN,
    )
    cast(CfnLogGroup, group.node.default_child).cfn_options.update_replace_policy = CfnDeletionPolicy.DELETE
    return group
