"""The page is valid in every partition, and shows what is really measured."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from inference_api import handler as module
from inference_api import resources as function_resources
from inference_api.errors import ApiError, EndpointUnavailableError, RefusedByModelError
from inference_api.events.event_store import EventStore
from inference_api.messages import Inference
from stacks.monitoring.instance_prices import HOURLY
from tests.fake_s3 import FakeS3
from tests.lambda_events import proxy_event
from tests.stacks.rendering import REGIONS, of_type, only, rendered
from workbench.capacity import prices

NAMESPACE = "IpcAiSaas"
DASHBOARD = "AWS::CloudWatch::Dashboard"
ALL_ALARMS = {"alarmNoTrafficMinutes": "15", "saveRequestEvents": "Yes"}
# The metrics that AWS documents for each service.
OF_SERVICES = {
    "AWS/ApiGateway": {"Count", "4XXError", "5XXError", "Latency", "IntegrationLatency"},
    "AWS/Lambda": {"Errors", "Throttles", "ConcurrentExecutions", "Duration", "Invocations"},
    "AWS/SageMaker": {"Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency", "OverheadLatency"},
    "/aws/sagemaker/Endpoints": {"CPUUtilization", "MemoryUtilization", "GPUUtilization"},
}
SEARCH = re.compile(r"SEARCH\('\{([\w/]+),([\w,]+)\} MetricName=\"(\w+)\"((?: \w+=\"[^\"]+\")+)', '\w+', 60\).*")
CONTEXT: Any = types.SimpleNamespace(
    function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn:f", aws_request_id="lambda-1"
)

Named = tuple[str, str, frozenset[tuple[str, str]]]
"""A metric: its namespace, its name, and the dimensions with their values."""


class _Endpoint:
    """Answers, or fails as it is told."""

    def __init__(self, failure: ApiError | None) -> None:
        self._failure = failure

    def infer(self, *_: Any) -> Inference:
        if self._failure is not None:
            raise self._failure
        return Inference(b'{"bbox_scores": [[0.9]]}')


def _body(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The page as CloudWatch gets it: JSON in a string."""
    document: dict[str, Any] = json.loads(only(resources, DASHBOARD)["DashboardBody"])
    return document


def _rows(body: Mapping[str, Any]) -> Iterator[list[Any]]:
    for widget in body["widgets"]:
        yield from widget["properties"].get("metrics", [])


def _shown(body: Mapping[str, Any]) -> set[Named]:
    """The metrics that a page names or searches for, with any value for the dimension searched."""
    named: set[Named] = set()
    for row in _rows(body):
        texts = [part for part in row if isinstance(part, str)]
        if texts:
            pairs = zip(texts[2::2], texts[3::2], strict=True)
            named.add((texts[0], texts[1], frozenset(pairs)))
        expression = row[-1].get("expression", "") if isinstance(row[-1], dict) else ""
        if "SEARCH" in expression:
            found = SEARCH.fullmatch(expression)
            assert found is not None, expression
            namespace, dimensions, metric, terms = found.groups()
            values = dict(re.findall(r'(\w+)="([^"]+)"', terms))
            named.add((namespace, metric, frozenset((name, values.get(name, "*")) for name in dimensions.split(","))))
    return named


def _watched(resources: Mapping[str, Mapping[str, Any]]) -> set[Named]:
    return {
        (alarm["Namespace"], alarm["MetricName"], frozenset((d["Name"], d["Value"]) for d in alarm["Dimensions"]))
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
    }


