"""One page about the service: requests, errors, latency by stage, instances, their cost, and silent cameras.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, CfnCondition, Duration, Fn, Stack
from aws_cdk.aws_cloudwatch import (
    AlarmStatusWidget,
    CfnDashboard,
    Column,
    GraphWidget,
    IAlarm,
    IMetric,
    IWidget,
    LogQueryWidget,
    MathExpression,
    Metric,
    Row,
    Stats,
    YAxisProps,
)
from aws_cdk.aws_cloudwatch import Dashboard as CloudWatchDashboard
from constructs import Construct

from stacks.api.inference_api import InferenceApi
from stacks.conditions import equals, value_if
from stacks.endpoint.model_endpoint import ModelEndpoint
from stacks.monitoring.endpoint_metrics import EndpointMetrics
from stacks.monitoring.instance_prices import HOURLY
from stacks.telemetry.function_metrics import errors_by_code, function_metric

_MINUTE = Duration.minutes(1)
_PERCENTILES = ("p50", "p95", "p99")
_ROW = 24  # columns of CloudWatch's grid
_MILLISECONDS = YAxisProps(label="ms", min=0, show_units=False)
_COUNT = YAxisProps(label="a minute", min=0, show_units=False)


class Dashboard(Construct):
    """The page. CloudFormation names it, because a name counts for all regions of the account.

    Attributes:
        name: its name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api: InferenceApi,
        endpoint: ModelEndpoint,
        instance_type: str,
        alarms: Sequence[IAlarm],
        has_registry: CfnCondition,
    ) -> None:
        """Lay out the page.

        Args:
            scope: where it belongs.
            construct_id: its id.
            api: the API and its function.
            endpoint: the endpoint behind it.
            instance_type: instance type of the endpoint.
            alarms: the alarms whose state it shows; they exist in every deployment.
            has_registry: the condition that cameras are known, which have a row of graphs then.
        """
        super().__init__(scope, construct_id)
        self._api = api
        self._endpoint = EndpointMetrics(endpoint)
        rows: list[list[IWidget]] = [
            [AlarmStatusWidget(title="Alarms of the API and the function", alarms=alarms, width=_ROW, height=2)],
            [
                _graph("Requests", _COUNT, self._requests()),
                _graph("4xx by code", _COUNT, [errors_by_code("ClientErrors"), self._refused()]),
                _graph("5xx", _COUNT, self._server_errors()),
            ],
            [_graph(f"Latency by stage, {name}", _MILLISECONDS, self._stages(name)) for name in _PERCENTILES],
            [
                _graph("Model against SageMaker's overhead", _MILLISECONDS, self._model_and_overhead()),
                _graph("Throttled", _COUNT, self._throttles()),
                _graph("Event store", _COUNT, [function_metric("EventStoreFailures")], right=_store_waits()),
            ],
            [
                _graph("Instances", YAxisProps(min=0, show_units=False), self._endpoint.instances("instances")),
                _graph(
                    "Instances' cost a day, at a list price in us-east-1 (a rough figure: see docs/operations.md)",
                    YAxisProps(label="USD", min=0, show_units=False),
                    self._endpoint.instances("USD a day", arithmetic=f" * {self._price_an_hour(instance_type)} * 24"),
                ),
                _graph("Frames and what was found", _COUNT, [function_metric("Detections")], right=_frame_sizes()),
            ],
            [_silent_cameras(api.log_group.log_group_name)],
        ]
        page = CloudWatchDashboard(self, "Page")
        cast(CfnDashboard, page.node.default_child).dashboard_body = self._body(rows, _of_registry(), has_registry)
        self.name = page.dashboard_name

    def _body(self, rows: Sequence[Sequence[IWidget]], last_row: Sequence[IWidget], has_last: CfnCondition) -> str:
        """The page as CloudWatch takes it, with a last row where a condition holds.

        Graphs keep their period of a minute when more time is shown, so that sums stay sums a minute.
        """
        laid_out = [cast(IWidget, Row(*row)) for row in rows]  # its Python class does not say so to mypy
        always = Column(*laid_out)
        last = Row(*last_row)
        always.position(0, 0)
        last.position(0, always.height)
        first_part, last_part = (
            ",".join(Stack.of(self).to_json_string(widget) for widget in part.to_json()) for part in (always, last)
        )
        begin, end = '{"start":"-P1D","periodOverride":"inherit","widgets":[', "]}"
        return Fn.join("", [begin, first_part, value_if(has_last, f",{last_part}", "").to_string(), end])

    def _requests(self) -> list[IMetric]:
        return [
            self._api_metric("Count", "API"),
            function_metric("Requests", label="function"),
            self._endpoint.live("Invocations", Stats.SUM, "endpoint"),
            self._endpoint.shadow("Invocations", Stats.SUM, "the endpoint's shadow"),
        ]

    def _server_errors(self) -> list[IMetric]:
        return [
            self._api_metric("5XXError", "API"),
            errors_by_code("ServerErrors"),
            self._endpoint.shadow("Invocation5XXErrors", Stats.SUM, "the endpoint's shadow, which no camera sees"),
        ]

    def _refused(self) -> MathExpression:
        """Requests that API Gateway refuses itself: 403 without a key, 413, and 429 above the rate or the quota."""
        return MathExpression(
            expression="FILL(refused, 0) - FILL(told, 0)",
            using_metrics={
                "refused": self._api_metric("4XXError", "API"),
                "told": function_metric("ClientErrors"),
            },
            label="refused before the function: 403, 413, 429",
            period=_MINUTE,
        )

    def _stages(self, percentile: str) -> list[IMetric]:
        """Latencies from the outside in; each includes the next. The event store comes after the model's answer."""
        return [
            self._api_metric("Latency", "API", percentile),
            self._api_metric("IntegrationLatency", "API Gateway waits for the function", percentile),
            function_metric("Latency", statistic=percentile, label="function"),
            function_metric("EndpointLatency", statistic=percentile, label="function waits for the endpoint"),
            _in_milliseconds("model", self._endpoint.live("ModelLatency", percentile, "model"), "model"),
            function_metric("StoreLatency", statistic=percentile, label="function waits for the event store"),
        ]

    def _model_and_overhead(self) -> list[IMetric]:
        live: list[IMetric] = [
            _in_milliseconds(f"{name}{percentile}", self._endpoint.live(metric, percentile), f"{name} {percentile}")
            for name, metric in (("model", "ModelLatency"), ("overhead", "OverheadLatency"))
            for percentile in ("p50", "p99")
        ]
        shadow = [
            self._endpoint.shadow("ModelLatency", percentile, f"shadow's model {percentile}", arithmetic=" / 1000")
            for percentile in ("p50", "p99")
        ]
        return [*live, *shadow]

    def _throttles(self) -> list[IMetric]:
        function = self._api.function
        return [
            function.metric_throttles(statistic=Stats.SUM, period=_MINUTE, label="function"),
            function.metric("ConcurrentExecutions", statistic=Stats.MAXIMUM, period=_MINUTE, label="function at once"),
        ]

    def _price_an_hour(self, instance_type: str) -> str:
        """The list price of the type where one is known, else 0."""
        price = "0"
        for name, known in HOURLY.items():
            is_this = CfnCondition(
                self, f"Is{''.join(filter(str.isalnum, name))}", expression=equals(instance_type, name)
            )
            price = value_if(is_this, str(known), price).to_string()
        return price

    def _api_metric(self, name: str, label: str, statistic: str = Stats.SUM) -> Metric:
        return self._api.stage.metric(name, statistic=statistic, period=_MINUTE, label=label)


