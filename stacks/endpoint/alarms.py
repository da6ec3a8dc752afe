"""Alarms on the endpoint: for its operator, and for updates that shift traffic to a new fleet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from aws_cdk import CfnCondition, Duration
from aws_cdk.aws_cloudwatch import Alarm, CfnAlarm, ComparisonOperator, Metric, TreatMissingData
from aws_cdk.aws_sns import ITopic
from constructs import Construct

from stacks.telemetry.alarm_topic import tell


@dataclass(frozen=True)
class _Symptom:
    """A metric of ``AWS/SageMaker`` and the value above which something is wrong."""

    metric: str
    statistic: str
    threshold: float
    says: str


# An answer of 5xx counts as 1 and every other as 0, so that their average is the rate. ModelLatency is in microseconds;
# 15 s are three quarters of what the function waits for an answer.
_SYMPTOMS = {
    "ServerErrors": _Symptom("Invocation5XXErrors", "Average", 0.05, "more than 5 % of the requests got a 5xx"),
    "Latency": _Symptom("ModelLatency", "p99", 15_000_000, "the slowest 1 % of the requests took longer than 15 s"),
}


class EndpointAlarms(Construct):
    """An alarm a symptom over the whole endpoint, for people, and one over the newest fleet alone, for updates.

    Only alarms of the newest fleet roll an update back. With those of the whole endpoint, a failing model could
    never be replaced.

    Attributes:
        of_newest_fleet: the alarms that roll an update back.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        endpoint_config_name: str,
        variant_name: str,
        topic: ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._endpoint_name = endpoint_name
        self._topic = topic
        endpoint = {"EndpointName": endpoint_name, "VariantName": variant_name}
        newest_fleet = {**endpoint, "EndpointConfigName": endpoint_config_name}
        self.of_newest_fleet: list[Alarm] = []
        for name, symptom in _SYMPTOMS.items():
            alarm = self._alarm(name, symptom, endpoint, f"The endpoint: {symptom.says}")
            tell(topic, alarm)
            self.of_newest_fleet.append(
                self._alarm(f"NewestFleet{name}", symptom, newest_fleet, f"The endpoint's newest fleet: {symptom.says}")
            )

    def watch_shadow(self, *, variant_name: str, only_if: CfnCondition) -> None:
        """Tell the operator of a candidate that fails. It rolls no update back, because cameras see nothing of it."""
        alarm = self._alarm(
            "ShadowErrors",
            _SYMPTOMS["ServerErrors"],
            {"EndpointName": self._endpoint_name, "VariantName": variant_name},
            f"The endpoint's shadow, whose answers no camera gets: {_SYMPTOMS['ServerErrors'].says}",
        )
        tell(self._topic, alarm)
        cast(CfnAlarm, alarm.node.default_child).cfn_options.condition = only_if

    def _alarm(self, name: str, symptom: _Symptom, dimensions: Mapping[str, str], description: str) -> Alarm:
        return Alarm(
            self,
            name,
            alarm_description=f"{description} in 2 of 3 minutes",
            metric=Metric(
                namespace="AWS/SageMaker",
                metric_name=symptom.metric,
                dimensions_map=dimensions,
                statistic=symptom.statistic,
                period=Duration.minutes(1),
            ),
            threshold=symptom.threshold,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=3,
            datapoints_to_alarm=2,
            # No requests are no fault of the endpoint.
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        )
