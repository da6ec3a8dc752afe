"""Alarms on silent cameras, on refused credentials, and on the watch itself."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnCondition, CfnParameter, Duration, Token
from aws_cdk.aws_cloudwatch import Alarm, CfnAlarm, ComparisonOperator, IMetric, Stats, TreatMissingData
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sns import ITopic
from constructs import Construct

from stacks.checks.acknowledgements import digits_are_numbers
from stacks.conditions import differs
from stacks.parameters.alarms import AlarmParameters
from stacks.telemetry.alarm_topic import tell
from stacks.telemetry.function_metrics import function_metric

_FIVE_MINUTES = Duration.minutes(5)


class RegistryAlarms(Construct):
    """An alarm for each, of which the first two are there where a parameter asks for them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: AlarmParameters,
        watch: Function,
        has_registry: CfnCondition,
        topic: ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        self._from(
            "SilentCameras",
            # A gauge of every minute, whose hysteresis is the watch's. A minute without a look changes nothing.
            function_metric("SilentCameras", statistic=Stats.MAXIMUM),
            parameters.silent_cameras,
            "alarmSilentCameras or more cameras are silent. Look first at 'ipc-ai camera list': where all of one site "
            "are, it has lost its network or power",
            missing=TreatMissingData.IGNORE,
        )
        self._from(
            "RefusedCredentials",
            function_metric("RefusedCredentials", period=_FIVE_MINUTES),
            parameters.refused_credentials,
            "alarmRefusedCredentials or more requests had a wrong or withdrawn credential in five minutes. Look first "
            "at the access log's lines of 401: one address is a camera with an old password or a stranger who guesses, "
            "many are a rotation that was not finished",
            missing=TreatMissingData.NOT_BREACHING,
        )
        failing = self._alarm(
            "WatchErrors",
            watch.metric_errors(period=_FIVE_MINUTES),
            "The look for silent cameras failed, so that none is found silent. Look first at the watch function's log",
            missing=TreatMissingData.NOT_BREACHING,
        )
        failing.cfn_options.condition = has_registry

    def _from(
        self, name: str, metric: IMetric, threshold: CfnParameter, description: str, *, missing: TreatMissingData
    ) -> None:
        """Raise an alarm from a number on that the operator chooses; 0 is no alarm, and all that is without a registry.

        A rule of the parameters sees to the latter.
        """
        resource = self._alarm(name, metric, description, missing=missing)
        resource.threshold = Token.as_number(threshold.value_as_string)
        resource.cfn_options.condition = CfnCondition(
            self, f"{name}Watched", expression=differs(threshold.value_as_string, "0")
        )
        digits_are_numbers(resource)

    def _alarm(self, name: str, metric: IMetric, description: str, *, missing: TreatMissingData) -> CfnAlarm:
        alarm = Alarm(
            self,
            name,
            alarm_description=description,
            metric=metric,
            threshold=1,
            comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=missing,
        )
        tell(self._topic, alarm)
        return cast(CfnAlarm, alarm.node.default_child)
