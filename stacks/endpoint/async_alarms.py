"""Alarms on an asynchronous endpoint's queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from aws_cdk import CfnCondition, Duration
from aws_cdk.aws_cloudwatch import Alarm, CfnAlarm, ComparisonOperator, Metric, TreatMissingData
from aws_cdk.aws_sns import ITopic
from constructs import Construct

from stacks.telemetry.alarm_topic import tell

_LONGEST_WAIT = Duration.minutes(15)  # three times what the first instance needs


class AsyncAlarms(Construct):
    """Alarms on requests that wait too long or expire; with ``endpointType=async`` alone."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        variant_name: str,
        is_async: CfnCondition,
        topic: ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        endpoint = {"EndpointName": endpoint_name}
        alarms = [
            self._above(
                "Backlog",
                _metric("ApproximateAgeOfOldestRequest", endpoint, "Maximum"),
                _LONGEST_WAIT.to_seconds(),
                "A request waits for longer than 15 minutes. Look first at the dashboard's instances: none, and the "
                "endpoint cannot start, see its log; maxInstanceCount of them, and more are needed",
            ),
            self._above(
                "ExpiredRequests",
                _metric("ExpiredRequests", {**endpoint, "VariantName": variant_name}, "Sum"),
                0,
                "SageMaker gave up requests that waited too long. Look first at the endpoint's log, then raise "
                "maxInstanceCount",
            ),
        ]
        for alarm in alarms:
            tell(topic, alarm)
            cast(CfnAlarm, alarm.node.default_child).cfn_options.condition = is_async

    def _above(self, name: str, metric: Metric, threshold: float, description: str) -> Alarm:
        return Alarm(
            self,
            name,
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        )


def _metric(name: str, dimensions: Mapping[str, str], statistic: str) -> Metric:
    return Metric(
        namespace="AWS/SageMaker",
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=Duration.minutes(5),
    )
