"""The handler with whole events, a fake endpoint and an emulated bucket."""

from __future__ import annotations

import base64
import gc
import http.server
import json
import logging
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from inference_api import handler as module
from inference_api import resources
from inference_api.errors import ApiError, EndpointUnavailableError, RefusedByModelError
from inference_api.events.event_store import EventStore
from inference_api.messages import Inference
from inference_api.sagemaker.refusals import translated_failure
from tests.fake_endpoint import CONTEXT, JPEG, RESULT, FakeEndpoint
from tests.fake_s3 import FakeS3
from tests.lambda_events import multipart_event, older_client_event, proxy_event
from workbench.places import REPOSITORY


def _handle(event: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    answer = module.handler(event, CONTEXT)
    headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], json.loads(answer["body"]), headers


def _keys(bucket: Any) -> list[str]:
    return [item.key for item in bucket.objects.all()]


@pytest.mark.parametrize("event", [older_client_event(JPEG), proxy_event(JPEG, content_type="image/jpeg")])
def test_both_wire_formats_reach_the_endpoint_and_the_store(
    event: dict[str, Any], endpoint: FakeEndpoint, bucket: Any
) -> None:
    status, body, headers = _handle(event)
    assert (status, body) == (200, json.loads(RESULT))
    assert headers["Content-Type"] == "application/json"
    assert (headers["X-Request-Id"], headers["X-Event-Stored"]) == ("request-1", "true")
    assert endpoint.requests[0].frames["frame"].body == JPEG
    assert [key.rsplit("/", 1)[1] for key in _keys(bucket)] == ["frame.jpg", "result.json"]