def _lines(
    resources: Mapping[str, Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, Any]]:
    """Metrics of the deployed function for requests that succeed, fail either way, or are not stored."""
    for name, value in only(resources, "AWS::Lambda::Function")["Environment"]["Variables"].items():
        monkeypatch.setenv(name, value)
    caches = (function_resources.settings, function_resources.origin)
    for failure, client in (
        (None, FakeS3()),
        (None, FakeS3(failing=("result.json",))),
        (RefusedByModelError(400, "InvalidImage", "truncated"), FakeS3()),
        (EndpointUnavailableError("busy"), FakeS3()),
    ):
        store = EventStore(cast(Any, client), "bucket")
        monkeypatch.setattr(function_resources, "endpoint", lambda failure=failure: _Endpoint(failure))
        monkeypatch.setattr(function_resources, "event_store", lambda store=store: store)
        for cached in caches:
            cached.cache_clear()
        module.handler(proxy_event(b"\xff\xd8\xff", content_type="image/jpeg", X_Camera_Id="gate-1"), CONTEXT)
    for cached in caches:
        cached.cache_clear()
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


def _emitted(lines: list[dict[str, Any]]) -> set[Named]:
    """The metrics that CloudWatch makes of the lines; a code stands for any."""
    found: set[Named] = set()
    for line in lines:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for dimensions in directive["Dimensions"]:
                values = frozenset((name, "*" if name == "code" else line[name]) for name in dimensions)
                found |= {(directive["Namespace"], metric["Name"], values) for metric in directive["Metrics"]}
    return found


