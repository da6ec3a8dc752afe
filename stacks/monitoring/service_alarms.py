"""Alarms on the API and its function, as cameras see them; ``stacks.endpoint.alarms`` watches the inside."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnCondition, Duration, Token
from aws_cdk.aws_apigateway import Stage
from aws_cdk.aws_cloudwatch import Alarm, CfnAlarm, ComparisonOperator, Metric, Stats, TreatMissingData
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sns import ITopic
from constructs import Construct

from stacks.checks.acknowledgements import acknowledge, digits_are_numbers
from stacks.conditions import differs, value_if
from stacks.parameters.alarms import AlarmParameters
from stacks.telemetry.alarm_topic import tell
from stacks.telemetry.function_metrics import function_metric

_MINUTE = Duration.minutes(1)
_FIVE_MINUTES = Duration.minutes(5)
_SERVER_ERROR_RATE = 0.05
# By design the function waits up to 16 s for an asynchronous endpoint, and then answers 202.
_ASYNC_LATENCY_MS = 25_000


class ServiceAlarms(Construct):
    """An alarm for each fault that cameras suffer from. Its description says where to look first.

    Attributes:
        always: the alarms of every deployment; the one for missing traffic depends on a parameter.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parameters: AlarmParameters,
        stage: Stage,
        function: Function,
        is_async: CfnCondition,
        topic: ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        self.always = [
            # An answer of 5xx counts as 1 and every other as 0, so that their average is the rate.
            self._over_minutes(
                "ServerErrors",
                stage.metric_server_error(statistic=Stats.AVERAGE, period=_MINUTE),
                _SERVER_ERROR_RATE,
                "The API answered more than 5 % of the requests with 5xx. Look first at the dashboard's 5xx by code: "
                "EndpointUnavailable and EndpointTimeout ask for more instances, ModelFailed for the endpoint's log",
            ),
            self._over_minutes(
                "Latency",
                stage.metric_latency(statistic="p99", period=_MINUTE),
                Token.as_number(value_if(is_async, _ASYNC_LATENCY_MS, parameters.latency_ms.value_as_string)),
                "The slowest 1 % of the API's answers took longer than alarmLatencyMs. Look first at the dashboard's "
                "latency by stage: where ModelLatency grows, raise maxInstanceCount",
            ),
            self._at_once(
                "FunctionErrors",
                function.metric_errors(statistic=Stats.SUM, period=_FIVE_MINUTES),
                "The function crashed, ran out of memory or out of time. Look first at its log for 'Task timed out' or "
                "a traceback",
            ),
            self._at_once(
                "FunctionThrottles",
                function.metric_throttles(statistic=Stats.SUM, period=_FIVE_MINUTES),
                "Lambda refused requests: the account's concurrent executions are used up. Look first at the quota "
                "'Concurrent executions' and ask AWS for more, or lower apiThrottleRate",
            ),
        ]
        self._watch_for_traffic(parameters.no_traffic_minutes.value_as_string)

    def _over_minutes(self, name: str, metric: Metric, threshold: float, description: str) -> Alarm:
        return self._telling(
            Alarm(
                self,
                name,
                alarm_description=description,
                metric=metric,
                threshold=threshold,
                comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=3,
                datapoints_to_alarm=2,
                treat_missing_data=TreatMissingData.NOT_BREACHING,
            )
        )

    def _at_once(self, name: str, metric: Metric, description: str) -> Alarm:
        return self._telling(
            Alarm(
                self,
                name,
                alarm_description=description,
                metric=metric,
                threshold=1,
                comparison_operator=ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                evaluation_periods=1,
                treat_missing_data=TreatMissingData.NOT_BREACHING,
            )
        )

    def _watch_for_traffic(self, minutes: str) -> None:
        """Watch for minutes without any request, for which the metric has no data.

        The function's own count, because API Gateway also counts requests with a wrong key.
        """
        is_watched = CfnCondition(self, "WatchesTraffic", expression=differs(minutes, "0"))
        alarm = self._telling(
            Alarm(
                self,
                "NoTraffic",
                alarm_description=(
                    "No request reached the function for alarmNoTrafficMinutes. Look first at the dashboard's 'refused "
                    "before the function': without any the cameras or their network are off, else their key is wrong"
                ),
                metric=function_metric("Requests"),
                threshold=1,
                comparison_operator=ComparisonOperator.LESS_THAN_THRESHOLD,
                evaluation_periods=1,
                treat_missing_data=TreatMissingData.BREACHING,
            )
        )
        resource = cast(CfnAlarm, alarm.node.default_child)
        resource.evaluation_periods = Token.as_number(minutes)
        resource.cfn_options.condition = is_watched
        digits_are_numbers(resource)
        acknowledge(
            resource, {"CloudFormation-Validate::F3034": "0 never reaches the alarm: WatchesTraffic leaves it out"}
        )

    def _telling(self, alarm: Alarm) -> Alarm:
        tell(self._topic, alarm)
        return alarm
