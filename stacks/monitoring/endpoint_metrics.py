"""Metrics of the endpoint's variants, as SageMaker writes them.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk.aws_cloudwatch import IMetric, MathExpression, Metric, Stats

from stacks.endpoint.model_endpoint import ModelEndpoint
from stacks.endpoint.shadow import SHADOW_VARIANT

_MINUTE = Duration.minutes(1)
_OF_REQUESTS, _OF_INSTANCES = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
_REPORTS = "CPUUtilization"


class EndpointMetrics:
    """Metrics of the variant that answers, and of the shadow."""

    def __init__(self, endpoint: ModelEndpoint) -> None:
        self._variant = {"EndpointName": endpoint.endpoint_name, "VariantName": endpoint.variant_name}
        self._shadow = f'EndpointName="{endpoint.endpoint_name}" VariantName="{SHADOW_VARIANT}"'

    def live(self, name: str, statistic: str, label: str | None = None, *, namespace: str = _OF_REQUESTS) -> Metric:
        """A metric of the variant that answers."""
        return Metric(
            namespace=namespace,
            metric_name=name,
            dimensions_map=self._variant,
            statistic=statistic,
            period=_MINUTE,
            label=label,
        )

    def shadow(
        self, name: str, statistic: str, label: str, *, arithmetic: str = "", namespace: str = _OF_REQUESTS
    ) -> MathExpression:
        """A metric of the shadow. A search shows no line while there is no shadow.

        Args:
            name: of the metric.
            statistic: of its values in a minute.
            label: of the line.
            arithmetic: what is done with each value, such as `` / 1000``.
            namespace: of the metric.
        """
        schema = f"{namespace},EndpointName,VariantName"
        search = f"SEARCH('{{{schema}}} MetricName=\"{name}\" {self._shadow}', '{statistic}', 60)"
        return MathExpression(expression=f"{search}{arithmetic}", using_metrics={}, label=label, period=_MINUTE)

    def instances(self, label: str, *, arithmetic: str = "") -> list[IMetric]:
        """Instances of both variants, counted by their reports, with some arithmetic.

        SageMaker has no metric that counts them, but each reports its CPU every minute.
        """
        live = MathExpression(
            expression=f"samples / (PERIOD(samples) / 60){arithmetic}",
            using_metrics={"samples": self.live(_REPORTS, Stats.SAMPLE_COUNT, namespace=_OF_INSTANCES)},
            label=label,
            period=_MINUTE,
        )
        shadow = self.shadow(
            _REPORTS, Stats.SAMPLE_COUNT, f"{label}, shadow", arithmetic=arithmetic, namespace=_OF_INSTANCES
        )
        return [live, shadow]