def test_the_plain_words_of_a_users_image_reach_client_and_log(
    endpoint: FakeEndpoint, bucket: Any, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint.failure = translated_failure(422, "no face in the frame")
    status, body, headers = _handle(older_client_event(JPEG))
    assert (status, body["error"]["message"]) == (422, "no face in the frame")
    assert "refused: no face in the frame" in caplog.text
    assert ("X-Event-Stored" in headers, _keys(bucket)) == (False, [])


def test_an_answer_that_is_no_json_keeps_its_type(endpoint: FakeEndpoint, bucket: Any) -> None:
    endpoint.answer = Inference(b"\x93NUMPY", "application/x-npy")
    answer = module.handler(older_client_event(JPEG), CONTEXT)
    assert answer["isBase64Encoded"]
    assert base64.b64decode(answer["body"]) == b"\x93NUMPY"
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/x-npy"]
    assert answer["multiValueHeaders"]["X-Event-Stored"] == ["true"]
    assert [key.rsplit("/", 1)[1] for key in _keys(bucket)] == ["answer", "frame.jpg", "result.json"]


@pytest.mark.parametrize(
    ("answer", "objects"),
    [
        (Inference(b'{"a": 1}', "application/json; charset=utf-8"), ["frame.jpg", "result.json"]),
        (Inference(b"1,2", "text/csv"), ["answer", "frame.jpg", "result.json"]),
    ],
)
def test_text_passes_as_text(endpoint: FakeEndpoint, bucket: Any, answer: Inference, objects: list[str]) -> None:
    endpoint.answer = answer
    sent = module.handler(older_client_event(JPEG), CONTEXT)
    assert not sent["isBase64Encoded"]
    assert (sent["body"].encode(), sent["multiValueHeaders"]["Content-Type"]) == (answer.body, [answer.content_type])
    assert [key.rsplit("/", 1)[1] for key in _keys(bucket)] == objects


def test_nothing_is_stored_unless_asked(
    endpoint: FakeEndpoint, bucket: Any, function_environment: pytest.MonkeyPatch
) -> None:
    function_environment.setenv("SAVE_REQUEST_EVENTS", "No")
    status, _, headers = _handle(older_client_event(JPEG))
    assert status == 200
    assert "X-Event-Stored" not in headers
    assert _keys(bucket) == []


def test_a_store_that_fails_does_not_fail_the_inference(
    endpoint: FakeEndpoint, bucket: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.delete()
    status, body, headers = _handle(older_client_event(JPEG))
    assert (status, body) == (200, json.loads(RESULT))
    assert headers["X-Event-Stored"] == "false"
    assert "EventStoreFailures" in capsys.readouterr().out


def _use(client: FakeS3, monkeypatch: pytest.MonkeyPatch, patience_seconds: float = 10) -> None:
    store = EventStore(cast(Any, client), "event-store", patience_seconds=patience_seconds)
    monkeypatch.setattr(resources, "event_store", lambda: store)


def test_the_frame_is_written_while_the_endpoint_computes(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = FakeS3(stalled=("frame.jpg",))
    _use(client, monkeypatch)

    def computes() -> None:
        client.wait_for_a_write()  # the frame's write has begun before the endpoint answered,
        assert client.objects == {}
        client.released.set()  # and the endpoint was asked before it ended

    endpoint.computes = computes
    status, _, headers = _handle(older_client_event(JPEG))
    assert (status, headers["X-Event-Stored"]) == (200, "true")
    assert client.names("put") == ["frame.jpg", "result.json"]


def test_a_store_that_stalls_does_not_hold_the_answer(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = FakeS3(stalled=("frame.jpg",))
    _use(client, monkeypatch, patience_seconds=0.1)
    status, body, headers = _handle(older_client_event(JPEG))
    client.released.set()
    assert (status, body, headers["X-Event-Stored"]) == (200, json.loads(RESULT), "false")
    assert _counted(capsys, "EventStoreFailures") == 1


def test_a_store_that_cannot_begin_does_not_fail_the_inference(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_store() -> EventStore:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(resources, "event_store", no_store)
    status, body, headers = _handle(older_client_event(JPEG))
    assert (status, body, headers["X-Event-Stored"]) == (200, json.loads(RESULT), "false")
    assert _counted(capsys, "EventStoreFailures") == 1


@pytest.mark.parametrize("failure", [EndpointUnavailableError("busy"), RuntimeError("a fault of ours")])
def test_the_frame_of_a_failed_request_is_taken_back(
    endpoint: FakeEndpoint, failure: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = FakeS3()
    _use(client, monkeypatch)
    endpoint.computes = client.wait_for_a_write
    endpoint.failure = failure
    status, body, _ = _handle(older_client_event(JPEG))
    assert (status, list(body)) == (getattr(failure, "status", 500), ["error"])
    assert (client.names("put"), client.names("delete"), client.objects) == (["frame.jpg"], ["frame.jpg"], {})
    assert _counted(capsys, "EventStoreFailures") == 0


def test_a_frame_that_cannot_be_taken_back_is_counted(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = FakeS3(failing=("delete",))
    _use(client, monkeypatch)
    endpoint.computes = client.wait_for_a_write
    endpoint.failure = EndpointUnavailableError("busy")
    status, body, _ = _handle(older_client_event(JPEG))
    assert (status, body["error"]["code"]) == (503, "EndpointUnavailable")
    assert _counted(capsys, "EventStoreFailures") == 1


@pytest.mark.processes
def test_a_write_that_s3_refuses_is_tried_again(
    endpoint: FakeEndpoint, function_environment: pytest.MonkeyPatch
) -> None:
    with _s3_that_fails_once() as (url, paths):
        function_environment.setenv("AWS_ENDPOINT_URL_S3", url)
        _, _, headers = _handle(older_client_event(JPEG))
    assert headers["X-Event-Stored"] == "true"
    assert [path.rsplit("/", 1)[1] for path in paths] == ["frame.jpg", "frame.jpg", "result.json"]


@contextmanager
def _s3_that_fails_once() -> Iterator[tuple[str, list[str]]]:
    """The URL of an S3 that answers its first request with 503, and the paths of its requests."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            paths.append(self.path)
            self.send_response(503 if len(paths) == 1 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", paths
        server.shutdown()


def _measured(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one line of metrics of a request."""
    (document,) = (json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line)
    return cast(dict[str, Any], document)


def _counted(capsys: pytest.CaptureFixture[str], name: str) -> float:
    """The printed value of a metric, under the dimension and namespace of the alarm."""
    document = _measured(capsys)
    assert document["service"] == "inference"
    counted = {
        metric["Name"]
        for written in document["_aws"]["CloudWatchMetrics"]
        if written["Namespace"] == "Test" and ["service"] in written["Dimensions"]
        for metric in written["Metrics"]
    }
    return float(document[name]) if name in counted else 0.0


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (proxy_event(None), 400, "InvalidRequest"),
        (proxy_event("{}"), 400, "InvalidRequest"),
        (proxy_event("hello"), 400, "InvalidRequest"),
        (proxy_event("hello", content_type="text/plain"), 415, "UnsupportedMediaType"),
        (proxy_event("{}", path="/other"), 404, "NotFound"),
    ],
)
def test_client_mistakes_have_the_one_error_shape(
    endpoint: FakeEndpoint, event: dict[str, Any], status: int, code: str
) -> None:
    answered, body, _ = _handle(event)
    assert answered == status
    assert body["error"]["code"] == code
    assert sorted(body["error"]) == ["code", "message", "request_id"]
    assert body["error"]["request_id"] == "request-1"


def test_an_overloaded_endpoint_says_when_to_come_back(endpoint: FakeEndpoint, bucket: Any) -> None:
    endpoint.failure = EndpointUnavailableError("busy")
    status, body, headers = _handle(older_client_event(JPEG))
    assert (status, body["error"]["code"], headers["Retry-After"]) == (503, "EndpointUnavailable", "1")
    assert _keys(bucket) == []


def test_a_failing_models_words_are_in_the_log_alone(endpoint: FakeEndpoint, caplog: pytest.LogCaptureFixture) -> None:
    endpoint.failure = translated_failure(500, "no connection to db-7")
    status, body, _ = _handle(older_client_event(JPEG))
    assert (status, body["error"]["code"]) == (502, "ModelFailed")
    assert "db-7" not in body["error"]["message"]
    assert [vars(record).get("model_said") for record in caplog.records] == ["500: no connection to db-7"]


@pytest.mark.parametrize("save", ["Yes", "No"])
def test_a_request_is_measured_stage_by_stage(
    endpoint: FakeEndpoint, function_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], save: str
) -> None:
    function_environment.setenv("SAVE_REQUEST_EVENTS", save)
    endpoint.computes = lambda: time.sleep(0.03)
    endpoint.answer = Inference(b'{"bbox_scores": [[0.9], [0.8]]}')
    _handle(proxy_event(JPEG, content_type="image/jpeg", X_Camera_Id="gate-1"))
    line = _measured(capsys)
    assert (line["Requests"], line["FrameBytes"], line["Detections"], line["ColdStart"]) == (1, len(JPEG), 2, 1)
    assert 30 <= line["EndpointLatency"] <= line["Latency"]
    assert line.get("StoreLatency", 0) <= line["Latency"] - line["EndpointLatency"]
    assert ("StoreLatency" in line) == (save == "Yes")
    assert (line["camera_id"], line["api_request_id"], line["model"]) == ("gate-1", "request-1", "yunet_n")
    assert not {"ClientErrors", "ServerErrors", "EventStoreFailures"} & set(line)
    _handle(older_client_event(JPEG))
    assert "ColdStart" not in _measured(capsys)


@pytest.mark.parametrize(
    ("failure", "metric", "code"),
    [
        (RefusedByModelError(400, "InvalidImage", "truncated"), "ClientErrors", "InvalidImage"),
        (EndpointUnavailableError("busy"), "ServerErrors", "EndpointUnavailable"),
        (RuntimeError("a fault of ours"), "ServerErrors", "InternalError"),
    ],
)
def test_a_failure_is_measured_once_by_its_code(
    endpoint: FakeEndpoint, failure: Exception, metric: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.failure = failure
    _handle(older_client_event(JPEG))
    line = _measured(capsys)
    assert (line["Requests"], line[metric], line["code"]) == (1, 1, code)
    assert {"Latency", "EndpointLatency"} <= set(line)


def test_a_body_that_cannot_be_read_is_counted_for_its_camera(
    endpoint: FakeEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    _handle(proxy_event("hello", X_Camera_Id="gate-1"))
    line = _measured(capsys)
    assert (line["camera_id"], line["code"], line["ClientErrors"]) == ("gate-1", "InvalidRequest", 1)
    assert not {"EndpointLatency", "FrameBytes"} & set(line)


def test_the_metrics_hold_nothing_of_the_frame_nor_the_result(
    endpoint: FakeEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.answer = Inference(b'{"bbox_scores": [[0.987654]], "secret": "a text"}')
    _handle(proxy_event(b"\xff\xd8\xffpixels", content_type="image/jpeg", X_Api_Key="the-key", X_Camera_Id="gate-1"))
    printed = capsys.readouterr().out
    assert "gate-1" in printed
    assert not [text for text in ("pixels", "cGl4ZWxz", "the-key", "0.987654", "a text") if text in printed]


def test_an_answer_that_lambda_would_throw_away_is_an_error_and_no_event(endpoint: FakeEndpoint, bucket: Any) -> None:
    endpoint.answer = Inference(b"\0" * 5_000_000, "application/x-npy")
    status, body, _ = _handle(older_client_event(JPEG))
    assert (status, body["error"]["code"]) == (502, "AnswerTooLarge")
    assert _keys(bucket) == []


def test_json_that_cannot_be_read_is_answered_as_it_came(endpoint: FakeEndpoint) -> None:
    endpoint.answer = Inference(b"{", "application/json")
    assert module.handler(older_client_event(JPEG), CONTEXT)["body"] == "{"


def test_a_page_may_read_the_headers_that_the_answer_explains_itself_with(endpoint: FakeEndpoint, bucket: Any) -> None:
    event = proxy_event(JPEG, content_type="image/jpeg", Origin="https://console")
    for failure in (None, EndpointUnavailableError("busy")):
        endpoint.failure = failure
        _, _, headers = _handle(event)
        assert headers["Access-Control-Allow-Origin"] == "*"
        readable = set(headers["Access-Control-Expose-Headers"].split(","))
        ids = {"X-Request-Id", "X-Client-Request-Id", "X-Original-Request-Id"}
        assert readable == {*ids, "X-Event-Stored", "Location", "Retry-After"}


def test_a_fault_of_ours_is_not_told(endpoint: FakeEndpoint, caplog: pytest.LogCaptureFixture) -> None:
    endpoint.failure = RuntimeError("secret detail")
    status, body, _ = _handle(older_client_event(JPEG))
    assert (status, body["error"]["code"]) == (500, "InternalError")
    assert "secret" not in json.dumps(body)
    assert "secret detail" in caplog.text


def test_every_error_class_has_a_status_and_a_code() -> None:
    def classes(root: type[ApiError]) -> Iterator[type[ApiError]]:
        for kind in root.__subclasses__():
            yield kind
            yield from classes(kind)

    for kind in classes(ApiError):
        assert 400 <= kind.status < 600
        assert kind.code


def test_no_frame_is_logged(endpoint: FakeEndpoint, caplog: pytest.LogCaptureFixture) -> None:
    _handle(older_client_event(b"\xff\xd8\xff" + b"pixels" * 50))
    logged = str([vars(record) for record in caplog.records])
    assert "event stored" in logged
    assert "cGl4ZWxz" not in logged
    assert "pixels" not in logged


@pytest.mark.processes
@pytest.mark.parametrize(
    ("changed", "loads_boto3"),
    [({}, False), ({"SAVE_REQUEST_EVENTS": "Yes"}, True), ({"ENDPOINT_TYPE": "async"}, True)],
)
def test_a_start_loads_what_the_settings_need(
    function_environment: pytest.MonkeyPatch, changed: dict[str, str], loads_boto3: bool
) -> None:
    function_environment.setenv("SAVE_REQUEST_EVENTS", "No")
    for name, value in changed.items():
        function_environment.setenv(name, value)
    started = subprocess.run(
        [sys.executable, "-c", "import sys, inference_api.handler; print(*sys.modules)"],
        env={**os.environ, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"},
        cwd=REPOSITORY / "lambda" / "inference",
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(started.stdout.split())
    assert ({"boto3", "botocore.session"} <= loaded) == loads_boto3
    assert ("inference_api.sagemaker.runtime_client" in loaded) == ("ENDPOINT_TYPE" not in changed)
    of_cameras = {"zoneinfo", "camera_registry.credentials", "camera_registry.hours"}
    assert not loaded & {"camera_push", "inference_api.pushes.door", "inference_api.identity.door", *of_cameras}


class _Body(str):
    """Text that a weak reference may name."""


def test_a_form_for_a_program_is_an_event_too(
    endpoint: FakeEndpoint, bucket: Any, function_environment: pytest.MonkeyPatch
) -> None:
    function_environment.setenv("APPLICATION_TYPE", "custom")
    event = multipart_event(("photo", JPEG))
    answer = module.handler(event, CONTEXT)
    assert answer["multiValueHeaders"]["X-Event-Stored"] == ["true"]
    (frame,) = (item for item in bucket.objects.all() if item.key.endswith("frame.bin"))
    assert frame.get()["Body"].read() == base64.b64decode(event["body"])


def test_the_collector_does_not_walk_what_the_first_request_loaded(endpoint: FakeEndpoint) -> None:
    module._settle.cache_clear()
    gc.unfreeze()
    try:
        _handle(older_client_event(JPEG))
        frozen = gc.get_freeze_count()
        assert frozen > 10_000
        _handle(older_client_event(JPEG))
        assert gc.get_freeze_count() <= frozen  # what later requests leave is still collected
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("fails", [True, False])
def test_a_refused_body_is_freed_with_its_answer(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Not only by the garbage collector, before which a few bodies of 6 MB would fill the function's memory."""
    monkeypatch.setattr(logging.getLogger("inference"), "propagate", False)  # pytest keeps what is logged
    event = older_client_event(JPEG) if fails else proxy_event('{"image_base64_enc": "!"}')
    event["body"] = _Body(event["body"])

    def fail() -> None:
        raise ValueError("no endpoint")

    endpoint.computes = fail
    body = weakref.ref(event["body"])
    gc.disable()
    try:
        status, _, _ = _handle(event)
        del event
        assert status == (500 if fails else 400)
        assert body() is None
    finally:
        gc.enable()