@pytest.mark.parametrize("region", REGIONS)
def test_every_metric_shown_or_watched_is_measured(
    template: dict[str, Any], region: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = rendered(template, region, **ALL_ALARMS)
    emitted = _emitted(_lines(resources, monkeypatch, capsys))
    ours = {named for named in _shown(_body(resources)) | _watched(resources) if named[0] == NAMESPACE}
    assert {name for _, name, _ in ours} >= {"Requests", "ClientErrors", "ServerErrors", "EventStoreFailures"}
    assert ours <= emitted, ours - emitted
    for namespace, name, _ in (_shown(_body(resources)) | _watched(resources)) - ours:
        assert name in OF_SERVICES[namespace], (namespace, name)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("way", ["CAMERA", "CAMERA_IAM"])
def test_known_cameras_have_a_row_of_their_own(template: dict[str, Any], region: str, way: str) -> None:
    without, known = (
        _body(rendered(template, region, apiAuthorization=given))["widgets"] for given in ("API_KEY", way)
    )
    row = known[len(without) :]
    assert known[: len(without)] == without
    assert [name for _, name, _ in sorted(_shown({"widgets": row}))] == [
        *("BoxesLeftOut", "Pushes", "RefusedCredentials", "SeenCameras", "SilentCameras")
    ]
    assert {widget["y"] for widget in row} == {max(widget["y"] + widget["height"] for widget in without)}
    assert sum(widget["width"] for widget in row) == 24


@pytest.mark.parametrize("misspelt", ["Requestz", "ClientErorrs"])
def test_a_misspelt_metric_would_be_found(
    template: dict[str, Any], misspelt: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = rendered(template, **ALL_ALARMS)
    right = {"Requestz": "Requests", "ClientErorrs": "ClientErrors"}[misspelt]
    body = json.loads(json.dumps(_body(resources)).replace(right, misspelt))
    emitted = _emitted(_lines(resources, monkeypatch, capsys))
    assert {name for _, name, _ in {n for n in _shown(body) if n[0] == NAMESPACE} - emitted} == {misspelt}


def test_cameras_have_metrics_of_their_own_where_asked(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {"No": set(), "Yes": {"Requests", "ClientErrors", "ServerErrors"}}
    for asked, metrics in expected.items():
        lines = _lines(rendered(template, cameraMetrics=asked, **ALL_ALARMS), monkeypatch, capsys)
        of_cameras = {name for _, name, dimensions in _emitted(lines) if ("camera", "gate-1") in dimensions}
        assert of_cameras == metrics


def test_the_query_for_silent_cameras_reads_what_is_written(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = rendered(template, **ALL_ALARMS)
    (widget,) = (widget for widget in _body(resources)["widgets"] if widget["type"] == "log")
    source, *commands = re.split(r"\s\| ", widget["properties"]["query"])
    (group,) = (name for name in of_type(resources, "AWS::Logs::LogGroup") if name.startswith("InferenceFunctionLogs"))
    assert source == f"SOURCE '{group}'"
    read = {commands[0].split()[1], *re.findall(r"sum\((\w+)\)", commands[1]), commands[1].rsplit(" by ", 1)[1]}
    written = {name for line in _lines(resources, monkeypatch, capsys) for name in line}
    assert read == {"Requests", "ClientErrors", "ServerErrors", "camera_id"}
    assert read <= written
    assert commands[2] == "sort last_request asc"


@pytest.mark.parametrize("region", REGIONS)
def test_the_page_fits_the_grid_and_its_expressions_name_metrics_that_are_there(
    template: dict[str, Any], region: str
) -> None:
    resources = rendered(template, region)
    body = _body(resources)
    assert body["periodOverride"] == "inherit"
    for widget in body["widgets"]:
        assert widget["x"] + widget["width"] <= 24
        assert widget["properties"]["title"]
        assert widget["properties"].get("region", region) == region
        rows = widget["properties"].get("metrics", [])
        ids = [row[-1]["id"] for row in rows if "id" in row[-1]]
        assert len(ids) == len(set(ids))
        for row in rows:
            expression = row[-1].get("expression", "")
            if expression and "SEARCH" not in expression:
                assert set(re.findall(r"\b[a-z]\w*\b", expression)) <= set(ids)
    assert "DashboardName" not in only(resources, DASHBOARD)


@pytest.mark.parametrize("instance_type", [*HOURLY, "ml.g5.xlarge"])
def test_the_cost_is_that_of_the_chosen_type(template: dict[str, Any], instance_type: str) -> None:
    body = _body(rendered(template, deployInstanceType=instance_type))
    (cost,) = (row[-1]["expression"] for row in _rows(body) if row[-1].get("label") == "USD a day")
    assert cost == f"samples / (PERIOD(samples) / 60) * {HOURLY.get(instance_type, 0)} * 24"


@pytest.mark.parametrize("region", REGIONS)
def test_the_shadow_is_shown_beside_the_live_variant(template: dict[str, Any], region: str) -> None:
    resources = rendered(template, region)
    (endpoint,) = of_type(resources, "AWS::SageMaker::Endpoint")
    by_variant: dict[str, set[str]] = {"AllTraffic": set(), "Shadow": set()}
    for _, name, dimensions in _shown(_body(resources)):
        values = dict(dimensions)
        if "VariantName" in values:
            assert values["EndpointName"] == f"{endpoint}.EndpointName"
            by_variant[values["VariantName"]].add(name)
    assert by_variant["Shadow"] == {"Invocations", "Invocation5XXErrors", "ModelLatency", "CPUUtilization"}
    assert by_variant["Shadow"] - {"Invocation5XXErrors"} <= by_variant["AllTraffic"]
    searches = [row[-1]["expression"] for row in _rows(_body(resources)) if "Shadow" in str(row[-1].get("expression"))]
    assert sum("ModelLatency" in text and text.endswith(" / 1000") for text in searches) == 2  # microseconds


def test_it_shows_alarms_that_are_there_by_default(template: dict[str, Any]) -> None:
    resources = rendered(template)
    (widget,) = (widget for widget in _body(resources)["widgets"] if widget["type"] == "alarm")
    named = {arn.removesuffix(".Arn") for arn in widget["properties"]["alarms"]}
    assert named == {name for name in of_type(resources, "AWS::CloudWatch::Alarm") if name.startswith("ServiceAlarms")}


def test_the_dashboard_and_the_plan_have_the_same_prices() -> None:
    entries = json.loads(prices.PRICES.read_text(encoding="utf-8"))["regions"]["us-east-1"]["instance_hour"]
    assert {name: entry["price"] for name, entry in entries.items()} == HOURLY