def _of_registry() -> list[IWidget]:
    """Graphs of known cameras: silent ones, pushes and refusals, and boxes that profiles leave out."""
    silent = [
        function_metric(name, statistic=Stats.MAXIMUM, label=label)
        for name, label in (("SilentCameras", "silent"), ("SeenCameras", "seen"))
    ]
    return [
        _graph("Cameras", YAxisProps(min=0, show_units=False), silent),
        _graph(
            "Pushes and refused credentials", _COUNT, [function_metric("Pushes"), function_metric("RefusedCredentials")]
        ),
        _graph("Boxes that profiles left out", _COUNT, [function_metric("BoxesLeftOut")]),
    ]


def _graph(title: str, axis: YAxisProps, left: Sequence[IMetric], right: Sequence[IMetric] = ()) -> GraphWidget:
    return GraphWidget(
        title=title,
        left=list(left),
        right=list(right),
        left_y_axis=axis,
        right_y_axis=YAxisProps(min=0),
        width=_ROW // 3,
        region=Aws.REGION,
    )


def _in_milliseconds(name: str, microseconds: Metric, label: str) -> MathExpression:
    return MathExpression(expression=f"{name} / 1000", using_metrics={name: microseconds}, label=label, period=_MINUTE)


def _store_waits() -> list[IMetric]:
    return [function_metric("StoreLatency", statistic=name, label=f"waits, {name}") for name in ("p50", "p99")]


def _frame_sizes() -> list[IMetric]:
    return [function_metric("FrameBytes", statistic=name, label=f"bytes of frames, {name}") for name in ("p50", "p99")]


def _silent_cameras(log_group_name: str) -> LogQueryWidget:
    """Cameras that sent in the time shown, the longest silent first."""
    return LogQueryWidget(
        title="Silent cameras: last request of each in the time shown, the longest silent first",
        log_group_names=[log_group_name],
        query_lines=[
            "filter Requests = 1",
            "stats max(@timestamp) as last_request, sum(Requests) as requests, "
            "sum(ClientErrors) as client_errors, sum(ServerErrors) as server_errors by camera_id",
            "sort last_request asc",
            "limit 100",
        ],
        width=_ROW,
        height=8,
        region=Aws.REGION,
    )
