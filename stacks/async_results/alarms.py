"""Alarms on asynchronous requests that failed, and on results that nothing stored."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import Alarm, ComparisonOperator, IMetric, Metric, Stats, TreatMissingData
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_sns import ITopic
from constructs import Construct

from stacks.telemetry.alarm_topic import tell
from stacks.telemetry.function_metrics import function_metric

_PERIOD = Duration.minutes(5)


def add_alarms(scope: Construct, *, endpoint_name: str, variant_name: str, function: Function, topic: ITopic) -> None:
    """Raise alarms on requests that the endpoint failed, on notifications that SageMaker lost, and on the function.

    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html

    Args:
        scope: the construct of the function.
        endpoint_name: the endpoint.
        variant_name: its variant.
        function: the function that completes events.
        topic: topic to notify.
    """
    not_told = Metric(
        namespace="AWS/SageMaker",
        metric_name="NotificationFailures",
        dimensions_map={"EndpointName": endpoint_name, "VariantName": variant_name},
        statistic=Stats.SUM,
        period=_PERIOD,
    )
    watched: dict[str, tuple[IMetric, str]] = {
        "AsyncFailures": (
            function_metric("AsyncFailures", period=_PERIOD),
            "The endpoint failed on asynchronous requests, not by the camera's fault. Look first at its log; the "
            "function's log names the requests, and error.json of each event the reason",
        ),
        "NotificationFailures": (
            not_told,
            "SageMaker could not tell of results: their events have no result until a client fetches them. Look first "
            "at the endpoint's execution role, which has to be allowed sns:Publish, and at the key in kmsKeyArn",
        ),
        "CompletionErrors": (
            function.metric_errors(period=_PERIOD),
            "Events of asynchronous requests were not completed at once. Lambda tries twice more; the function's log "
            "has the reason",
        ),
    }
    for name, (metric, description) in watched.items():
        alarm = Alarm(
            scope,
            name,
            alarm_description=description,
            metric=metric,
            threshold=0,
            comparison_operator=ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=TreatMissingData.NOT_BREACHING,
        )
        tell(topic, alarm)
