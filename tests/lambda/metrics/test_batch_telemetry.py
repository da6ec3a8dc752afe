from __future__ import annotations

import json

import pytest

from inference_api.metrics.batch_telemetry import BatchTelemetry


def _telemetry(*, is_cold: bool = False) -> BatchTelemetry:
    return BatchTelemetry(namespace="Test", service="s", function_name="f", is_cold=is_cold)


def test_each_file_of_a_batch_is_a_sample(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = _telemetry()
    for _ in range(2):
        telemetry.count("Inferences")
    with telemetry.timed("EndpointLatency"):
        pass
    telemetry.write()
    (line,) = (json.loads(text) for text in capsys.readouterr().out.splitlines())
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "Test",
            "Dimensions": [["service"]],
            "Metrics": [{"Name": "Inferences", "Unit": "Count"}, {"Name": "EndpointLatency", "Unit": "Milliseconds"}],
        }
    ]
    assert (line["service"], line["Inferences"], len(line["EndpointLatency"])) == ("s", [1, 1], 1)


def test_an_endpoint_that_fails_has_no_latency(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = _telemetry()
    with pytest.raises(RuntimeError), telemetry.timed("EndpointLatency"):
        raise RuntimeError
    telemetry.write()
    assert "EndpointLatency" not in capsys.readouterr().out


def test_a_cold_start_is_counted_by_function(capsys: pytest.CaptureFixture[str]) -> None:
    _telemetry(is_cold=True).write()
    line = json.loads(capsys.readouterr().out)
    assert line["_aws"]["CloudWatchMetrics"][1]["Dimensions"] == [["function_name", "service"]]
    assert line["_aws"]["CloudWatchMetrics"][1]["Metrics"] == [{"Name": "ColdStart", "Unit": "Count"}]
    assert (line["function_name"], line["ColdStart"]) == ("f", 1)
