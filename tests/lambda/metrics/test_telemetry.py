"""One line a request, in CloudWatch's embedded metric format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from inference_api.messages import Inference
from inference_api.metrics.telemetry import Origin, Telemetry

ORIGIN = Origin(namespace="Test", service="s", application="face-detection", model="yunet_n", by_camera=False)
ALL, MODEL, CODE, CAMERA = ("service",), ("service", "application", "model"), ("service", "code"), ("service", "camera")


def _line(telemetry: Telemetry, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    telemetry.write()
    (line,) = capsys.readouterr().out.splitlines()
    document: dict[str, Any] = json.loads(line)
    return document


def _sets(line: Mapping[str, Any]) -> dict[tuple[str, ...], set[str]]:
    """The metrics of each set of dimensions, after a check that the line has their values."""
    found: dict[tuple[str, ...], set[str]] = {}
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == "Test"
        for dimensions in directive["Dimensions"]:
            assert tuple(dimensions) not in found
            assert all(isinstance(line[name], str) and line[name] for name in dimensions)
            found[tuple(dimensions)] = {metric["Name"] for metric in directive["Metrics"]}
    assert all(isinstance(line[name], float | int) for names in found.values() for name in names)
    return found


def test_a_request_has_two_sets(capsys: pytest.CaptureFixture[str]) -> None:
    line = _line(Telemetry(ORIGIN), capsys)
    assert _sets(line) == {ALL: {"Requests", "Latency"}, MODEL: {"Requests", "Latency"}}
    assert (line["service"], line["application"], line["model"]) == ("s", "face-detection", "yunet_n")


def test_an_error_has_its_code_and_a_camera_its_metrics_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry(replace(ORIGIN, by_camera=True))
    telemetry.identify("request-1", camera_id="大门 1")
    telemetry.failed(400, "InvalidImage")
    telemetry.count("FrameBytes", 7)
    line = _line(telemetry, capsys)
    sets = _sets(line)
    assert sets[CODE] == {"ClientErrors"}
    assert sets[CAMERA] == {"Requests", "ClientErrors"}
    assert (line["camera"], line["camera_id"]) == ("_1-0ade94a00dd4", "大门 1")


@pytest.mark.parametrize("code", ["", "two words", "x" * 65, "{}", "代码"])
def test_a_code_that_is_none_is_no_metric_of_its_own(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry(ORIGIN)
    telemetry.failed(499, code)
    assert _line(telemetry, capsys)["code"] == "Other"


def test_failures_are_timed_too(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry(ORIGIN)
    with pytest.raises(RuntimeError), telemetry.timed("EndpointLatency"):
        raise RuntimeError
    assert _line(telemetry, capsys)["EndpointLatency"] >= 0


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"bbox_scores": [[0.9], [0.8]]}, 2),
        ({"results": [{"bbox_scores": [[0.9]]}, {"bbox_scores": []}, {"bbox_scores": [[0.9], [0.8]]}]}, 3),
        ({"SourceImageFace": None, "FaceMatches": []}, 0),
        ({"SourceImageFace": {}, "FaceMatches": [{}, {}]}, 2),
        ({"results": [{"results": [{"bbox_scores": [[1]]}]}, 7], "bbox_scores": 5}, 0),
        ([1, 2, 3], 0),
        ("text", 0),
    ],
)
def test_detections_are_counted(answer: Any, found: int, capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry(ORIGIN)
    telemetry.detected(Inference(json.dumps(answer).encode()))
    assert _line(telemetry, capsys)["Detections"] == found


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        (replace(ORIGIN, application="custom"), Inference(b'{"bbox_scores": [1]}')),
        (replace(ORIGIN, application="image-classification"), Inference(b'{"labels": ["cat"], "scores": [0.9]}')),
        (ORIGIN, Inference(b"1,2", "text/csv")),
        (ORIGIN, Inference(b'{"bbox_scores": [')),
        (ORIGIN, Inference(b"[" * 100_000)),
        (ORIGIN, Inference(b"\xff")),
    ],
)
def test_answers_without_boxes_are_not_counted(
    origin: Origin, answer: Inference, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry = Telemetry(origin)
    telemetry.detected(answer)
    assert "Detections" not in _line(telemetry, capsys)
