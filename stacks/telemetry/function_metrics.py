"""Metrics of requests, as ``inference_api/metrics/telemetry.py`` writes them."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk.aws_cloudwatch import MathExpression, Metric, Stats

NAMESPACE = "IpcAiSaas"

_MINUTE = Duration.minutes(1)


def function_metric(
    name: str,
    *,
    service: str = Aws.STACK_NAME,
    statistic: str = Stats.SUM,
    period: Duration = _MINUTE,
    label: str | None = None,
) -> Metric:
    """A metric of this deployment, whatever its application and model.

    Its one dimension is the service: the stack's name, which tells deployments in one region apart. The function for
    files has one of its own.
    """
    return Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": service},
        statistic=statistic,
        period=period,
        label=label,
    )


def errors_by_code(name: str) -> MathExpression:
    """A metric of errors, one line for each code; a search finds new codes by itself."""
    return MathExpression(
        expression=(
            f"SEARCH('{{{NAMESPACE},service,code}} MetricName=\"{name}\" service=\"{Aws.STACK_NAME}\"', 'Sum', 60)"
        ),
        using_metrics={},
        label="${PROP('Dim.code')}",
        period=_MINUTE,
    )
